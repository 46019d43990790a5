"""What the circle of a case sees at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from client.crypto import seal
from tests.factories.care import CareCircle
from tests.factories.people import Person, b64
from tests.support.live import Device

Connect = Callable[[Person], Device]


def test_a_new_case_reaches_the_pool_and_its_claim_the_requester(
    care_circle: CareCircle, connect: Connect
) -> None:
    favre, blanc = connect(care_circle.favre), connect(care_circle.blanc)
    case = care_circle.open_case("urgent")
    news = blanc.wait_for("case:changed", lambda p: p["case"] == case.id)
    assert news["state"] == "submitted" and news["urgency"] == "urgent"

    assert case.step(care_circle.blanc, "claim").status_code == 200
    claimed = favre.wait_for("case:changed", lambda p: p["state"] == "claimed")
    assert claimed["expert"] == {"id": care_circle.blanc.id, "name": "Hugo Blanc"}


def test_messages_reach_everybody_in_the_room_in_order(
    care_circle: CareCircle, connect: Connect
) -> None:
    case = care_circle.open_case()
    favre, blanc = connect(care_circle.favre), connect(care_circle.blanc)
    for device in (favre, blanc):
        assert device.call("case:join", case=case.id, after=0)["code"] == "ok"
    for turn in range(5):
        message = case.message(care_circle.favre, f"Tour {turn}")
        ack = favre.call("message:post", case=case.id, **message)
        assert (ack["code"], ack["sequence"]) == ("ok", turn + 1)
    blanc.wait_for("message:posted", lambda p: p["sequence"] == 5)
    heard = blanc.all("message:posted")
    assert [message["sequence"] for message in heard] == [1, 2, 3, 4, 5]
    assert case.text_of(heard[2]) == "Tour 2"
    assert heard[0]["author"] == {"id": care_circle.favre.id, "name": "Claire Favre"}


def test_a_device_that_comes_back_gets_what_it_missed(
    care_circle: CareCircle, connect: Connect
) -> None:
    case = care_circle.open_case()
    for turn in range(3):
        assert case.post(care_circle.favre, f"Tour {turn}").status_code == 201
    ack = connect(care_circle.blanc).call("case:join", case=case.id, after=1)
    assert [message["sequence"] for message in ack["messages"]] == [2, 3]
    assert ack["last_sequence"] == 3
    assert ack["present"] == [care_circle.blanc.id]


def test_the_same_message_twice_is_one(care_circle: CareCircle, connect: Connect) -> None:
    case = care_circle.open_case()
    favre = connect(care_circle.favre)
    message = case.message(care_circle.favre)
    first = favre.call("message:post", case=case.id, **message)
    again = favre.call("message:post", case=case.id, **message)
    assert first == again
    assert care_circle.favre.get(f"/cases/{case.id}").json["last_sequence"] == 1


def test_receipts_typing_and_presence_are_seen(care_circle: CareCircle, connect: Connect) -> None:
    case = care_circle.open_case()
    case.post(care_circle.favre)
    favre, blanc = connect(care_circle.favre), connect(care_circle.blanc)
    favre.call("case:join", case=case.id)
    joined = blanc.call("case:join", case=case.id)
    assert set(joined["present"]) == {care_circle.favre.id, care_circle.blanc.id}
    favre.wait_for("presence:changed", lambda p: p["account"] == care_circle.blanc.id)

    assert blanc.call("receipt:post", case=case.id, read=1)["read"] == 1
    moved = favre.wait_for("receipt:changed")
    assert moved == {"case": case.id, "account": care_circle.blanc.id, "read": 1, "delivered": 1}

    began = time.monotonic()
    for _ in range(5):
        blanc.call("typing:post", case=case.id, on=True)
    seconds = int(time.monotonic() - began)
    blanc.call("typing:post", case=case.id, on=False)
    favre.wait_for("typing:changed", lambda p: not p["on"])
    first, *more, last = [sign["on"] for sign in favre.all("typing:changed")]
    assert first and not last
    assert len(more) <= seconds and all(more), "passed on once a second, however often it is said"
    assert blanc.all("typing:changed") == []

    blanc.call("presence:post", away=True)
    favre.wait_for("presence:changed", lambda p: not p["present"])


def test_an_outsider_hears_and_does_nothing(care_circle: CareCircle, connect: Connect) -> None:
    case = care_circle.open_case()
    vidal = connect(care_circle.vidal)
    message = case.message(care_circle.vidal)
    for event, payload in (
        ("case:join", {"case": case.id}),
        ("message:post", {"case": case.id, **message}),
        ("receipt:post", {"case": case.id, "read": 1}),
        ("typing:post", {"case": case.id, "on": True}),
    ):
        assert vidal.call(event, **payload)["code"] == "case_not_found", event
    case.post(care_circle.favre)
    connect(care_circle.favre).call("case:join", case=case.id)
    assert {name for name in vidal.names() if name != "connect"} == set()


def test_malformed_events_are_refused_by_name(care_circle: CareCircle, connect: Connect) -> None:
    favre = connect(care_circle.favre)
    for payload in ({}, {"case": "no uuid"}, {"case": care_circle.favre.id, "more": 1}):
        assert favre.call("case:join", **payload)["code"] == "validation_failed"


def test_the_largest_message_passes_the_socket(care_circle: CareCircle, connect: Connect) -> None:
    case = care_circle.open_case()
    favre = connect(care_circle.favre)
    for spare, code in ((0, "ok"), (1, "seal_refused")):
        sealed = seal(case.key, "cordee1|test", bytes(48 * 1024 - 56 + spare))
        message = case.message(care_circle.favre, sealed=b64(sealed))
        assert favre.call("message:post", case=case.id, **message)["code"] == code
