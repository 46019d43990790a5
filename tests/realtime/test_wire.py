"""What a hostile peer does with the line itself, below every event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import websocket
from flask import Flask

from tests.factories.people import FoundedNetwork, Person
from tests.support.live import COOKIE, Device, LiveHttp, go_live
from tests.support.serving import ServedApp

Connect = Callable[[Person], Device]


class Line:
    """A bare WebSocket: what it sends is for the test to say."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.socket = websocket.create_connection(
            url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket",
            timeout=60,
            cookie=f"{COOKIE}={token}" if token else None,
        )
        assert self.receive().startswith("0{"), "Engine.IO opens"

    def send(self, packet: str | bytes) -> None:
        if isinstance(packet, bytes):
            self.socket.send_binary(packet)
        else:
            self.socket.send(packet)

    def receive(self) -> str:
        return str(self.socket.recv())

    def connect(self) -> None:
        self.send("40")
        assert self.receive().startswith("40{")

    def is_hung_up(self) -> bool:
        """Whether the server ends it, whatever it says before."""
        try:
            while self.socket.recv():
                pass
        except websocket.WebSocketTimeoutException:
            return False
        except (websocket.WebSocketException, OSError):
            pass
        return True


@pytest.fixture
def favre(app: Flask, server: ServedApp) -> Person:
    return go_live(FoundedNetwork(app).favre(), server.url)


@pytest.fixture
def line(favre: Person) -> Iterator[Line]:
    """A line of somebody signed in."""
    assert isinstance(favre.http, LiveHttp)
    line = Line(favre.http.url, favre.http.token)
    line.connect()
    yield line
    line.socket.shutdown()


def test_a_socket_cannot_slip_out_of_its_session(favre: Person, connect: Connect) -> None:
    """An event named as Socket.IO's own would make us forget the socket, and leave it in its
    rooms, listening on after its session has ended."""
    device = connect(favre)
    device.client.emit("disconnect", "client disconnect")
    device.wait_for("disconnect")


def test_a_socket_cannot_choose_its_network_address(favre: Person, connect: Connect) -> None:
    assert isinstance(favre.http, LiveHttp)
    cookie = f"{COOKIE}={favre.http.token}"
    device = connect(favre)
    device.client.emit("connect", {"HTTP_COOKIE": cookie, "REMOTE_ADDR": "192.0.2.1"})
    device.wait_for("disconnect")


@pytest.mark.parametrize(
    "packet",
    [
        '459999999999-["message:post",{"_placeholder":true,"num":0}]',
        "46" + '1-1[{"_placeholder":true,"num":0}]',
        b"bytes",
        "42" + "[" * 50_000,
        "42{}",
        "42[]",
        '42["of:no:kind",{}]',
        "4",
        "4x",
        "40",
    ],
    ids=[
        "binary event", "binary ack", "bytes", "deep", "object", "empty", "unknown", "nothing",
        "no packet", "connected twice",
    ],
)  # fmt: skip
def test_what_no_client_of_ours_sends_ends_the_line(line: Line, packet: str | bytes) -> None:
    line.send(packet)
    assert line.is_hung_up()


def test_a_stranger_cannot_fill_the_memory(server: ServedApp) -> None:
    """A WebSocket message arrives whole before anything looks at it, signed in or not."""
    line = Line(server.url)
    with suppress(websocket.WebSocketException, OSError):
        line.send("4" + "x" * 1_000_000)
    assert line.is_hung_up()
