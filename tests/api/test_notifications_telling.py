"""Whoever must look hears of it, by mail and by push, and nobody hears what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from messaging import presence
from tests.conftest import MovedClock
from tests.factories.care import CareCircle
from tests.factories.people import Person
from tests.support.push import PushService
from tests.support.smtp import MailServer, html_of, links_in, text_of
from tests.support.telling import config, mails, pushes, seconds_to_morning, tell

__all__ = ["config", "mails", "pushes"]

GATHERED = {"seconds": 5}


@pytest.fixture
def quiet_start(
    care_circle: CareCircle, clock: MovedClock, mails: MailServer
) -> Iterator[CareCircle]:
    """The care circle with everything about its making already told, at ten in the morning."""
    tell()
    clock.advance(seconds=seconds_to_morning(clock()))
    for person in (care_circle.favre, care_circle.blanc, care_circle.maret, care_circle.roche):
        person.sign_in()
    tell()
    mails.take()
    yield care_circle


def recipients(mails: MailServer) -> list[str]:
    return sorted(str(letter["To"]) for letter in mails.take())


def test_a_new_case_calls_the_pool(quiet_start: CareCircle, mails: MailServer) -> None:
    circle = quiet_start
    case = circle.open_case()
    tell()
    letters = mails.take()
    assert sorted(str(each["To"]) for each in letters) == [circle.blanc.mail, circle.roche.mail]
    letter = letters[0]
    assert links_in(letter) == [f"http://localhost/cases/{case.id}"]
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "fr"
    assert f'href="http://localhost/cases/{case.id}"' in html_of(letter)
    everything = letter.as_string() + text_of(letter) + html_of(letter)
    for word in ("Lésion", "pigmentée", "Favre", "Claire", "ermatolog", "Chablais", "priority"):
        assert word not in everything


def test_every_step_calls_the_other_side(
    quiet_start: CareCircle, mails: MailServer, clock: MovedClock
) -> None:
    circle = quiet_start
    requesters = sorted([circle.favre.mail, circle.maret.mail])
    case = circle.open_case()
    tell()
    mails.take()
    for actor, step, told in (
        (circle.blanc, "claim", requesters),
        (circle.blanc, "request_information", requesters),
        (circle.favre, "answer_information", [circle.blanc.mail]),
        (circle.blanc, "give_opinion", requesters),
        (circle.maret, "ask_again", [circle.blanc.mail]),
        (circle.blanc, "give_opinion", requesters),
        (circle.favre, "acknowledge", []),
        (circle.favre, "close", []),
    ):
        clock.advance(minutes=10)
        assert case.step(actor, step).status_code == 200, step
        tell()
        assert recipients(mails) == told, step


def test_a_new_question_to_an_expert_who_is_gone_calls_the_pool(
    quiet_start: CareCircle, mails: MailServer
) -> None:
    circle = quiet_start
    case = circle.open_case()
    for step in ("claim", "give_opinion"):
        assert case.step(circle.blanc, step).status_code == 200
    circle.administrator.sign_in()
    assert circle.administrator.post(f"/accounts/{circle.blanc.id}/suspension").status_code == 204
    tell()
    mails.take()
    assert case.step(circle.favre, "ask_again").status_code == 200
    tell()
    assert recipients(mails) == [circle.roche.mail]


def test_a_message_reaches_the_others_once(
    quiet_start: CareCircle, mails: MailServer, clock: MovedClock
) -> None:
    circle = quiet_start
    case = circle.open_case()
    case.step(circle.blanc, "claim")
    tell()
    mails.take()
    clock.advance(minutes=10)
    clock.hold()
    for text in ("Bonjour", "une précision", "et une autre"):
        case.post(circle.favre, text)
    tell()
    assert recipients(mails) == [], "messages are gathered first"
    clock.advance(**GATHERED)
    tell()
    assert recipients(mails) == sorted([circle.blanc.mail, circle.maret.mail])
    case.post(circle.favre, "encore")
    clock.advance(**GATHERED)
    tell()
    assert recipients(mails) == [], "a moment after being told, further messages wait"
    clock.advance(minutes=2)
    tell()
    assert recipients(mails) == sorted([circle.blanc.mail, circle.maret.mail])


def test_whoever_looks_or_has_read_is_left_alone(
    quiet_start: CareCircle, mails: MailServer, clock: MovedClock
) -> None:
    circle = quiet_start
    case = circle.open_case()
    case.step(circle.blanc, "claim")
    tell()
    mails.take()
    clock.advance(minutes=10)
    sid = uuid4().hex
    presence.enter(sid, UUID(case.id), circle.blanc.uuid)
    posted = case.post(circle.favre)
    assert posted.status_code == 201
    circle.maret.put(f"/cases/{case.id}/receipts", {"read": posted.json["sequence"]})
    clock.advance(**GATHERED)
    tell()
    assert recipients(mails) == []
    presence.forget(sid)
    case.post(circle.favre)
    clock.advance(**GATHERED)
    tell()
    assert recipients(mails) == sorted([circle.blanc.mail, circle.maret.mail])


def test_a_case_claimed_meanwhile_calls_nobody_else(
    quiet_start: CareCircle, mails: MailServer
) -> None:
    case = quiet_start.open_case()
    case.step(quiet_start.blanc, "claim")
    tell()
    assert recipients(mails) == sorted([quiet_start.favre.mail, quiet_start.maret.mail])


def at_local(clock: MovedClock, hour: int, minute: int = 0) -> None:
    """Move on to the next time it is so late in France."""
    now = clock().astimezone(ZoneInfo("Europe/Paris"))
    then = now.replace(hour=hour, minute=minute, second=0)
    clock.advance(seconds=((then - now).total_seconds() - 1) % 86400 + 1)


def prefer(person: Person, **choice: object) -> None:
    defaults = {"mail": True, "push": True, "quiet": None, "urgent_breaks_quiet": True}
    answer = person.put("/account/notifications", {**defaults, **choice})
    assert answer.status_code == 200, answer.text


def test_the_night_is_quiet(quiet_start: CareCircle, mails: MailServer, clock: MovedClock) -> None:
    circle = quiet_start
    prefer(circle.blanc, quiet={"from": "22:00", "to": "07:00"})
    prefer(circle.roche, quiet={"from": "22:00", "to": "07:00"}, urgent_breaks_quiet=False)
    at_local(clock, 21, 59)
    for person in (circle.favre, circle.blanc, circle.roche):
        person.sign_in()
    tell()
    mails.take()
    clock.advance(minutes=2)
    circle.open_case("routine")
    tell()
    assert recipients(mails) == []
    circle.open_case("urgent")
    tell()
    assert recipients(mails) == [circle.blanc.mail]
    at_local(clock, 6, 59)
    tell()
    assert recipients(mails) == []
    clock.advance(minutes=2)
    tell()
    assert recipients(mails) == [circle.blanc.mail, circle.roche.mail, circle.roche.mail]


def test_everybody_chooses_their_way(
    quiet_start: CareCircle, mails: MailServer, pushes: PushService
) -> None:
    circle = quiet_start
    phone, desk = pushes.browser(), pushes.browser()
    for browser in (phone, desk):
        answer = circle.blanc.post("/account/push-subscriptions", browser.subscription)
        assert answer.status_code == 204, answer.text
    prefer(circle.blanc, mail=False)
    prefer(circle.roche, mail=False, push=False)
    case = circle.open_case("urgent")
    tell()
    assert recipients(mails) == []
    for browser in (phone, desk):
        (received,) = browser.received
        assert received.payload == {
            "web_push": 8030,
            "notification": {
                "title": "Cordée",
                "body": received.payload["notification"]["body"],
                "lang": "fr",
                "navigate": f"http://localhost/cases/{case.id}",
                "tag": case.id,
            },
        }
        assert received.headers["urgency"] == "high"
        assert received.claims["sub"].startswith("mailto:")
        public = circle.blanc.get("/network").json["vapid_key"]
        assert received.vapid_key == public


def test_a_device_that_is_gone_is_forgotten(
    quiet_start: CareCircle, pushes: PushService, clock: MovedClock
) -> None:
    circle, browser = quiet_start, pushes.browser()
    circle.blanc.post("/account/push-subscriptions", browser.subscription)
    pushes.browsers.clear()
    assert circle.blanc.post("/account/push-test").status_code == 204
    tell()
    assert pushes.calls == 1
    none = circle.blanc.post("/account/push-test")
    assert (none.status_code, none.json["code"]) == (409, "no_device")


def test_a_trial_reaches_the_device(quiet_start: CareCircle, pushes: PushService) -> None:
    circle, browser = quiet_start, pushes.browser()
    circle.favre.post("/account/push-subscriptions", browser.subscription)
    assert circle.favre.post("/account/push-test").status_code == 204
    tell()
    (received,) = browser.received
    assert received.payload["notification"]["navigate"] == "http://localhost/settings"
    gone = circle.favre.call(
        "DELETE", "/account/push-subscriptions", {"endpoint": browser.endpoint}
    )
    assert gone.status_code == 204
    assert circle.favre.post("/account/push-test").status_code == 409


def test_somebody_removed_hears_nothing_more(
    quiet_start: CareCircle, mails: MailServer, clock: MovedClock
) -> None:
    circle = quiet_start
    case = circle.open_case()
    case.step(circle.blanc, "claim")
    tell()
    mails.take()
    clock.advance(minutes=10)
    case.post(circle.favre)
    answer = circle.administrator.sign_in()
    assert answer.status_code == 200
    answer = circle.administrator.post(f"/accounts/{circle.blanc.id}/suspension")
    assert answer.status_code in (200, 204), answer.text
    clock.advance(**GATHERED)
    tell()
    assert circle.blanc.mail not in recipients(mails)
