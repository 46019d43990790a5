"""The one clock. Tests move it; nothing else in the house asks the system for the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The present instant, UTC, to the millisecond (what the interface and the trace show)."""
    instant = _source() if _source else datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def use(source: Callable[[], datetime] | None) -> None:
    """Replace the source of time; None gives the system's back."""
    global _source
    _source = source
