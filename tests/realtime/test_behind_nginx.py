"""Production's way in: HTTPS by nginx with the configuration operators are given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio
from flask import Flask

from client.tls import live_context
from tests.factories.care import CareCircle, SealedCase
from tests.factories.people import API, FoundedNetwork, Person
from tests.support.live import COOKIE, PATIENCE
from tests.support.nginx import Nginx
from tests.support.serving import ServedApp
from tests.support.tus import BYTES, VERSION, SealedBlob, metadata

SPOOFED = "203.0.113.9"


@pytest.fixture
def nginx(tmp_path: Path, database_url: str) -> Iterator[Nginx]:
    """nginx before one instance that believes it."""
    proxy = Nginx(tmp_path / "nginx", tmp_path / "stored")
    served = ServedApp(
        tmp_path / "instance",
        database_url,
        CORDEE_BASE_URL=proxy.url,
        CORDEE_BLOB_URL=f"file://{tmp_path / 'stored'}",
        CORDEE_TRUST_PROXY="1",
        CORDEE_X_ACCEL="1",
    )
    proxy.start(served.port)
    yield proxy
    proxy.stop()
    served.stop()


@pytest.fixture
def circle(app: Flask) -> CareCircle:
    return CareCircle(FoundedNetwork(app))


class AtNginx:
    """A person who signed in before, now coming by HTTPS."""

    def __init__(self, person: Person, nginx: Nginx) -> None:
        cookie = person.http.get_cookie(COOKIE)
        assert cookie is not None
        self.cookie = f"__Host-{COOKIE}={cookie.value}"
        headers = {"Cookie": self.cookie, "X-CSRF-Token": person.csrf}
        self.http = httpx.Client(
            base_url=nginx.url, headers=headers, verify=nginx.trust, timeout=PATIENCE
        )

    def send(self, case: SealedCase, blob: SealedBlob) -> None:
        """The file's bytes, in two pieces."""
        begun = self.http.post(
            f"{API}/uploads",
            headers={
                **VERSION,
                "Upload-Length": str(blob.size),
                "Upload-Metadata": metadata(case.id, blob.id),
            },
        )
        assert begun.status_code == 201, begun.text
        half = blob.size // 2
        for start, piece in ((0, blob.raw[:half]), (half, blob.raw[half:])):
            answer = self.http.patch(
                begun.headers["Location"],
                content=piece,
                headers={**BYTES, "Upload-Offset": str(start)},
            )
            assert answer.status_code == 204, answer.text


def test_addresses_origins_and_headers_are_the_true_ones(nginx: Nginx, circle: CareCircle) -> None:
    favre = AtNginx(circle.favre, nginx)
    answer = favre.http.get(f"{API}/groups", headers={"X-Forwarded-For": SPOOFED})
    assert answer.status_code == 200
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]
    rows = circle.administrator.get("/trace", action="group:list").json["items"]
    assert rows[0]["address"] == "127.0.0.1"

    path = f"{API}/account/notifications"
    chosen = favre.http.get(path).json()
    for origin, status in ((nginx.url, 200), ("https://evil.test", 403)):
        assert favre.http.put(path, json=chosen, headers={"Origin": origin}).status_code == status
    assert favre.http.get("/metrics").status_code == 404
    assert favre.http.get("/").headers["content-type"].startswith("text/html")


def test_nginx_takes_uploads_and_hands_files_over_itself(nginx: Nginx, circle: CareCircle) -> None:
    blob = SealedBlob(3_000_000)
    case = circle.open_case()
    assert case.post(circle.favre, attachments=[blob.announced]).status_code == 201
    AtNginx(circle.favre, nginx).send(case, blob)

    blanc = AtNginx(circle.blanc, nginx)
    whole = blanc.http.get(f"{API}/attachments/{blob.id}")
    assert whole.status_code == 200 and whole.content == blob.raw
    assert whole.headers["Cache-Control"] == "no-store"
    assert "x-accel-redirect" not in whole.headers
    part = blanc.http.get(f"{API}/attachments/{blob.id}", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206 and part.content == blob.raw[100:200]

    inside = f"/_blobs/{blob.id.replace('-', '')[:2]}/{blob.id}"
    assert blanc.http.get(inside).status_code == 404
    stranger = AtNginx(circle.vidal, nginx)
    assert stranger.http.get(f"{API}/attachments/{blob.id}").status_code == 404


def test_sockets_pass_and_hear_what_happens(nginx: Nginx, circle: CareCircle) -> None:
    case = circle.open_case()
    heard: list[Any] = []
    trusting = live_context()
    trusting.load_verify_locations(nginx.certificate)
    blanc = socketio.Client(
        reconnection=False, websocket_extra_options={"sslopt": {"context": trusting}}
    )
    blanc.on("message:posted", heard.append)
    blanc.connect(
        nginx.url,
        headers={"Cookie": AtNginx(circle.blanc, nginx).cookie},
        transports=["websocket"],
        wait_timeout=PATIENCE,
    )
    try:
        assert blanc.call("case:join", {"case": case.id}, timeout=PATIENCE)["code"] == "ok"
        message = case.message(circle.favre, "Depuis ce matin")
        ident = message.pop("id")
        answer = AtNginx(circle.favre, nginx).http.put(
            f"{API}/cases/{case.id}/messages/{ident}", json=message
        )
        assert answer.status_code == 201, answer.text
        for _ in range(600):
            if heard:
                break
            blanc.sleep(0.1)
        assert [one["id"] for one in heard] == [ident]
    finally:
        blanc.disconnect()
