"""People at real servers: the same persons as in the API tests, over real HTTP and real sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import engineio
import httpx
import socketio

from tests.factories.people import Person

COOKIE = "cordee_session"
PATIENCE = 60
"""Seconds before an answer is given up: what comes is taken at once, and machines are slow."""


class Answer:
    """An HTTP answer in the shape Flask's test client gives."""

    def __init__(self, response: httpx.Response) -> None:
        self.status_code = response.status_code
        self.text = response.text
        self.headers = response.headers
        self._response = response

    @property
    def json(self) -> Any:
        return self._response.json()


class LiveHttp:
    """In the place of a person's test client: their requests go to a real server."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self.client = httpx.Client(base_url=url, cookies={COOKIE: token}, timeout=PATIENCE)

    def get(self, path: str, query_string: dict[str, Any] | None = None) -> Answer:
        return Answer(self.client.get(path, params=query_string))

    def open(
        self, path: str, method: str, json: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        return Answer(self.client.request(method, path, json=json, headers=headers))


def go_live(person: Person, url: str) -> Person:
    """Let a person signed in by the test client act at a real server from now on."""
    if isinstance(person.http, LiveHttp):
        person.http = LiveHttp(url, person.http.token)  # type: ignore[assignment]
        return person
    cookie = person.http.get_cookie(COOKIE)
    assert cookie is not None
    person.http = LiveHttp(url, cookie.value)  # type: ignore[assignment]
    return person


class _InTurn(engineio.Client):
    """Hears one thing after the other, as a browser does.

    The library gives every packet a thread of its own: what came first could be heard last, a
    message after the end of its own line.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._said: SimpleQueue[tuple[str, tuple[Any, ...]]] = SimpleQueue()
        self._ear = threading.Thread(target=self._hear, daemon=True)
        self._over = False

    def _hear(self) -> None:
        while not self._over:
            event, args = self._said.get()
            self._trigger_event(event, *args)

    def _trigger_event(self, event: str, *args: Any, **how: Any) -> Any:
        if event == "connect":
            self._ear.start()
        elif threading.current_thread() is not self._ear:
            return self._said.put((event, args))
        self._over = event == "disconnect" or self._over
        return super()._trigger_event(event, *args, **{**how, "run_async": False})


class _OrderedClient(socketio.Client):
    def _engineio_client_class(self) -> type[engineio.Client]:
        return _InTurn


class Device:
    """One connected socket that remembers what it heard, in the order in which it came."""

    def __init__(self, url: str, token: str) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.news = threading.Condition()
        self.client = _OrderedClient(reconnection=False)
        self.client.on("*", self._hear)
        self.client.on("disconnect", lambda *_: self._hear("disconnect", {}))
        self.client.connect(
            url,
            headers={"Cookie": f"{COOKIE}={token}"},
            transports=["websocket"],
            wait_timeout=PATIENCE,
        )

    def _hear(self, event: str, payload: Any = None) -> None:
        with self.news:
            self.heard.append((event, payload))
            self.news.notify_all()

    def call(self, event: str, **payload: Any) -> dict[str, Any]:
        """Send and return the ack."""
        ack: dict[str, Any] = self.client.call(event, payload, timeout=PATIENCE)
        return ack

    def call_all(self, event: str, payloads: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send all without waiting between them; the acks in the order they came."""
        acks: list[dict[str, Any]] = []
        told = threading.Condition()

        def keep(ack: dict[str, Any]) -> None:
            with told:
                acks.append(ack)
                told.notify_all()

        for payload in payloads:
            self.client.emit(event, payload, callback=keep)
        with told:
            assert told.wait_for(lambda: len(acks) == len(payloads), PATIENCE), f"{len(acks)} acks"
        return acks

    def wait_for(
        self,
        event: str,
        which: Callable[[dict[str, Any]], bool] = lambda _: True,
        seconds: float = PATIENCE,
    ) -> dict[str, Any]:
        """The first payload of `event`, heard or still to come, that `which` accepts."""
        deadline = time.monotonic() + seconds
        with self.news:
            while True:
                for name, payload in self.heard:
                    if name == event and which(payload):
                        return payload
                left = deadline - time.monotonic()
                if left <= 0 or not self.news.wait(left):
                    raise AssertionError(f"{event} was not heard; heard {self.names()}")

    def hears(self, event: str, act: Callable[[], object]) -> int:
        """Act until `event` is heard; how often it took.

        Rooms that another instance's word opens are open a moment after that word was sent, and
        nothing tells when.
        """
        for attempt in range(1, PATIENCE):
            act()
            try:
                self.wait_for(event, seconds=1)
                return attempt
            except AssertionError:
                continue
        raise AssertionError(f"{event} was not heard; heard {self.names()}")

    def names(self) -> list[str]:
        return [name for name, _ in self.heard]

    def all(self, event: str) -> list[dict[str, Any]]:
        with self.news:
            return [payload for name, payload in self.heard if name == event]

    def count(self, event: str, wanted: int) -> int:
        """How often `event` was heard, once it was heard that often or nothing more comes."""
        deadline = time.monotonic() + PATIENCE
        with self.news:
            while (found := sum(name == event for name, _ in self.heard)) < wanted:
                if not self.news.wait(deadline - time.monotonic()):
                    break
        return found

    def close(self) -> None:
        self.client.disconnect()
