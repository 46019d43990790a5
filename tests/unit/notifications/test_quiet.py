"""Quiet hours, in the local time of the territory, over midnight and over the change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.quiet import next_moment
from notifications.schemas import Preferences

PARIS = ZoneInfo("Europe/Paris")


def quiet(begin: str, end: str, urgent_breaks: bool = True) -> Preferences:
    return Preferences.model_validate(
        {"quiet": {"from": begin, "to": end}, "urgent_breaks_quiet": urgent_breaks}
    )


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("begin", "end", "now", "then"),
    [
        ("22:00", "07:00", "2026-03-10T21:59", "2026-03-10T21:59"),
        ("22:00", "07:00", "2026-03-10T22:00", "2026-03-11T07:00"),
        ("22:00", "07:00", "2026-03-10T23:59", "2026-03-11T07:00"),
        ("22:00", "07:00", "2026-03-11T00:00", "2026-03-11T07:00"),
        ("22:00", "07:00", "2026-03-11T06:59", "2026-03-11T07:00"),
        ("22:00", "07:00", "2026-03-11T07:00", "2026-03-11T07:00"),
        ("12:00", "14:00", "2026-03-11T13:00", "2026-03-11T14:00"),
        ("12:00", "14:00", "2026-03-11T14:00", "2026-03-11T14:00"),
        # The night of 29 March 2026 lacks an hour, that of 25 October has one more.
        ("22:00", "07:00", "2026-03-28T23:00", "2026-03-29T07:00"),
        ("22:00", "07:00", "2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_the_quiet_ends_when_it_says(begin: str, end: str, now: str, then: str) -> None:
    assert next_moment(quiet(begin, end), local(now), urgent=False) == local(then)


def test_urgency_breaks_it_unless_one_says_no() -> None:
    night = local("2026-03-10T23:00").astimezone(UTC)
    assert next_moment(quiet("22:00", "07:00"), night, urgent=True) == night
    assert next_moment(quiet("22:00", "07:00", False), night, urgent=True) > night


times = st.times(min_value=datetime.min.time()).map(lambda t: f"{t:%H:%M}")


@given(begin=times, end=times, now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_the_moment_is_never_past_nor_quiet_nor_a_day_away(
    begin: str, end: str, now: datetime
) -> None:
    if begin == end:
        return
    instant = now.replace(tzinfo=UTC)
    choice = quiet(begin, end)
    moment = next_moment(choice, instant, urgent=False)
    assert instant <= moment <= instant + timedelta(hours=25)
    assert next_moment(choice, moment, urgent=False) == moment
