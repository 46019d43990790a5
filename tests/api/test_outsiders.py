"""Every address of a case or of its files, tried by people it does not concern."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories.care import CareCircle, SealedCase
from tests.factories.circles import TravellingCase
from tests.factories.people import Person
from tests.support.tus import BYTES, VERSION, SealedBlob, create, store, tus

Try = Callable[[Person, "Place"], TestResponse]


class Place:
    """A case with one stored file, or the same ids standing for nothing."""

    def __init__(self, case: SealedCase, file: str, upload: str) -> None:
        self.case, self.file, self.upload = case, file, upload

    @classmethod
    def real(cls, circle: CareCircle) -> Place:
        case, blob = circle.open_case(), SealedBlob(1000)
        location = store(circle.favre, case, blob)
        return cls(case, blob.id, location.rsplit("/", 1)[1])

    @classmethod
    def missing(cls, circle: CareCircle) -> Place:
        return cls(circle.new_case(), str(uuid4()), str(uuid4()))


def _post(person: Person, place: Place) -> TestResponse:
    return place.case.post(person, "Je passe par là")


def _claim(person: Person, place: Place) -> TestResponse:
    return place.case.step(person, "claim")


def _create(person: Person, place: Place) -> TestResponse:
    blob = SealedBlob(1000, id=place.file)
    return create(person, place.case, blob)


def _append(person: Person, place: Place) -> TestResponse:
    headers = {**BYTES, "Upload-Offset": "0"}
    return tus(person, "PATCH", f"/uploads/{place.upload}", b"x" * 1000, **headers)


def _tus(method: str, **headers: str) -> Try:
    return lambda person, place: tus(
        person, method, f"/uploads/{place.upload}", **{**VERSION, **headers}
    )


def _get(path: str) -> Try:
    return lambda person, place: person.get(path.format(place=place))


def _receipt(person: Person, place: Place) -> TestResponse:
    return person.put(f"/cases/{place.case.id}/receipts", {"read": 0})


def _event(person: Person, place: Place) -> TestResponse:
    """Take the key of the case for oneself."""
    known = place.case
    case = TravellingCase(known.net, person, known.pool, known.team, known.id, known.key)
    case.chain = [known.event()]
    return person.post(f"/cases/{case.id}/events", case.grant(person, "named_expert", person))


def _overflow(person: Person, place: Place) -> TestResponse:
    return person.post(f"/cases/{place.case.id}/overflow", {"id": str(uuid4())})


DOORS: dict[tuple[str, str], Try] = {
    ("GET", "/cases/<case_id>"): _get("/cases/{place.case.id}"),
    ("GET", "/cases/<case_id>/messages"): _get("/cases/{place.case.id}/messages"),
    ("PUT", "/cases/<case_id>/messages/<message_id>"): _post,
    ("PUT", "/cases/<case_id>/steps/<step_id>"): _claim,
    ("POST", "/cases/<case_id>/events"): _event,
    ("POST", "/cases/<case_id>/overflow"): _overflow,
    ("PUT", "/cases/<case_id>/receipts"): _receipt,
    ("GET", "/cases/<case_id>/trace"): _get("/cases/{place.case.id}/trace"),
    ("GET", "/cases/<case_id>/trace-export"): _get("/cases/{place.case.id}/trace-export"),
    ("GET", "/cases/<case_id>/attachments"): _get("/cases/{place.case.id}/attachments"),
    ("GET", "/attachments/<attachment_id>"): _get("/attachments/{place.file}"),
    ("POST", "/uploads"): _create,
    ("HEAD", "/uploads/<upload_id>"): _tus("HEAD"),
    ("PATCH", "/uploads/<upload_id>"): _append,
    ("DELETE", "/uploads/<upload_id>"): _tus("DELETE"),
    ("POST", "/uploads/<upload_id>"): _tus("POST", **{"X-HTTP-Method-Override": "DELETE"}),
}
EXPORT = ("GET", "/cases/<case_id>/trace-export")
OFFICE = {("POST", "/cases/<case_id>/overflow"), EXPORT}
"""What an administrator may do to a case without reading it; others are told no more of the export
than that it is an administrator's."""
ELSEWHERE = {("PUT", "/cases/<case_id>")}
"""Opening a case names one that does not exist yet: see test_cases_opening.py."""


def test_every_door_of_a_case_is_tried_here(app: Flask) -> None:
    served = set()
    for rule in app.url_map.iter_rules():
        methods = set(rule.methods or ()) - {"OPTIONS"}
        path = re.sub(r"<\w+:", "<", rule.rule.removeprefix("/api/v1"))
        if re.match(r"/(cases/<|attachments/<|uploads)", path):
            served |= {(method, path) for method in methods - ({"HEAD"} & _with_get(methods))}
    assert served == DOORS.keys() | ELSEWHERE


def _with_get(methods: set[str]) -> set[str]:
    """HEAD comes with every GET and needs no row of its own."""
    return {"HEAD"} if "GET" in methods else set()


@pytest.mark.parametrize("role", ["outsider", "administrator"])
def test_to_outsiders_a_case_and_nothing_are_the_same(care_circle: CareCircle, role: str) -> None:
    person = care_circle.person(role)
    real, missing = Place.real(care_circle), Place.missing(care_circle)
    for door, attempt in DOORS.items():
        if role == "administrator" and door in OFFICE:
            continue
        answers = [_shown(attempt(person, place)) for place in (real, missing)]
        assert answers[0] == answers[1], door
        assert answers[0][0] == (403 if door == EXPORT else 404), door
    still = care_circle.favre.get(f"/cases/{real.case.id}").json
    assert still["state"] == "submitted"
    assert care_circle.favre.get(f"/attachments/{real.file}").status_code == 200


def test_without_a_session_nothing_is_said(app: Flask, care_circle: CareCircle) -> None:
    nobody = Person(app, care_circle.net, "personne@ailleurs.test", "Personne")
    real, missing = Place.real(care_circle), Place.missing(care_circle)
    for door, attempt in DOORS.items():
        for place in (real, missing):
            assert attempt(nobody, place).status_code == 401, door


def _shown(answer: TestResponse) -> tuple[int, Any, list[str]]:
    """What the person can tell apart: status, body, names of headers."""
    return answer.status_code, answer.get_data(), sorted(name for name, _ in answer.headers)
