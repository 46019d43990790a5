"""Structures and their FINESS numbers."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.factories.care import CareCircle


def organisation(name: str, **facts: object) -> dict[str, object]:
    return {"name": name, "kind": "ehpad", "territory": "Chablais", **facts}


def test_an_administrator_keeps_the_list_that_everybody_reads(care_circle: CareCircle) -> None:
    admin, ident = care_circle.administrator, uuid4()
    body = organisation("EHPAD Les Balcons", finess="740000013")
    made = admin.put(f"/organisations/{ident}", body)
    assert made.status_code == 200, made.text
    assert admin.put(f"/organisations/{ident}", body).json == made.json
    clash = admin.put(f"/organisations/{ident}", organisation("Autre"))
    assert (clash.status_code, clash.json["code"]) == (409, "conflict")
    twin = admin.put(f"/organisations/{uuid4()}", body)
    assert (twin.status_code, twin.json["code"]) == (409, "conflict")

    changed = admin.patch(f"/organisations/{ident}", {"name": "Les Balcons", "archived": True})
    assert (changed.json["name"], changed.json["archived"]) == ("Les Balcons", True)
    (listed,) = care_circle.favre.get("/organisations").json["items"]
    assert listed == changed.json
    assert care_circle.favre.put(f"/organisations/{uuid4()}", body).status_code == 403


def test_pages_follow_by_name(care_circle: CareCircle) -> None:
    admin = care_circle.administrator
    for name in ("Cluses", "Annecy", "Thonon"):
        admin.put(f"/organisations/{uuid4()}", organisation(name))
    first = admin.get("/organisations", limit=2).json
    assert [one["name"] for one in first["items"]] == ["Annecy", "Cluses"]
    second = admin.get("/organisations", limit=2, cursor=first["next"]).json
    assert [one["name"] for one in second["items"]] == ["Thonon"]
    assert second["next"] is None


@pytest.mark.parametrize(
    "finess", ["740000014", "74000001", "7400000130", "74000001a", "²40000013"]
)
def test_a_wrong_finess_number_is_refused(care_circle: CareCircle, finess: str) -> None:
    body = organisation("EHPAD", finess=finess)
    answer = care_circle.administrator.put(f"/organisations/{uuid4()}", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")
    assert answer.json["errors"][0]["field"] == "finess"


def test_a_missing_structure_is_said_so(care_circle: CareCircle) -> None:
    answer = care_circle.administrator.patch(f"/organisations/{uuid4()}", {"name": "X"})
    assert (answer.status_code, answer.json["code"]) == (404, "organisation_not_found")


@pytest.mark.parametrize("name", ["", "   ", "a\u0000b", "deux\nlignes", "x" * 201, 7, None])
def test_a_name_is_one_visible_line(care_circle: CareCircle, name: object) -> None:
    body = {"name": name, "kind": "ehpad"}
    answer = care_circle.administrator.put(f"/organisations/{uuid4()}", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")
