"""Pauses, keys and the guard around other people's addresses."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from base64 import urlsafe_b64decode
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import requests

from app import sealing
from app.config import Config
from notifications import push
from notifications.errors import EndpointRefused
from notifications.mail import StartTlsMissing, connect
from notifications.outcome import Retry, Sent, Useless
from notifications.push import Device, check_endpoint
from notifications.service.dispatching import LAST_RETRY, pause
from notifications.service.expanding import weightier
from notifications.vapid import VapidKey
from tests.support.push import Browser


@pytest.fixture
def config() -> Config:
    secret = "a secret for the tests, long enough to pass"
    sealing.bind(secret)
    return Config(
        base_url="https://cordee.example.fr",
        secret_key=secret,
        database_url="sqlite://",
        blob_url="file:///tmp/none",
    )


def device(endpoint: str) -> Device:
    keys = Browser(endpoint).subscription["keys"]
    return Device(endpoint, keys["p256dh"], keys["auth"])


def test_pauses_grow_and_never_agree() -> None:
    for attempt in range(1, 30):
        lengths = {pause(attempt, None) for _ in range(50)}
        assert len(lengths) > 1
        ceiling = min(15 * 2 ** (attempt - 1), LAST_RETRY)
        assert all(ceiling / 2 <= length <= ceiling for length in lengths)
    assert pause(1, 77) == 77
    assert pause(1, 10**9) == LAST_RETRY


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (("message", 3), ("message", 5), ("message", 5)),
        (("message", 3), ("for_expert", 4), ("for_expert", 4)),
        (("for_requester", None), ("message", 9), ("for_requester", None)),
        (("for_requester", 2), ("for_requester", None), ("for_requester", None)),
        (("case_opened", None), ("message", 4), ("message", 4)),
        (("case_opened", None), ("case_opened", None), ("case_opened", None)),
    ],
)
def test_two_reasons_become_the_weightier(one: Any, other: Any, both: Any) -> None:
    assert weightier(one, other) == weightier(other, one) == both


def test_the_key_follows_from_the_secret(config: Config) -> None:
    first, again = VapidKey(config), VapidKey(config)
    assert first.public == again.public
    point = urlsafe_b64decode(first.public + "=")
    assert (len(point), point[0]) == (65, 4)
    assert first.subject == "mailto:cordee@localhost"
    sealing.bind("another secret, also long enough to pass")
    assert VapidKey(config).public != first.public


@pytest.mark.parametrize(
    "found",
    ["127.0.0.1", "10.0.0.7", "169.254.169.254", "192.168.0.9", "::1", "fd00::5", "100.64.0.1"],
)
def test_a_public_name_with_a_private_address_is_not_called(
    config: Config, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    """A name may resolve to anything, and differently each time: what is connected to counts."""

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    called = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", lambda *_a, **_k: called.set())
    check_endpoint("https://push.example.org/1", config)
    outcome = push.push(device("https://push.example.org/1"), {"a": 1}, config, urgent=False)
    assert outcome == Retry("unreachable")
    assert not called.is_set()


@pytest.mark.parametrize(
    "found",
    ["64:ff9b::7f00:1", "64:ff9b:1::a00:7", "2002:7f00:1::", "::127.0.0.1", "fec0::1", "ff0e::1"],
)
def test_an_address_that_hides_another_is_not_called(config: Config, found: str) -> None:
    """A translator on the way would turn these into IPv4 addresses of our own network."""
    with pytest.raises(EndpointRefused):
        check_endpoint(f"https://[{found}]/1", config)
    assert not push.reachable(ipaddress.ip_address(found))


class HostileService:
    """A push service that says `head`, then one byte every `pause` seconds without end."""

    def __init__(self, head: bytes, pause: float) -> None:
        self.head, self.pause = head, pause
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/1"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        line, _ = self.listener.accept()
        with suppress(OSError):
            line.recv(100_000)
            line.sendall(self.head)
            while True:
                line.sendall(b"x")
                time.sleep(self.pause)


def test_an_answer_without_end_is_not_read(config: Config) -> None:
    service = HostileService(b"HTTP/1.1 201 Created\r\nContent-Length: 9999999999\r\n\r\n", 0.0)
    began = time.monotonic()
    at_home = replace(config, push_loopback=True)
    assert push.push(device(service.url), {"a": 1}, at_home, urgent=False) == Sent()
    assert time.monotonic() - began < 20


def test_an_answer_a_byte_at_a_time_is_cut_off(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four such services would hold everybody's notifications back."""
    monkeypatch.setattr(push, "DEADLINE", 0.5)
    service = HostileService(b"HTTP/1.1 201 Created\r\nX-Slow: ", 0.05)
    began = time.monotonic()
    at_home = replace(config, push_loopback=True)
    outcome = push.push(device(service.url), {"a": 1}, at_home, urgent=False)
    assert outcome in (Sent(), Retry("unreachable")), "a status line came; what followed is cut"
    assert time.monotonic() - began < 20


def test_plain_http_is_never_spoken(config: Config) -> None:
    outcome = push.push(device("http://127.0.0.1:9/1"), {"a": 1}, config, urgent=False)
    assert outcome == Useless("endpoint_refused")
    with push._session(config) as calls, pytest.raises(requests.ConnectionError):
        calls.post("http://127.0.0.1:9/1", timeout=1)


def test_a_strange_mail_server_must_encrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def serve() -> None:
        line, _ = listener.accept()
        line.sendall(b"220 mail\r\n")
        line.recv(100)
        line.sendall(b"250 mail\r\n")
        line.recv(100)

    threading.Thread(target=serve, daemon=True).start()
    monkeypatch.setattr("notifications.mail.LOOPBACK", ())
    config = Config(
        base_url="https://cordee.example.fr",
        secret_key="x",
        database_url="",
        blob_url="",
        smtp_url=f"smtp://127.0.0.1:{port}",
    )
    with pytest.raises(StartTlsMissing):
        connect(config)
    listener.close()
