"""Only the circle of a case knows that it exists."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.factories.care import CareCircle


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("requester", 200),
        ("nurse", 200),
        ("expert", 200),
        ("colleague", 200),
        ("outsider", 404),
        ("administrator", 404),
    ],
)
def test_who_reads_a_case(care_circle: CareCircle, role: str, status: int) -> None:
    case = care_circle.open_case()
    person = care_circle.person(role)
    assert person.get(f"/cases/{case.id}").status_code == status
    assert person.get(f"/cases/{case.id}/messages").status_code == status
    assert person.get(f"/cases/{case.id}/trace").status_code == status
    assert case.post(person).status_code == (201 if status == 200 else 404)
    receipt = person.put(f"/cases/{case.id}/receipts", {"read": 1})
    assert receipt.status_code == status


def test_a_forbidden_case_looks_like_a_missing_one(care_circle: CareCircle) -> None:
    case, nothing = care_circle.open_case(), uuid4()
    forbidden = care_circle.vidal.get(f"/cases/{case.id}")
    missing = care_circle.vidal.get(f"/cases/{nothing}")
    assert (forbidden.status_code, forbidden.json) == (missing.status_code, missing.json)
    assert forbidden.json["code"] == "case_not_found"


@pytest.mark.parametrize("step", ["claim", "give_opinion", "cancel", "refuse", "ask_again"])
def test_an_outsider_takes_no_step(care_circle: CareCircle, step: str) -> None:
    case = care_circle.open_case()
    answer = case.step(care_circle.vidal, step)
    assert (answer.status_code, answer.json["code"]) == (404, "case_not_found")


def test_a_denial_stands_in_the_trace(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    care_circle.vidal.get(f"/cases/{case.id}")
    case.post(care_circle.vidal)
    rows = care_circle.favre.get(f"/cases/{case.id}/trace").json["items"]
    denied = [row for row in rows if row["action"] == "case:deny"]
    assert [row["actor"]["name"] for row in denied] == ["Paul Vidal", "Paul Vidal"]
    assert {row["result"] for row in denied} == {"denied"}


def test_nobody_sees_a_case_of_another_team_in_the_inbox(care_circle: CareCircle) -> None:
    care_circle.open_case()
    for role in ("outsider", "administrator"):
        inbox = care_circle.person(role).get("/cases").json
        assert inbox["items"] == []
        assert inbox["counts"] == {"unclaimed": 0, "mine": 0, "waiting": 0, "done": 0}


def test_the_team_is_shut_out_of_a_case_opened_without_it(care_circle: CareCircle) -> None:
    case = care_circle.open_case(with_team=False)
    assert care_circle.maret.get(f"/cases/{case.id}").status_code == 404
    assert care_circle.favre.get(f"/cases/{case.id}").status_code == 200


def test_each_reader_gets_the_keys_they_can_open_and_no_other(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    for role, groups in (("expert", {"pool"}), ("nurse", {"team"}), ("requester", {"team", "own"})):
        answer = care_circle.person(role).get(f"/cases/{case.id}").json
        named = {
            "pool": care_circle.pool.recipient,
            "team": care_circle.team.recipient,
            "own": f"account:{care_circle.favre.id}@0",
        }
        recipients = {grant["recipient"] for grant in answer["grants"]}
        assert recipients == {named[group] for group in groups}
