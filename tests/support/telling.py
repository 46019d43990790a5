"""Fixtures of the tests that hear what people are told: real servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

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


def tell() -> int:
    """Let the dispatcher run once; how many deliveries it attempted."""
    return int(background.run_once("notifications"))  # type: ignore[call-overload]
