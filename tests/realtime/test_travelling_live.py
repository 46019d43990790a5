"""Cases travel while people look at them: who hears, who is put out, and what happens at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.factories.circles import TravellingCase, WideCircle
from tests.factories.people import FoundedNetwork, Person
from tests.support.live import Device, go_live
from tests.support.serving import ServedApp

Connect = Callable[[Person], Device]


@pytest.fixture
def wide_circle(app: Flask, servers: tuple[ServedApp, ServedApp]) -> WideCircle:
    """The wide circle at real servers: requesters at the first, experts at the second."""
    circle = WideCircle(FoundedNetwork(app))
    here, there = servers
    for person in (circle.favre, circle.maret, circle.administrator):
        go_live(person, here.url)
    for person in (circle.blanc, circle.roche, circle.moret, circle.vidal):
        go_live(person, there.url)
    return circle


def test_everybody_sees_the_circle_grow_and_shrink(
    wide_circle: WideCircle, connect: Connect
) -> None:
    circle, case = wide_circle, wide_circle.travelling()
    looking, inbox, second = connect(circle.favre), connect(circle.roche), connect(circle.moret)
    looking.call("case:join", case=case.id)
    assert case.let_in(circle.blanc, "second_opinion", circle.second).status_code == 200
    for device in (looking, inbox, second):
        assert device.wait_for("circle:changed") == {"case": case.id}
        assert device.wait_for("case:changed")["case"] == case.id

    ack = second.call("case:join", case=case.id)
    assert ack["code"] == "ok"
    assert case.post(circle.favre, "Bonjour à tous").status_code == 201
    second.wait_for("message:posted", lambda posted: posted["sequence"] == 1)
    second.wait_for("case:changed", lambda changed: changed["last_sequence"] == 1)
    second.heard.clear()
    taken = case.rotate(circle.favre, case.circle(), purpose="take_off", target=circle.second)
    assert taken.status_code == 200
    assert second.wait_for("case:left") == {"case": case.id}
    time.sleep(0.3)
    assert case.post(circle.favre, "Entre nous").status_code == 201
    looking.wait_for("message:posted", lambda posted: posted["sequence"] == 2)
    time.sleep(0.5)
    # A hint gathered before may come just before the end; nothing comes after it.
    heard = second.names()
    assert heard[heard.index("case:left") :] == ["case:left"]
    assert not {"message:posted", "receipt:changed"} & set(heard)
    assert second.call("case:join", case=case.id)["code"] == "case_not_found"
    assert second.call("typing:post", case=case.id, on=True)["code"] == "case_not_found"
    refused = second.call("message:post", case=case.id, **case.message(circle.moret))
    assert refused["code"] == "case_not_found"


def test_an_overflow_pool_hears_nothing_before_its_turn(
    wide_circle: WideCircle, connect: Connect
) -> None:
    circle = wide_circle
    circle.prepare_overflow(circle.second)
    waiting = connect(circle.moret)
    time.sleep(0.2)
    waiting.heard.clear()
    case = circle.travelling(overflow=[circle.second])
    case.post(circle.favre, "Bonjour")
    case.let_in(circle.favre, "doctor", circle.vidal)
    assert case.rotate(circle.favre, [*case.circle(), circle.vidal]).status_code == 200
    time.sleep(0.8)
    assert not {"case:changed", "circle:changed", "message:posted"} & set(waiting.names())
    body = {"id": "0b4a4c5e-6d43-4b0e-9e57-6f6a3d3b1c11"}
    assert circle.blanc.post(f"/cases/{case.id}/overflow", body).status_code == 200
    told = waiting.wait_for("case:changed")
    assert (told["case"], told["pool"], told["state"]) == (case.id, circle.second.id, "submitted")


def test_people_brought_in_see_their_inbox_move(wide_circle: WideCircle, connect: Connect) -> None:
    """With every message too, though they do not look at the case."""
    circle, case = wide_circle, wide_circle.travelling()
    case.let_in(circle.favre, "named_expert", circle.vidal)
    device = connect(circle.vidal)
    case.post(circle.favre, "Voici la photo")
    assert device.wait_for("case:changed", lambda told: told["last_sequence"] == 1)


def test_posting_by_the_socket_waits_for_a_new_key(
    wide_circle: WideCircle, connect: Connect
) -> None:
    circle, case = wide_circle, wide_circle.travelling()
    device = connect(circle.favre)
    device.call("case:join", case=case.id)
    circle.remove(circle.pool, [circle.blanc])
    refused = device.call("message:post", case=case.id, **case.message(circle.favre))
    assert refused["code"] == "stale_epoch"
    assert refused["groups"] == [{"group": circle.pool.id, "epoch": 1}]
    assert case.rotate(circle.favre, case.circle()).status_code == 200
    device.wait_for("circle:changed")
    sent = device.call("message:post", case=case.id, **case.message(circle.favre))
    assert sent["code"] == "ok"


def test_of_two_rotations_at_once_one_is_told_that_the_case_moved(
    wide_circle: WideCircle,
) -> None:
    circle, case = wide_circle, wide_circle.travelling()
    people = [circle.favre, circle.blanc, circle.maret, circle.roche]
    bodies = [(person, case.rotation(person, case.circle())[0]) for person in people]
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda one: one[0].post(f"/cases/{case.id}/events", one[1]), bodies)
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    lost = {answer.json["code"] for answer in answers if answer.status_code == 409}
    assert lost == {"case_moved"}
    shown = circle.favre.get(f"/cases/{case.id}").json
    assert shown["generation"] == 1 and len(shown["events"]) == 2


def test_a_removal_amid_a_lively_hour_stops_nobody_and_loses_nothing(
    wide_circle: WideCircle,
) -> None:
    """Marking, posting, answering and sealing again cross each other, and nothing gets stuck."""
    circle = wide_circle
    cases = [circle.travelling() for _ in range(4)]
    for case in cases:
        assert case.step(circle.blanc, "claim").status_code == 200

    def talk(case: TravellingCase) -> list[str]:
        said = []
        for turn in range(10):
            if turn == 5:
                given = case.step(circle.blanc, "give_opinion")
                said.append(given.json.get("code", "ok"))
            answer = case.post(circle.favre, f"Tour {turn}")
            said.append(answer.json.get("code", "ok"))
            if said[-1] == "stale_epoch":
                said.append(case.rotate(circle.maret, case.circle()).json.get("code", "ok"))
        return said

    def remove() -> None:
        for stay in ([circle.blanc], [circle.blanc, circle.roche], [circle.blanc]):
            circle.remove(circle.pool, stay)
            time.sleep(0.1)

    with ThreadPoolExecutor(5) as pool:
        removing = pool.submit(remove)
        said = [code for codes in pool.map(talk, cases) for code in codes]
        removing.result()
    assert set(said) <= {"ok", "stale_epoch"}
    for case in cases:
        shown = circle.favre.get(f"/cases/{case.id}").json
        if shown["rekey_due"]:
            assert case.rotate(circle.favre, case.circle()).status_code == 200
        assert case.post(circle.favre, "Fin").status_code == 201
