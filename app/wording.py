"""Translation of what people read. gettext only; see docs/architecture.md for the catalogue."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext


def translate(message: str, **places: Any) -> str:
    """`message` in the language of the running request, `%(name)s` places filled."""
    return str(gettext(message, **places))
