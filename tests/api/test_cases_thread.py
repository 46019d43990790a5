"""The thread: order, resends, generations, sizes, receipts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from sqlalchemy import select

from app.db import database
from client.crypto import seal
from messaging.models import Case, Message
from tests.factories.care import CareCircle
from tests.factories.people import b64


def test_messages_take_their_place_one_after_the_other(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    authors = [care_circle.favre, care_circle.blanc, care_circle.maret, care_circle.roche] * 5
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(case.post, authors))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json["sequence"] for answer in answers) == list(range(1, 21))
    assert care_circle.favre.get(f"/cases/{case.id}").json["last_sequence"] == 20


def test_a_resend_is_answered_as_the_first_time(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    message = case.message(care_circle.favre)
    path = f"/cases/{case.id}/messages/{message.pop('id')}"
    first = care_circle.favre.put(path, message)
    again = care_circle.favre.put(path, message)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json


def test_resends_at_the_same_moment_are_one_message(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    message = case.message(care_circle.favre)
    path = f"/cases/{case.id}/messages/{message.pop('id')}"
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: care_circle.favre.put(path, message), range(6)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert {answer.json["sequence"] for answer in answers} == {1}
    with database().sessions() as session:
        assert len(session.scalars(select(Message)).all()) == 1


def test_an_id_carries_one_message_only(care_circle: CareCircle) -> None:
    case, other = care_circle.open_case(), care_circle.open_case()
    message = case.message(care_circle.favre)
    ident = message.pop("id")
    assert care_circle.favre.put(f"/cases/{case.id}/messages/{ident}", message).status_code == 201
    changed = {**message, "sealed": b64(case.sealed(care_circle.favre, "Non", "text", ident))}
    elsewhere = f"/cases/{other.id}/messages/{ident}"
    for answer in (
        care_circle.favre.put(f"/cases/{case.id}/messages/{ident}", changed),
        care_circle.favre.put(elsewhere, message),
        care_circle.blanc.put(f"/cases/{case.id}/messages/{ident}", message),
    ):
        assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_a_key_of_another_generation_is_refused(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    answer = case.post(care_circle.favre, generation=1)
    assert (answer.status_code, answer.json["code"]) == (409, "stale_generation")
    assert answer.json["generation"] == 0


def test_a_rotation_between_check_and_commit_is_caught(care_circle: CareCircle) -> None:
    """The update that takes the sequence asks again: no message slips under an old key."""
    from messaging.schemas import MessageBody
    from messaging.service import thread
    from messaging.service.access import ThreadPlace

    case = care_circle.open_case()
    message = case.message(care_circle.favre)
    ident = message.pop("id")
    before = thread.check_postable
    try:

        def rotate_meanwhile(found: ThreadPlace, body: MessageBody) -> None:
            before(found, body)
            with database().sessions() as session:
                session.execute(Case.__table__.update().values(generation=1))
                session.commit()

        if database().sqlite:
            thread.check_postable = rotate_meanwhile
            answer = care_circle.favre.put(f"/cases/{case.id}/messages/{ident}", message)
            assert answer.json["code"] == "stale_generation"
    finally:
        thread.check_postable = before


def test_only_sealed_bytes_of_bearable_size_are_kept(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    key, place = case.key, "cordee1|test"
    largest = 48 * 1024 - 56
    assert (
        case.post(care_circle.favre, sealed=b64(seal(key, place, bytes(largest)))).status_code
        == 201
    )
    for sealed in (seal(key, place, bytes(largest + 1)), b"Bonjour", b"", bytes(200)):
        answer = case.post(care_circle.favre, sealed=b64(sealed))
        assert (answer.status_code, answer.json["code"]) == (422, "seal_refused")
    for sealed in ("pas de base64", "AA", 7, None):
        answer = case.post(care_circle.favre, sealed=sealed)
        assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


def test_the_history_is_read_backwards_page_by_page(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    for turn in range(7):
        case.post(care_circle.favre, f"Tour {turn}")
    path = f"/cases/{case.id}/messages"
    pages, before = [], None
    while True:
        query = {"limit": 3} | ({"before": before} if before else {})
        page = care_circle.blanc.get(path, **query).json
        pages.append([message["sequence"] for message in page["items"]])
        before = page["next"]
        if before is None:
            break
    assert pages == [[5, 6, 7], [2, 3, 4], [1]]
    onward = care_circle.blanc.get(path, after=4, limit=2).json
    assert [message["sequence"] for message in onward["items"]] == [5, 6]
    assert onward["next"] == "6"


def test_receipts_only_go_forward(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    for _ in range(3):
        case.post(care_circle.favre)
    path = f"/cases/{case.id}/receipts"
    blanc = care_circle.blanc
    assert blanc.get("/cases").json["items"][0]["unread"] == 3
    assert blanc.put(path, {"read": 2, "delivered": 3}).json == {"read": 2}
    assert blanc.put(path, {"read": 1}).json == {"read": 2}
    assert blanc.put(path, {"read": 99}).json == {"read": 3}
    shown = care_circle.favre.get(f"/cases/{case.id}").json
    assert shown["read"] == {blanc.id: 3}
    assert blanc.get("/cases").json["items"][0]["unread"] == 0
    assert care_circle.favre.get("/cases").json["items"][0]["unread"] == 0


def test_every_message_read_stands_once_in_the_trace(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    for _ in range(3):
        case.post(care_circle.favre)
    path = f"/cases/{case.id}/receipts"
    for read in (1, 1, 3, 2):
        care_circle.blanc.put(path, {"read": read})
    rows = care_circle.favre.get(f"/cases/{case.id}/trace").json["items"]
    reads = [row["detail"] for row in reversed(rows) if row["action"] == "message:read"]
    assert reads == [{"after": 0, "sequence": 1}, {"after": 1, "sequence": 3}]


def test_announced_files_come_with_their_message(care_circle: CareCircle) -> None:
    case = care_circle.open_case()
    photo = {"id": str(uuid4()), "size": 1000}
    assert case.post(care_circle.favre, attachments=[photo]).status_code == 201
    again = case.post(care_circle.favre, attachments=[photo])
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    thread = care_circle.blanc.get(f"/cases/{case.id}/messages").json["items"]
    assert thread[0]["attachments"] == [{**photo, "stored": False}]
    assert len(thread) == 1
