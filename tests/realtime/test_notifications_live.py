"""The dispatcher inside the served application: mail and push while the event loop runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.factories.care import CareCircle
from tests.factories.people import FoundedNetwork
from tests.realtime.conftest import Connect
from tests.support.live import go_live
from tests.support.push import PushService
from tests.support.serving import ServedApp
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
def circle(
    app: Flask, database_url: str, tmp_path: Path, mails: MailServer, pushes: PushService
) -> Iterator[CareCircle]:
    made = CareCircle(FoundedNetwork(app))
    served = ServedApp(
        tmp_path / "instance",
        database_url,
        CORDEE_SMTP_URL=mails.url,
        CORDEE_PUSH_LOOPBACK="1",
    )
    everybody = (made.favre, made.maret, made.blanc, made.roche)
    for person in everybody:
        go_live(person, served.url)
    # Invited and certified: what is told of it later would be taken for news.
    until(lambda: all(len(mails.to(person.mail)) >= 2 for person in everybody))
    mails.take()
    yield made
    served.stop()


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait for it; fail if it never comes."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_specialist_is_called_and_the_one_who_looks_is_not(
    circle: CareCircle, mails: MailServer, pushes: PushService, connect: Connect
) -> None:
    browser = pushes.browser()
    subscribed = circle.blanc.post("/account/push-subscriptions", browser.subscription)
    assert subscribed.status_code == 204, subscribed.text
    began = time.monotonic()
    case = circle.open_case("urgent")
    until(lambda: browser.received)
    until(lambda: mails.to(circle.blanc.mail) and mails.to(circle.roche.mail))
    assert time.monotonic() - began < 30, "told at once, not with the minute"
    assert browser.received[0].payload["notification"]["navigate"].endswith(f"/cases/{case.id}")
    case.step(circle.blanc, "claim")
    until(lambda: mails.to(circle.favre.mail) and mails.to(circle.maret.mail))
    mails.take()
    browser.received.clear()
    device = connect(circle.blanc)
    assert device.call("case:join", case=case.id)["code"] == "ok"
    assert case.post(circle.favre, "Regardez ceci").status_code == 201
    until(lambda: mails.to(circle.maret.mail))
    assert mails.to(circle.blanc.mail) == []
    assert browser.received == []
