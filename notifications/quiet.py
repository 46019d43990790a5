"""When a person may be disturbed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.schemas import Preferences

ZONE = ZoneInfo("Europe/Paris")
"""Quiet hours are said in the local time of the territory."""


def next_moment(preferences: Preferences, now: datetime, urgent: bool) -> datetime:
    """`now`, or the end of the quiet hours that `now` falls in."""
    quiet = preferences.quiet
    if quiet is None or (urgent and preferences.urgent_breaks_quiet):
        return now
    local = now.astimezone(ZONE)
    begin, end = time.fromisoformat(quiet.from_), time.fromisoformat(quiet.to)
    clock = local.time().replace(second=0, microsecond=0)
    over_midnight = begin > end
    inside = clock >= begin or clock < end if over_midnight else begin <= clock < end
    if not inside:
        return now
    day = local.date() + timedelta(days=1 if over_midnight and clock >= begin else 0)
    return datetime.combine(day, end, ZONE).astimezone(UTC)
