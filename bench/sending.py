"""Sends one file by tus PATCHes over one plain connection; a process of its own beside the chat.

`python -m bench.sending` reads an order as JSON on standard input and prints the seconds it took.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from protocol.shapes import PART_SIZE, sealed_size

PART = sealed_size(PART_SIZE)
"""Bytes of one PATCH: a part of 8 MiB, sealed."""


@dataclass(frozen=True)
class Order:
    """Where to send how much. `create` is the address that makes the upload, if one is needed."""

    port: int
    size: int
    headers: dict[str, str] = field(default_factory=dict)
    create: str | None = None
    metadata: str = ""
    path: str = ""
    bytes_per_second: int | None = None
    """A pace to keep; None for as fast as it goes."""

    def as_json(self) -> str:
        return json.dumps(asdict(self))


class SendingFailed(Exception):
    """The server answered something else than what tus promises."""


class Line:
    """One HTTP/1.1 connection, kept alive; just enough to send bytes and read a status."""

    def __init__(self, order: Order) -> None:
        self.socket = socket.create_connection(("127.0.0.1", order.port), 120)
        self.headers = {
            "Host": f"localhost:{order.port}",
            "Tus-Resumable": "1.0.0",
            **order.headers,
        }

    def ask(self, method: str, path: str, extra: dict[str, str], body: Any = b"") -> dict[str, str]:
        """One request; the headers of its answer. Raises SendingFailed unless 2xx."""
        fields = {**self.headers, **extra, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.socket.sendall(body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = self.socket.recv(65536)
            if not piece:
                raise SendingFailed(f"{method} {path}: the connection was closed")
            answer += piece
        lines = answer.split(b"\r\n\r\n", 1)[0].decode().split("\r\n")
        if lines[0].split()[1][0] != "2":
            raise SendingFailed(f"{method} {path}: {answer.decode(errors='replace')[:600]}")
        return {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}


def send(order: Order) -> float:
    """Send a whole file; the seconds from the first PATCH to the last answer."""
    line = Line(order)
    path = order.path
    if order.create:
        made = {"Upload-Length": str(order.size)}
        if order.metadata:
            made["Upload-Metadata"] = order.metadata
        location = line.ask("POST", order.create, made)["location"]
        path = "/" + location.split("://", 1)[-1].split("/", 1)[1]
    part = memoryview(os.urandom(PART))
    begin, sent = time.perf_counter(), 0
    while sent < order.size:
        body = part[: min(PART, order.size - sent)]
        extra = {"Upload-Offset": str(sent), "Content-Type": "application/offset+octet-stream"}
        line.ask("PATCH", path, extra, body)
        sent += len(body)
        if order.bytes_per_second:
            ahead = sent / order.bytes_per_second - (time.perf_counter() - begin)
            time.sleep(max(0.0, ahead))
    return time.perf_counter() - begin


if __name__ == "__main__":
    print(send(Order(**json.load(sys.stdin))))
