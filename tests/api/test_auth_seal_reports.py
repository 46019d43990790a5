"""Reports of broken seals: a place and a code, and no room for more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest

from app import announcements
from auth.announced import SealReported
from auth.models import SealReport
from tests.factories.circles import WideCircle
from tests.factories.people import FoundedNetwork, Person


def report(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "subject_kind": "message",
        "subject_id": str(uuid4()),
        "case": str(uuid4()),
        "verdict": "signature_invalid",
        **changes,
    }


def test_administrators_read_and_settle_what_was_reported(network: FoundedNetwork) -> None:
    told: list[SealReported] = []
    announcements.on_commit(SealReported, told.append)
    favre, admin = network.favre(), network.administrator
    body = report()
    assert favre.post("/seal-reports", body).status_code == 204
    assert [fact.report_id for fact in told] == [UUID(body["id"])]
    assert told[0].administrators == (admin.uuid,)
    (item,) = admin.get("/seal-reports").json["items"]
    assert item["by"] == {"id": favre.id, "name": favre.name}
    assert {name: item[name] for name in body} == body
    assert item["settled_at"] is None
    path = f"/seal-reports/{body['id']}/settlement"
    assert admin.post(path).status_code == 204
    assert admin.post(path).status_code == 204
    assert admin.get("/seal-reports").json["items"][0]["settled_at"]
    assert admin.post(f"/seal-reports/{uuid4()}/settlement").json["code"] == "report_not_found"
    traced = admin.get("/trace", action="seal:report").json["items"]
    assert [(row["subject_kind"], row["case_id"]) for row in traced] == [("message", body["case"])]


def test_a_report_sent_again_is_one_and_another_under_its_id_is_refused(
    network: FoundedNetwork,
) -> None:
    favre = network.favre()
    body = report()
    for _ in range(2):
        assert favre.post("/seal-reports", body).status_code == 204
    other = favre.post("/seal-reports", {**body, "verdict": "seal_broken"})
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    assert network.blanc().post("/seal-reports", body).json["code"] == "conflict"
    assert len(network.administrator.get("/seal-reports").json["items"]) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "Lésion suspecte du dos"},
        {"verdict": "seal broken"},
        {"verdict": "né_le_1942"},
        {"verdict": "a" * 65},
        {"verdict": "_x"},
        {"verdict": ""},
        {"subject_kind": "patient"},
        {"subject_id": "Jeanne Martin"},
        {"case": "C-7F3K2"},
        {"text": "un mot"},
        {"detail": {}},
    ],
)
def test_a_report_has_no_place_for_content(
    network: FoundedNetwork, changes: dict[str, Any]
) -> None:
    favre = network.favre()
    refused = favre.post("/seal-reports", report(**changes))
    assert (refused.status_code, refused.json["code"]) == (422, "validation_failed")
    columns = {column.name for column in SealReport.__table__.columns}
    assert columns == {
        *("id", "reporter_id", "at", "subject_kind", "subject_id", "case_id", "verdict"),
        *("settled_at", "settled_by"),
    }


def test_a_flood_of_reports_is_stopped(network: FoundedNetwork) -> None:
    favre = network.favre()
    answers = [favre.post("/seal-reports", report()).status_code for _ in range(61)]
    assert answers == [204] * 60 + [429]
    first = network.administrator.get("/seal-reports", limit=50).json
    second = network.administrator.get("/seal-reports", limit=50, cursor=first["next"]).json
    seen = {item["id"] for item in first["items"] + second["items"]}
    assert (len(seen), second["next"]) == (60, None)


def test_only_administrators_read_reports(network: FoundedNetwork) -> None:
    favre = network.favre()
    assert favre.get("/seal-reports").json["code"] == "not_permitted"
    waiting = network.waiting("nadia.roy@sallanches.test", "Nadia Roy")
    assert waiting.post("/seal-reports", report(subject_kind="policy")).status_code == 204


def test_a_stranger_writes_nothing_into_the_trace_of_a_case(wide_circle: WideCircle) -> None:
    wide_circle.prepare_overflow(wide_circle.second)
    case = wide_circle.travelling(overflow=[wide_circle.second])
    about = {"subject_kind": "case", "subject_id": case.id, "case": case.id}

    def told_by() -> set[str]:
        rows = wide_circle.favre.get(f"/cases/{case.id}/trace").json["items"]
        return {row["actor"]["name"] for row in rows if row["action"].startswith("seal:")}

    admin = wide_circle.administrator
    for person in (wide_circle.vidal, wide_circle.moret):  # no part in it; not their turn yet
        body = report(**about)
        assert person.post("/seal-reports", body).status_code == 204
        assert admin.post(f"/seal-reports/{body['id']}/settlement").status_code == 204
    assert told_by() == set()
    assert {item["case"] for item in admin.get("/seal-reports").json["items"]} == {case.id}
    assert wide_circle.blanc.post("/seal-reports", report(**about)).status_code == 204
    assert told_by() == {wide_circle.blanc.name}


def test_a_report_sent_twice_at_once_is_one(network: FoundedNetwork) -> None:
    favre = network.favre()
    again = favre.other_device()
    again.sign_in()
    body, gate = report(), Barrier(2)

    def send(person: Person) -> int:
        gate.wait(timeout=30)
        return int(person.post("/seal-reports", body).status_code)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(send, (favre, again))) == [204, 204]
    assert len(network.administrator.get("/seal-reports").json["items"]) == 1
