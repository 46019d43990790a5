"""The real tus-js-client, in Node, against the served application."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.factories.care import CareCircle, SealedCase
from tests.factories.people import Person
from tests.support.cutting import CuttingLine
from tests.support.live import COOKIE, PATIENCE, LiveHttp
from tests.support.serving import ServedApp

NODE = Path(sys.executable).with_name("node")
SCRIPT = Path(__file__).resolve().parent.parent / "support" / "tus_client.mjs"
MIB = 1024 * 1024


class Sender:
    """Dr Favre's device, with a file it has announced."""

    def __init__(self, person: Person, case: SealedCase, folder: Path, size: int) -> None:
        self.person, self.case = person, case
        self.attachment = str(uuid4())
        self.file = folder / self.attachment
        digest = hashlib.sha256()
        with self.file.open("wb") as file:
            for start in range(0, size, MIB):
                piece = os.urandom(min(MIB, size - start))
                digest.update(piece)
                file.write(piece)
        self.sha256 = digest.hexdigest()
        announced = case.post(person, attachments=[{"id": self.attachment, "size": size}])
        assert announced.status_code == 201, announced.text

    @property
    def http(self) -> LiveHttp:
        assert isinstance(self.person.http, LiveHttp)
        return self.person.http

    def order(self, **changes: Any) -> str:
        return json.dumps(
            {
                "url": self.http.url,
                "cookie": f"{COOKIE}={self.http.token}",
                "csrf": self.person.csrf,
                "case": self.case.id,
                "attachment": self.attachment,
                "file": str(self.file),
                **changes,
            }
        )

    def send(self, **changes: Any) -> dict[str, Any]:
        done = subprocess.run(
            [str(NODE), str(SCRIPT)],
            input=self.order(**changes),
            text=True,
            capture_output=True,
            timeout=120,
            check=True,
        )
        return dict(json.loads(done.stdout))

    def begin(self, **changes: Any) -> subprocess.Popen[str]:
        node = subprocess.Popen(
            [str(NODE), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert node.stdin
        node.stdin.write(self.order(**changes))
        node.stdin.close()
        return node

    def arrived(self) -> str:
        """SHA-256 of what a reader gets."""
        digest = hashlib.sha256()
        path = f"/api/v1/attachments/{self.attachment}"
        with self.http.client.stream("GET", path) as answer:
            assert answer.status_code == 200
            for piece in answer.iter_bytes():
                digest.update(piece)
            assert answer.headers["ETag"] == f'"{digest.hexdigest()}"'
        return digest.hexdigest()


@pytest.fixture
def case(care_circle: CareCircle) -> SealedCase:
    return care_circle.open_case()


@pytest.mark.parametrize("how", [{}, {"chunk": 700_001}, {"during": True, "chunk": 3 * MIB}])
def test_it_sends_a_file(
    care_circle: CareCircle, case: SealedCase, tmp_path: Path, how: dict[str, Any]
) -> None:
    sender = Sender(care_circle.favre, case, tmp_path, 10 * MIB + 17)
    result = sender.send(**how)
    assert "error" not in result, result
    assert result["requests"][0][:2] == ["POST", 201]
    assert {status for _, status, _ in result["requests"][1:]} <= {204}
    assert sender.arrived() == sender.sha256


def test_it_goes_on_after_cuts(
    care_circle: CareCircle, case: SealedCase, tmp_path: Path, server: ServedApp
) -> None:
    sender = Sender(care_circle.favre, case, tmp_path, 12 * MIB)
    line = CuttingLine(server.port, 3 * MIB, cuts=3)
    # Another origin than the configured one would be refused by the CSRF check: none is sent.
    result = sender.send(url=line.url)
    line.close()
    assert "error" not in result, result
    assert line.made == 3
    assert result["retries"] >= 3
    offsets = [int(o) for method, status, o in result["requests"] if method == "HEAD" and o]
    assert offsets, "it asked where to go on"
    # Under load the first question may overtake the bytes that were cut before it.
    assert max(offsets) >= 6 * MIB, "and what had arrived before the cuts was kept"
    assert offsets == sorted(offsets)
    assert sender.arrived() == sender.sha256


def test_it_goes_on_after_the_server_was_killed(
    care_circle: CareCircle, case: SealedCase, tmp_path: Path, server: ServedApp
) -> None:
    sender = Sender(care_circle.favre, case, tmp_path, 40 * MIB)
    # In chunks: a client that hands over everything at once may be done before it can stop.
    aborted = sender.send(abortAt=20 * MIB, chunk=8 * MIB)
    assert aborted.get("aborted"), aborted
    server.kill()
    server.start()
    result = sender.send(resume=aborted["url"])
    assert "error" not in result, result
    method, status, offset = result["requests"][0]
    assert (method, status) == ("HEAD", 200)
    assert int(offset) >= 8 * MIB
    assert sender.arrived() == sender.sha256


def high_water(process: int) -> int:
    """Most memory a process and its children ever held, in bytes."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    total = 0
    for pid in [process, *map(int, children)]:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                total += int(line.split()[1]) * 1024
    return total


def test_memory_does_not_grow_with_the_file(
    care_circle: CareCircle, case: SealedCase, tmp_path: Path, server: ServedApp
) -> None:
    small = Sender(care_circle.favre, case, tmp_path, MIB)
    assert "error" not in small.send()
    assert small.arrived() == small.sha256
    before = high_water(server.process.pid)
    large = Sender(care_circle.favre, case, tmp_path, 250 * MIB)
    slowest, began = 0.0, time.monotonic()
    node = large.begin()
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as other:
        while node.poll() is None:
            answer = other.get("/healthz")
            slowest = max(slowest, answer.elapsed.total_seconds())
    took = time.monotonic() - began
    assert "error" not in json.loads(node.stdout.read())  # type: ignore[union-attr]
    assert large.arrived() == large.sha256
    assert high_water(server.process.pid) - before < 64 * MIB
    assert slowest < max(2, took / 4), "others are served meanwhile"
