"""Who comes in and who goes out while sockets are open; and what survives a power cut."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.factories.care import CareCircle
from tests.factories.people import Person
from tests.support.live import Device, LiveHttp, go_live
from tests.support.serving import ServedApp

Connect = Callable[[Person], Device]


def test_a_new_member_hears_of_the_next_case(care_circle: CareCircle, connect: Connect) -> None:
    """Even when the member is connected to another instance than the administrator."""
    pool, admin, vidal = care_circle.pool, care_circle.administrator, care_circle.vidal
    blanc_http = care_circle.blanc.http
    assert isinstance(blanc_http, LiveHttp)
    go_live(vidal, blanc_http.url)
    device, colleague = connect(vidal), connect(care_circle.blanc)
    members = [care_circle.blanc, care_circle.roche, vidal]
    body = {
        "statement": pool.statement(admin, members, [admin]),
        "grants": {vidal.id: pool.grant(vidal)},
    }
    assert admin.post(f"/groups/{pool.id}/statements", body).status_code == 201
    for one in (device, colleague):
        assert one.wait_for("group:changed") == {"group": pool.id}
    cases: list[str] = []
    device.hears("case:changed", lambda: cases.append(care_circle.open_case().id))
    assert device.wait_for("case:changed")["case"] in cases


def test_of_two_experts_who_claim_at_once_one_is_told_who(
    care_circle: CareCircle, connect: Connect
) -> None:
    case = care_circle.open_case()
    watcher = connect(care_circle.favre)
    experts = [care_circle.blanc, care_circle.roche]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda expert: case.step(expert, "claim"), experts))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    lost = next(answer for answer in answers if answer.status_code == 409).json
    claimed = watcher.wait_for("case:changed", lambda p: p["state"] == "claimed")
    assert lost["code"] == "already_claimed" and lost["expert"] == claimed["expert"]


def test_what_was_acknowledged_survives_a_power_cut(
    care_circle: CareCircle, connect: Connect, server: ServedApp
) -> None:
    case = care_circle.open_case()
    device = connect(care_circle.favre)
    acks = [
        device.call("message:post", case=case.id, **case.message(care_circle.favre))
        for _ in range(20)
    ]
    server.kill()
    server.start()
    thread = care_circle.favre.get(f"/cases/{case.id}/messages").json["items"]
    assert [m["id"] for m in thread] == [ack["id"] for ack in acks]
    assert [m["sequence"] for m in thread] == list(range(1, 21))


def test_many_at_once_keep_one_order_for_everybody(
    care_circle: CareCircle, connect: Connect
) -> None:
    case = care_circle.open_case()
    people = [care_circle.favre, care_circle.maret, care_circle.blanc, care_circle.roche]
    devices = [(person, connect(person)) for person in people]
    for _, device in devices:
        device.call("case:join", case=case.id, after=0)

    def talk(speaker: tuple[Person, Device]) -> None:
        person, device = speaker
        for _ in range(10):
            ack = device.call("message:post", case=case.id, **case.message(person))
            assert ack["code"] == "ok"

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(talk, devices))
    for _, device in devices:
        # What two instances tell can cross on the way: the last one said is not the last one heard.
        assert device.count("message:posted", 40) == 40
        heard = [message["sequence"] for message in device.all("message:posted")]
        assert sorted(heard) == list(range(1, 41))
