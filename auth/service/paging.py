"""Cursors: where a list goes on, opaque to whoever carries them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.errors import ValidationFailed


def write_cursor(*place: object) -> str:
    """The sort key of the last row shown."""
    return base64.urlsafe_b64encode(json.dumps(place, default=str).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *kinds: Callable[[str], Any]) -> list[Any]:
    """The sort key again, each part of the kind expected. Raises ValidationFailed."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(place, list) or len(place) != len(kinds):
            raise ValueError
        if any("\x00" in str(part) for part in place):
            raise ValueError
        return [kind(str(part)) for kind, part in zip(kinds, place, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        errors = [{"field": "cursor", "message": "not a cursor of this list"}]
        raise ValidationFailed(errors=errors) from None


def row_number(text: str) -> int:
    """A whole number that a database column can hold."""
    number = int(text)
    if abs(number) >= 2**63:
        raise ValueError("beyond any row")
    return number


def instant(text: str) -> datetime:
    """An instant with its zone: a cursor comes from outside, and a naive one fits no column."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at.astimezone(UTC)
