"""An expert on leave has a delegate, who may take over what was left open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app import clock as house_clock
from protocol.encoding import utc_time
from tests.conftest import MovedClock
from tests.factories.care import SealedCase
from tests.factories.circles import WideCircle
from tests.factories.people import Person


def go_away(person: Person, delegate: Person, days: float = 7, begins: float = 0) -> None:
    now = house_clock.now()
    body = {
        "from": utc_time(now + timedelta(days=begins)),
        "until": utc_time(now + timedelta(days=begins + days)),
        "delegate": delegate.id,
    }
    answer = person.put("/account/leave", body)
    assert answer.status_code == 200, answer.text


def claimed(circle: WideCircle) -> SealedCase:
    case = circle.open_case()
    assert case.step(circle.blanc, "claim").status_code == 200
    return case


def unclaimed(person: Person) -> list[str]:
    page = person.get("/cases", box="unclaimed", role="expert").json
    assert page["counts"]["unclaimed"] == len(page["items"])
    return [row["id"] for row in page["items"]]


def test_the_delegate_takes_over_and_answers(wide_circle: WideCircle) -> None:
    circle, case = wide_circle, claimed(wide_circle)
    before = circle.roche.get(f"/cases/{case.id}").json
    assert "take_over" not in before["steps"]
    early = case.step(circle.roche, "take_over")
    assert (early.status_code, early.json["code"]) == (409, "step_not_allowed")

    assert unclaimed(circle.roche) == []
    go_away(circle.blanc, circle.roche)
    assert unclaimed(circle.roche) == [case.id]
    shown = circle.roche.get(f"/cases/{case.id}").json
    assert shown["steps"] == ["take_over"]
    assert circle.roche.get("/cases").json["items"][0]["steps"] == ["take_over"]
    taken = case.step(circle.roche, "take_over")
    assert taken.status_code == 200, taken.text
    assert (taken.json["state"], taken.json["case"]["expert"]["id"]) == (
        "claimed",
        circle.roche.id,
    )
    assert case.step(circle.roche, "give_opinion").json["state"] == "opinion_given"
    assert case.step(circle.blanc, "amend_opinion").json["code"] == "step_not_allowed"
    rows = circle.favre.get(f"/cases/{case.id}/trace").json["items"]
    assert "case:take_over" in {row["action"] for row in rows}


@pytest.mark.parametrize("state", ["request_information", "give_opinion"])
def test_the_case_stays_where_it_is(wide_circle: WideCircle, state: str) -> None:
    circle, case = wide_circle, claimed(wide_circle)
    before = case.step(circle.blanc, state).json["state"]
    go_away(circle.blanc, circle.roche)
    assert case.step(circle.roche, "take_over").json["state"] == before


def test_only_the_delegate_and_only_during_the_leave(
    wide_circle: WideCircle, clock: MovedClock
) -> None:
    circle, case = wide_circle, claimed(wide_circle)
    go_away(circle.blanc, circle.roche, days=7, begins=1)
    for person in (circle.roche, circle.favre, circle.maret):
        assert case.step(person, "take_over").json["code"] == "step_not_allowed"
    for person in (circle.moret, circle.vidal):
        assert case.step(person, "take_over").status_code == 404
    clock.advance(days=2)
    for person in (circle.roche, circle.favre):
        person.sign_in()
    assert case.step(circle.favre, "take_over").json["code"] == "step_not_allowed"
    assert "take_over" in circle.roche.get(f"/cases/{case.id}").json["steps"]
    clock.advance(days=7)
    circle.roche.sign_in()
    assert case.step(circle.roche, "take_over").json["code"] == "step_not_allowed"


def test_a_delegate_outside_the_pool_takes_nothing(wide_circle: WideCircle) -> None:
    """They share another group with the expert, not the one whose case it is."""
    circle = wide_circle
    case = claimed(circle)
    circle.second.state(
        circle.administrator,
        [circle.moret, circle.blanc],
        [circle.administrator],
        granted=[circle.blanc],
    )
    go_away(circle.blanc, circle.moret)
    assert case.step(circle.moret, "take_over").status_code == 404


def end_the_stay(circle: WideCircle, clock: MovedClock) -> None:
    until = {circle.blanc.id: utc_time(house_clock.now() + timedelta(minutes=30))}
    experts = [circle.blanc, circle.roche]
    answer = circle.pool.state(circle.administrator, experts, [circle.administrator], until=until)
    assert answer.status_code == 201, answer.text
    clock.advance(minutes=31)


def be_removed(circle: WideCircle, _clock: MovedClock) -> None:
    circle.remove(circle.pool, [circle.roche])


def be_suspended(circle: WideCircle, _clock: MovedClock) -> None:
    answer = circle.administrator.post(f"/accounts/{circle.blanc.id}/suspension")
    assert answer.status_code == 204, answer.text


GOING = pytest.mark.parametrize("go", [end_the_stay, be_removed, be_suspended])
Going = Callable[[WideCircle, MovedClock], None]


@GOING
@pytest.mark.parametrize("step", ["claim", "request_information", "give_opinion"])
def test_any_colleague_takes_over_from_an_expert_who_is_gone(
    wide_circle: WideCircle, clock: MovedClock, step: str, go: Going
) -> None:
    circle, case = wide_circle, claimed(wide_circle)
    if step != "claim":
        case.step(circle.blanc, step)
    assert "take_over" not in circle.roche.get("/cases").json["items"][0]["steps"]
    assert unclaimed(circle.roche) == []
    go(circle, clock)
    assert unclaimed(circle.roche) == ([case.id] if step == "claim" else [])
    for shown in (
        circle.roche.get("/cases").json["items"][0],
        circle.roche.get(f"/cases/{case.id}").json,
    ):
        assert shown["steps"] == ["take_over"]
    assert case.step(circle.favre, "take_over").json["code"] == "step_not_allowed"
    taken = case.step(circle.roche, "take_over")
    assert taken.status_code == 200, taken.text
    assert taken.json["state"] == shown["state"]
    assert taken.json["case"]["expert"]["id"] == circle.roche.id
    assert "take_over" not in taken.json["case"]["steps"]
    assert unclaimed(circle.roche) == []


@GOING
def test_a_new_question_to_an_expert_who_is_gone_waits_for_the_pool(
    wide_circle: WideCircle, clock: MovedClock, go: Going
) -> None:
    circle, case = wide_circle, wide_circle.travelling()
    for person, step in ((circle.blanc, "claim"), (circle.blanc, "give_opinion")):
        assert case.step(person, step).status_code == 200
    go(circle, clock)
    case.rotate(circle.favre, case.circle())
    asked = case.step(circle.favre, "ask_again")
    assert asked.status_code == 200, asked.text
    assert (asked.json["state"], asked.json["case"]["expert"]) == ("submitted", None)
    assert circle.roche.get("/cases", box="unclaimed").json["items"][0]["id"] == case.id
    assert case.step(circle.roche, "claim").status_code == 200
