"""Whoever a case comes to hears of it as of a new one; whoever lost it hears no more."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.conftest import MovedClock
from tests.factories.circles import TravellingCase, WideCircle
from tests.support.smtp import MailServer, html_of, text_of
from tests.support.telling import config, mails, pushes, seconds_to_morning, tell

__all__ = ["config", "mails", "pushes"]


@pytest.fixture
def told_circle(
    wide_circle: WideCircle, clock: MovedClock, mails: MailServer
) -> Iterator[WideCircle]:
    """The wide circle at ten in the morning, everything about its making already told."""
    circle = wide_circle
    tell()
    clock.advance(seconds=seconds_to_morning(clock()))
    for person in (
        circle.favre,
        circle.blanc,
        circle.maret,
        circle.roche,
        circle.moret,
        circle.vidal,
        circle.administrator,
    ):
        person.sign_in()
    tell()
    mails.take()
    yield circle


def recipients(mails: MailServer) -> list[str]:
    return sorted(str(letter["To"]) for letter in mails.take())


def opened(circle: WideCircle, mails: MailServer, **facts: object) -> TravellingCase:
    """A case whose own news has been told."""
    case = circle.travelling(**facts)
    tell()
    mails.take()
    return case


def test_a_forwarded_case_calls_the_other_pool_as_a_new_one(
    told_circle: WideCircle, mails: MailServer, clock: MovedClock
) -> None:
    circle = told_circle
    case = opened(circle, mails)
    clock.advance(minutes=10)
    case.let_in(circle.blanc, "forward", circle.second)
    tell()
    letters = mails.take()
    told = sorted(str(letter["To"]) for letter in letters)
    assert told == sorted([circle.moret.mail, circle.favre.mail, circle.maret.mail])
    for letter in letters:
        everything = letter.as_string() + text_of(letter) + html_of(letter)
        for word in ("Annecy", "Chablais", "Lésion", "Favre", "forward"):
            assert word not in everything


def test_overflow_calls_the_next_pool(
    told_circle: WideCircle, mails: MailServer, clock: MovedClock
) -> None:
    circle = told_circle
    circle.prepare_overflow(circle.second)
    case = circle.travelling(overflow=[circle.second])
    tell()
    assert recipients(mails) == sorted([circle.blanc.mail, circle.roche.mail])
    clock.advance(minutes=10)
    passed = circle.administrator.post(f"/cases/{case.id}/overflow", {"id": str(uuid4())})
    assert passed.status_code == 200
    tell()
    assert recipients(mails) == sorted([circle.moret.mail, circle.favre.mail, circle.maret.mail])


@pytest.mark.parametrize("purpose", ["second_opinion", "named_expert", "doctor"])
def test_whoever_is_brought_in_is_called(
    told_circle: WideCircle, mails: MailServer, clock: MovedClock, purpose: str
) -> None:
    circle = told_circle
    case = opened(circle, mails)
    clock.advance(minutes=10)
    group = purpose == "second_opinion"
    case.let_in(circle.favre, purpose, circle.second if group else circle.vidal)
    tell()
    assert recipients(mails) == [circle.moret.mail if group else circle.vidal.mail]


def test_a_second_opinion_is_told_to_both_sides(
    told_circle: WideCircle, mails: MailServer, clock: MovedClock
) -> None:
    circle = told_circle
    case = circle.travelling()
    case.step(circle.blanc, "claim")
    case.let_in(circle.favre, "second_opinion", circle.second)
    tell()
    mails.take()
    clock.advance(minutes=10)
    assert case.step(circle.moret, "give_second_opinion").status_code == 200
    tell()
    told = sorted([circle.favre.mail, circle.maret.mail, circle.blanc.mail])
    assert recipients(mails) == told


def test_an_expert_asked_by_name_hears_of_the_thread(
    told_circle: WideCircle, mails: MailServer, clock: MovedClock
) -> None:
    circle = told_circle
    case = circle.travelling(with_team=False)
    case.let_in(circle.favre, "named_expert", circle.vidal)
    tell()
    mails.take()
    clock.advance(minutes=10)
    case.post(circle.favre, "Voici la suite")
    clock.advance(seconds=5)
    tell()
    assert recipients(mails) == [circle.vidal.mail]


def test_whoever_was_taken_off_hears_nothing_any_more(
    told_circle: WideCircle, mails: MailServer, clock: MovedClock
) -> None:
    """Not even what was on its way to them."""
    circle = told_circle
    case = opened(circle, mails)
    clock.advance(minutes=10)
    case.let_in(circle.favre, "second_opinion", circle.second)
    case.let_in(circle.favre, "named_expert", circle.vidal)
    case.rotate(
        circle.favre, [*case.circle(), circle.vidal], purpose="take_off", target=circle.second
    )
    case.rotate(circle.favre, case.circle(), purpose="take_off", target=circle.vidal)
    tell()
    assert recipients(mails) == []
    case.post(circle.favre, "Entre nous")
    clock.advance(minutes=10)
    tell()
    assert recipients(mails) == [circle.maret.mail]


def test_a_new_key_is_no_news(
    told_circle: WideCircle, mails: MailServer, clock: MovedClock
) -> None:
    circle = told_circle
    case = opened(circle, mails)
    clock.advance(minutes=10)
    assert case.rotate(circle.favre, case.circle()).status_code == 200
    tell()
    assert recipients(mails) == []
