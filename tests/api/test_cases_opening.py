"""Sending a case: what the server checks of what it cannot read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from protocol.contexts import account_recipient, group_recipient
from tests.factories.care import CareCircle, SealedCase
from tests.factories.people import b64

Spoil = Callable[[CareCircle, SealedCase, dict[str, Any]], None]


def test_an_opened_case_says_where_it_stands(care_circle: CareCircle) -> None:
    case = care_circle.new_case()
    answer = care_circle.favre.put(f"/cases/{case.id}", case.body("urgent"))
    assert answer.status_code == 201
    shown = answer.json
    assert shown["state"] == "submitted" and shown["generation"] == 0
    assert shown["number"].startswith("C-") and len(shown["number"]) == 8
    assert shown["pool"]["name"] == "Dermatologie du Chablais"
    assert shown["opened_by"]["name"] == "Claire Favre"
    assert shown["events"] and shown["events"][0]["t"] == "cordee1.case"
    assert shown["steps"] == ["cancel"]
    assert shown["due_at"][:10] and shown["due_at"] > shown["opened_at"]


def test_sending_again_changes_nothing(care_circle: CareCircle) -> None:
    case = care_circle.new_case()
    body = case.body()
    first = care_circle.favre.put(f"/cases/{case.id}", body)
    again = care_circle.favre.put(f"/cases/{case.id}", body)
    assert again.status_code == 201
    assert again.json["number"] == first.json["number"]
    assert len(care_circle.blanc.get("/cases").json["items"]) == 1


def test_an_id_is_not_taken_over(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    stolen = SealedCase(care_circle.net, care_circle.vidal, care_circle.pool, id=case.id)
    answer = care_circle.vidal.put(f"/cases/{case.id}", stolen.body())
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def _no_consent(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["consent"] = False


def _unsealed_header(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["header"]["sealed"] = b64(b"Madame Chappaz, 82 ans" * 10)


def _huge_header(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["header"]["sealed"] = b64(bytes([40]) + bytes(64 * 1024))


def _event_of_another_case(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["event"] = case.event(case=str(uuid4()))


def _event_by_another(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["event"] = case.event(by=circle.blanc.id)


def _event_of_another_network(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["event"] = case.event(net=str(uuid4()))


def _signature_flipped(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["event"]["s"][0]["sig"] = b64(bytes(64))


def _recipient_unsigned(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["event"] = case.event(to=sorted(case.recipients())[1:])


def _pool_left_out(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    del body["grants"][circle.pool.recipient]


def _someone_added(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    outsider = account_recipient(circle.vidal.id, 0)
    body["grants"][outsider] = body["grants"][circle.pool.recipient]
    body["event"] = case.event(to=sorted(body["grants"]))


def _old_epoch(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    grants = body["grants"]
    grants[group_recipient(circle.pool.id, 7)] = grants.pop(circle.pool.recipient)


def _short_wrap(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["grants"][circle.pool.recipient] = b64(bytes(48))


def _unknown_pool(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["pool"] = str(uuid4())


def _team_as_pool(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["pool"] = circle.team.id


def _pool_as_team(circle: CareCircle, case: SealedCase, body: dict[str, Any]) -> None:
    body["care_team"] = circle.pool.id


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        (_no_consent, 422, "validation_failed"),
        (_unsealed_header, 422, "seal_refused"),
        (_huge_header, 422, "seal_refused"),
        (_event_of_another_case, 422, "event_refused"),
        (_event_by_another, 422, "event_refused"),
        (_event_of_another_network, 422, "event_refused"),
        (_signature_flipped, 422, "event_refused"),
        (_recipient_unsigned, 422, "event_refused"),
        (_someone_added, 422, "event_refused"),
        (_pool_left_out, 409, "stale_epoch"),
        (_old_epoch, 409, "stale_epoch"),
        (_short_wrap, 422, "validation_failed"),
        (_unknown_pool, 404, "group_not_found"),
        (_team_as_pool, 404, "group_not_found"),
        (_pool_as_team, 422, "care_team_not_yours"),
    ],
)
def test_a_case_is_refused_by_name(
    care_circle: CareCircle, spoil: Spoil, status: int, code: str
) -> None:
    case = care_circle.new_case()
    body = case.body()
    spoil(care_circle, case, body)
    answer = care_circle.favre.put(f"/cases/{case.id}", body)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert care_circle.favre.get(f"/cases/{case.id}").status_code == 404


def test_an_archived_pool_takes_no_case(care_circle: CareCircle) -> None:
    answer = care_circle.administrator.patch(f"/groups/{care_circle.pool.id}", {"archived": True})
    assert answer.status_code == 200 and answer.json["archived"] is True
    case = care_circle.new_case()
    refused = care_circle.favre.put(f"/cases/{case.id}", case.body())
    assert (refused.status_code, refused.json["code"]) == (409, "pool_closed")


def test_the_stale_epoch_answer_says_which(care_circle: CareCircle) -> None:
    case = care_circle.new_case()
    body = case.body()
    del body["grants"][care_circle.pool.recipient]
    answer = care_circle.favre.put(f"/cases/{case.id}", body).json
    assert (answer["group"], answer["epoch"]) == (care_circle.pool.id, 0)


def test_announced_photos_are_shown_as_not_stored_yet(care_circle: CareCircle) -> None:
    case = care_circle.new_case()
    body = case.body()
    photo = {"id": str(uuid4()), "size": 200_000}
    body["header"]["attachments"] = [photo]
    shown = care_circle.favre.put(f"/cases/{case.id}", body).json
    assert shown["header"]["attachments"] == [{**photo, "stored": False}]

    other = care_circle.new_case()
    body = other.body()
    body["header"]["attachments"] = [photo]
    refused = care_circle.favre.put(f"/cases/{other.id}", body)
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
