"""Who may hold a socket, and how it goes when the session ends, on whichever process it hangs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import socketio
from flask import Flask

from tests.factories.people import FoundedNetwork, Person
from tests.support.live import COOKIE, PATIENCE, Device, go_live
from tests.support.serving import ServedApp

Connect = Callable[[Person], Device]


@pytest.fixture
def network(app: Flask, servers: tuple[ServedApp, ServedApp]) -> FoundedNetwork:
    """People at the first server; the administrator at the second."""
    found = FoundedNetwork(app)
    go_live(found.administrator, servers[1].url)
    return found


def test_nobody_connects_without_a_living_session(
    network: FoundedNetwork, server: ServedApp
) -> None:
    for headers in ({}, {"Cookie": f"{COOKIE}=invented"}, {"Cookie": "nonsense; ="}):
        visitor = socketio.Client(reconnection=False)
        reasons: list[Any] = []
        visitor.on("connect_error", reasons.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            visitor.connect(
                server.url, headers=headers, transports=["websocket"], wait_timeout=PATIENCE
            )
        assert reasons[0]["message"] == "not_signed_in"


def test_another_sites_page_does_not_connect(network: FoundedNetwork, server: ServedApp) -> None:
    favre = go_live(network.favre(), server.url)
    answer = httpx.get(
        f"{server.url}/socket.io/?EIO=4&transport=polling",
        headers={"Origin": "https://evil.test", "Cookie": f"{COOKIE}={favre.http.token}"},
        timeout=PATIENCE,
    )
    assert answer.status_code == 400


def test_a_revoked_session_loses_its_sockets_at_once(
    network: FoundedNetwork, servers: tuple[ServedApp, ServedApp], connect: Connect
) -> None:
    favre = network.favre()
    phone = favre.other_device()
    phone.sign_in(device="Téléphone perdu")
    go_live(phone, servers[0].url)
    go_live(favre, servers[1].url)
    lost, kept = connect(phone), connect(favre)
    assert favre.delete("/sessions").status_code == 204
    lost.wait_for("session:revoked")
    lost.wait_for("disconnect")
    assert "disconnect" not in kept.names()
    assert phone.get("/session").status_code == 401


def test_suspension_takes_every_socket(
    network: FoundedNetwork, server: ServedApp, connect: Connect
) -> None:
    favre = go_live(network.favre(), server.url)
    device = connect(favre)
    answer = network.administrator.post(f"/accounts/{favre.id}/suspension")
    assert answer.status_code == 204
    device.wait_for("session:revoked")
    device.wait_for("disconnect")


def test_a_waiting_person_hears_of_their_certification_and_may_do_nothing_before(
    network: FoundedNetwork, server: ServedApp, connect: Connect
) -> None:
    favre = network.waiting("favre@reseau.test", "Claire Favre")
    go_live(favre, server.url)
    device = connect(favre)
    refused = device.call("presence:post", away=True)
    assert refused["code"] == "not_certified"
    assert network.certify(favre).status_code == 200
    assert device.wait_for("account:changed")["account"] == favre.id
    assert device.call("presence:post", away=True)["code"] == "ok"
    refused = device.call("presence:post", away="perhaps", more=1)
    assert refused["code"] == "validation_failed"


def test_too_many_events_meet_a_wait(
    network: FoundedNetwork, server: ServedApp, connect: Connect
) -> None:
    device = connect(go_live(network.favre(), server.url))
    acks = device.call_all("presence:post", [{"away": False}] * 130)
    assert acks[0]["code"] == "ok"
    assert acks[-1]["code"] == "rate_limited"
    assert acks[-1]["retry_after"] >= 1
