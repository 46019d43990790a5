"""The states of a case: what is possible, and what is refused by name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import uuid4

import pytest

from tests.conftest import MovedClock
from tests.factories.care import CareCircle, SealedCase

PATHS = {
    "submitted": [],
    "claimed": [("expert", "claim")],
    "information_requested": [("expert", "claim"), ("expert", "request_information")],
    "answered": [
        ("expert", "claim"),
        ("expert", "request_information"),
        ("nurse", "answer_information"),
    ],
    "opinion_given": [("expert", "claim"), ("expert", "give_opinion")],
    "acknowledged": [
        ("expert", "claim"),
        ("expert", "give_opinion"),
        ("requester", "acknowledge"),
    ],
    "closed": [
        ("expert", "claim"),
        ("expert", "give_opinion"),
        ("requester", "acknowledge"),
        ("expert", "close"),
    ],
    "refused": [("expert", "refuse")],
    "cancelled": [("requester", "cancel")],
}


def in_state(circle: CareCircle, state: str) -> SealedCase:
    case = circle.open_case()
    for role, step in PATHS[state]:
        answer = case.step(circle.person(role), step)
        assert answer.status_code == 200, answer.text
    assert circle.favre.get(f"/cases/{case.id}").json["state"] == state
    return case


ALLOWED = {
    "submitted": {"expert": {"claim", "refuse"}, "requester": {"cancel"}},
    "claimed": {
        "expert": {"release", "request_information", "give_opinion", "refuse"},
        "requester": {"cancel"},
    },
    "information_requested": {
        "expert": {"release", "give_opinion", "refuse"},
        "requester": {"answer_information", "cancel"},
    },
    "answered": {
        "expert": {"release", "request_information", "give_opinion", "refuse"},
        "requester": {"cancel"},
    },
    "opinion_given": {"expert": {"amend_opinion"}, "requester": {"acknowledge", "ask_again"}},
    "acknowledged": {"expert": {"amend_opinion", "close"}, "requester": {"close", "ask_again"}},
    "closed": {"expert": {"amend_opinion"}, "requester": {"ask_again"}},
    "refused": {"expert": set(), "requester": set()},
    "cancelled": {"expert": set(), "requester": set()},
}
STEPS = (
    "claim",
    "release",
    "request_information",
    "answer_information",
    "give_opinion",
    "amend_opinion",
    "acknowledge",
    "close",
    "refuse",
    "cancel",
    "ask_again",
)


@pytest.mark.parametrize("state", list(PATHS))
def test_every_step_of_every_state(care_circle: CareCircle, state: str) -> None:
    """The steps offered are those allowed, and every other one is refused by name."""
    case = in_state(care_circle, state)
    for role, allowed in ALLOWED[state].items():
        person = care_circle.person(role)
        assert set(person.get(f"/cases/{case.id}").json["steps"]) == allowed
        for step in STEPS:
            if step in allowed:
                continue
            answer = case.step(person, step)
            assert answer.status_code == 409, (state, role, step)
            assert answer.json["code"] == "step_not_allowed"
            assert (answer.json["state"], answer.json["step"]) == (state, step)


def test_a_colleague_does_not_act_for_the_expert(care_circle: CareCircle) -> None:
    case = in_state(care_circle, "claimed")
    for step in ("release", "request_information", "give_opinion", "refuse"):
        assert case.step(care_circle.roche, step).json["code"] == "step_not_allowed"


def test_the_second_to_claim_is_told_who_was_first(care_circle: CareCircle) -> None:
    case = in_state(care_circle, "claimed")
    answer = case.step(care_circle.roche, "claim")
    assert (answer.status_code, answer.json["code"]) == (409, "already_claimed")
    assert answer.json["expert"] == {"id": care_circle.blanc.id, "name": "Hugo Blanc"}
    assert "Hugo Blanc" in answer.json["detail"]


def test_of_two_who_claim_at_once_one_wins(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    experts = [care_circle.blanc, care_circle.roche] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda expert: case.step(expert, "claim"), experts))
    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    winner = won[0].json["case"]["expert"]["id"]
    codes = {
        answer.json["code"]
        for answer, expert in zip(answers, experts, strict=True)
        if answer.status_code != 200 and expert.id != winner
    }
    assert codes == {"already_claimed"}


def test_a_step_sent_again_is_taken_once(care_circle: CareCircle) -> None:
    case = in_state(care_circle, "claimed")
    path = f"/cases/{case.id}/steps/{uuid4()}"
    body = {
        "step": "give_opinion",
        "message": case.message(care_circle.blanc, "Naevus bénin", "opinion"),
    }
    first = care_circle.blanc.put(path, body)
    again = care_circle.blanc.put(path, body)
    assert first.json["sequence"] == again.json["sequence"] == 1
    assert again.status_code == 200
    other = care_circle.blanc.put(path, {"step": "release"})
    assert (other.status_code, other.json["code"]) == (409, "conflict")


def test_words_go_with_the_steps_that_need_them(care_circle: CareCircle) -> None:
    case = in_state(care_circle, "claimed")
    path = f"/cases/{case.id}/steps/{uuid4()}"
    silent = care_circle.blanc.put(path, {"step": "give_opinion"})
    assert (silent.json["code"], silent.json["kind"]) == ("message_missing", "opinion")
    text = case.message(care_circle.blanc, "Bénin", "text")
    wrong = care_circle.blanc.put(path, {"step": "give_opinion", "message": text})
    assert wrong.json["code"] == "message_unexpected"
    spoken = case.message(care_circle.blanc, "Je laisse", "text")
    needless = care_circle.blanc.put(path, {"step": "release", "message": spoken})
    assert needless.json["code"] == "message_unexpected"


def test_an_opinion_is_no_plain_message(care_circle: CareCircle) -> None:
    case = in_state(care_circle, "claimed")
    answer = case.post(care_circle.blanc, "Bénin", kind="opinion")
    assert (answer.status_code, answer.json["code"]) == (422, "message_unexpected")


def test_words_sealed_under_an_old_key_take_no_step(care_circle: CareCircle) -> None:
    case = in_state(care_circle, "claimed")
    message = case.message(care_circle.blanc, "Bénin", "opinion", generation=3)
    path = f"/cases/{case.id}/steps/{uuid4()}"
    answer = care_circle.blanc.put(path, {"step": "give_opinion", "message": message})
    assert (answer.json["code"], answer.json["generation"]) == ("stale_generation", 0)


def test_an_amended_opinion_is_to_be_acknowledged_again(care_circle: CareCircle) -> None:
    case = in_state(care_circle, "closed")
    assert case.step(care_circle.blanc, "amend_opinion").json["state"] == "opinion_given"
    assert case.step(care_circle.maret, "acknowledge").json["state"] == "acknowledged"
    thread = care_circle.favre.get(f"/cases/{case.id}/messages").json["items"]
    assert [message["kind"] for message in thread] == ["opinion", "opinion"]


def test_a_new_question_returns_to_the_same_expert(
    care_circle: CareCircle, clock: MovedClock
) -> None:
    case = in_state(care_circle, "closed")
    before = care_circle.favre.get(f"/cases/{case.id}").json
    clock.advance(days=3)
    care_circle.favre.sign_in()
    answer = case.step(care_circle.favre, "ask_again").json["case"]
    assert answer["state"] == "claimed"
    assert answer["expert"]["id"] == care_circle.blanc.id
    assert answer["due_at"] > before["due_at"]
    assert answer["closed_at"] is None


def test_a_released_case_is_free_again(care_circle: CareCircle) -> None:
    case = in_state(care_circle, "claimed")
    assert case.step(care_circle.blanc, "release", release_reason="absent").status_code == 200
    shown = care_circle.roche.get(f"/cases/{case.id}").json
    assert shown["state"] == "submitted" and shown["expert"] is None
    assert case.step(care_circle.roche, "claim").status_code == 200
    words = case.step(care_circle.roche, "release", release_reason="La patiente est partie")
    assert words.json["code"] == "validation_failed"


def test_no_words_after_the_end(care_circle: CareCircle) -> None:
    case = in_state(care_circle, "cancelled")
    answer = case.post(care_circle.favre)
    assert (answer.status_code, answer.json["code"]) == (409, "case_settled")


def test_the_pool_learns_its_usual_delay(care_circle: CareCircle, clock: MovedClock) -> None:
    case = in_state(care_circle, "claimed")
    clock.advance(minutes=42)
    case.step(care_circle.blanc, "give_opinion")
    pool = care_circle.favre.get(f"/groups/{care_circle.pool.id}").json
    assert pool["median_answer_minutes"] == 42
    shown = care_circle.favre.get(f"/cases/{case.id}").json
    assert datetime.fromisoformat(shown["answered_at"]) > datetime.fromisoformat(shown["opened_at"])


def test_a_refused_step_stands_in_the_trace(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    case.step(care_circle.favre, "close")
    rows = care_circle.favre.get(f"/cases/{case.id}/trace").json["items"]
    refused = [row for row in rows if row["action"] == "case:step_refused"]
    assert refused[0]["detail"] == {"step": "close", "state": "submitted"}
    assert refused[0]["result"] == "refused"
