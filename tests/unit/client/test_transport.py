"""The line breaks, the server is busy, a proxy answers in HTML: what is repeated, what is told."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from client.errors import NetworkDown, RateLimited, Refused, StaleEpoch
from client.transport import Transport
from client.version import older


class Script(http.server.BaseHTTPRequestHandler):
    """A server that answers as its script says; an answer of None cuts the line."""

    answers: list[tuple[int, dict[str, str], bytes] | None]
    asked: list[tuple[str, str, dict[str, str]]]

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, dict(self.headers)))
        said = self.answers.pop(0)
        if said is None:
            self.connection.close()
            self.close_connection = True
            return
        status, headers, body = said
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_PATCH = answer

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def script() -> Iterator[Any]:
    kind = type("Told", (Script,), {"answers": [], "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kind.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    yield kind
    server.shutdown()
    server.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def transport(script: Any, waits: list[float]) -> Iterator[Transport]:
    line = Transport(script.url, sleep=waits.append)
    yield line
    line.close()


def ok(**body: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def problem(status: int, **body: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/problem+json"}, json.dumps(body).encode()


def test_after_closing_the_line_is_down(script: Any) -> None:
    transport = Transport(script.url)
    transport.close()
    with pytest.raises(NetworkDown, match="closed here"):
        transport.get("/groups")
    assert script.asked == []


def test_a_put_is_repeated_over_a_broken_line(
    transport: Transport, script: Any, waits: list[float]
) -> None:
    script.answers[:] = [None, problem(503, code="unavailable"), ok(done=True)]
    assert transport.put("/cases/1", {"a": 1}) == {"done": True}
    assert len(script.asked) == 3
    assert len(waits) == 2 and 0 <= waits[0] <= 0.3 and waits[1] <= 0.6


def test_a_post_is_never_repeated_once_it_left(transport: Transport, script: Any) -> None:
    script.answers[:] = [None]
    with pytest.raises(NetworkDown):
        transport.post("/sign-in", {})
    assert len(script.asked) == 1


def test_a_post_declared_repeatable_is(transport: Transport, script: Any) -> None:
    script.answers[:] = [None, ok()]
    transport.send("POST", "/uploads", content=b"bytes", repeatable=True)
    assert len(script.asked) == 2


def test_it_gives_up_in_the_end(transport: Transport, script: Any) -> None:
    script.answers[:] = [None] * 6
    with pytest.raises(NetworkDown):
        transport.get("/network")
    assert len(script.asked) == 6


def test_a_server_that_does_not_answer_at_all(waits: list[float]) -> None:
    line = Transport("http://127.0.0.1:9", sleep=waits.append)
    with pytest.raises(NetworkDown, match="ConnectError"):
        line.post("/sign-in", {})
    assert len(waits) == 5, "what never left may be repeated, even a POST"


def test_a_refusal_names_its_code(transport: Transport, script: Any) -> None:
    body = {"type": "about:blank", "code": "stale_epoch", "detail": "Réessayez.", "epoch": 3}
    script.answers[:] = [problem(409, **body)]
    with pytest.raises(StaleEpoch) as refusal:
        transport.put("/cases/1", {})
    assert (refusal.value.status, refusal.value.detail) == (409, "Réessayez.")
    assert refusal.value.extra == {"epoch": 3}


def test_a_proxys_page_becomes_a_refusal(transport: Transport, script: Any) -> None:
    script.answers[:] = [(413, {"Content-Type": "text/html"}, b"<h1>Too large</h1>")]
    with pytest.raises(Refused) as refusal:
        transport.post("/cases", {})
    assert refusal.value.code == "http_413"


def test_a_short_wait_is_obeyed_and_a_long_one_told(
    transport: Transport, script: Any, waits: list[float]
) -> None:
    script.answers[:] = [problem(429, code="rate_limited", retry_after=7), ok()]
    transport.get("/cases")
    assert waits == [7.0]
    script.answers[:] = [problem(429, code="rate_limited", retry_after=600)]
    with pytest.raises(RateLimited) as limited:
        transport.get("/cases")
    assert limited.value.retry_after == 600


def test_a_stale_csrf_token_is_renewed_once(transport: Transport, script: Any) -> None:
    transport.csrf = "old"
    refusal = problem(403, code="csrf_failed")
    script.answers[:] = [refusal, ok(csrf="new"), ok(done=True)]
    assert transport.post("/invitations", {}) == {"done": True}
    assert [headers.get("X-CSRF-Token") for _, _, headers in script.asked] == ["old", None, "new"]
    script.answers[:] = [refusal, ok(csrf="newer"), refusal]
    with pytest.raises(Refused, match="csrf_failed"):
        transport.post("/invitations", {})


def test_every_page_of_a_list(transport: Transport, script: Any) -> None:
    script.answers[:] = [ok(items=[1, 2], next="c"), ok(items=[3], next=None)]
    assert list(transport.pages("/accounts", q="fa")) == [1, 2, 3]
    assert [path for _, path, _ in script.asked] == [
        "/api/v1/accounts?q=fa",
        "/api/v1/accounts?cursor=c&q=fa",
    ]


@pytest.mark.parametrize(
    ("version", "minimum", "is_older"),
    [("0.1.0", "0.1", False), ("0.1.0", "0.1.1", True), ("1.2", "1.2.0", False),
     ("0.10.0", "0.9.9", False)],
)  # fmt: skip
def test_versions_compare_as_numbers(version: str, minimum: str, is_older: bool) -> None:
    assert older(version, minimum) is is_older
