"""Fixtures of the tests that hear what people are told: real servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import background
from app.config import Config
from tests.support.push import PushService
from tests.support.smtp import MailServer


@pytest.fixture
def mails() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def pushes() -> Iterator[PushService]:
    service = PushService()
    yield service
    service.stop()


@pytest.fixture
def config(config: Config, mails: MailServer) -> Config:
    return replace(config, smtp_url=mails.url, push_loopback=True)


def seconds_to_morning(now: datetime) -> float:
    """Until ten o'clock in France, tomorrow or on the first day whose next nights are as long as
    any: twice a year one is an hour longer or shorter, and tests count in hours."""
    day = now.astimezone(ZoneInfo("Europe/Paris")) + timedelta(days=1)
    while day.utcoffset() != (day + timedelta(days=4)).utcoffset():
        day += timedelta(days=1)
    morning = day.replace(hour=10, minute=0)
    return (morning.astimezone(UTC) - now).total_seconds()


def tell() -> int:
    """Let the dispatcher run once; how many deliveries it attempted."""
    return int(background.run_once("notifications"))  # type: ignore[call-overload]
