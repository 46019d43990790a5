"""A socket does not outlive its session, even when nothing is said on it."""

from __future__ import annotations

from typing import Any

from flask import Flask

from app.extensions import socketio
from auth.sockets import cut_expired
from tests.factories.people import FoundedNetwork


def test_a_socket_does_not_outlive_its_session(
    app: Flask, network: FoundedNetwork, clock: Any
) -> None:
    favre, blanc = network.favre(), network.blanc()
    forgotten = socketio.test_client(app, flask_test_client=favre.http)
    used = socketio.test_client(app, flask_test_client=blanc.http)
    clock.advance(hours=11)
    assert blanc.get("/session").status_code == 200
    cut_expired()
    assert forgotten.is_connected() and used.is_connected()
    clock.advance(hours=2)
    cut_expired()
    assert not forgotten.is_connected()
    assert used.is_connected()
    used.disconnect()
