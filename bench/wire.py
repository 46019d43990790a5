"""A Socket.IO client small enough that the load generator is not what is measured.

Engine.IO 4 over raw WebSocket frames (RFC 6455), one asyncio protocol per client, no buffering
library: one process holds ten thousand of them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

MASK = b"\0\0\0\0"


def frame(text: str) -> bytes:
    """A client text frame. The zero mask keeps the payload as it is, as RFC 6455 allows."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, 0x80 | size)) + MASK + payload
    if size < 65536:
        return b"\x81\xfe" + size.to_bytes(2, "big") + MASK + payload
    return b"\x81\xff" + size.to_bytes(8, "big") + MASK + payload


class SocketClient(asyncio.Protocol):
    """One connected client. `on_event(name, payload)` hears what the server says."""

    def __init__(self, host: str, cookie: str, on_event: Callable[[str, Any], None]) -> None:
        self.host = host
        self.cookie = cookie
        self.on_event = on_event
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.acks: dict[int, Callable[[Any], None]] = {}
        self.counter = 0
        self.buffer = b""
        self.upgraded = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        self.transport.write(
            (
                "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                f"Host: {self.host}\r\nOrigin: http://{self.host}\r\n{cookie}"
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if not self.upgraded:
            head, separator, rest = self.buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.ready.set_exception(ConnectionError(head.split(b"\r\n", 1)[0].decode()))
                self.transport.close()
                return
            self.upgraded, self.buffer = True, rest
        self._frames()

    def _frames(self) -> None:
        buffer, at = self.buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1] & 0x7F, at + 2
            if size == 126:
                if len(buffer) - at < 4:
                    break
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                if len(buffer) - at < 10:
                    break
                size, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < start + size:
                break
            if buffer[at] & 0x0F == 1:
                self._packet(buffer[start : start + size])
            at = start + size
        self.buffer = buffer[at:]

    def _packet(self, packet: bytes) -> None:
        if packet == b"2":
            self.transport.write(frame("3"))
        elif packet.startswith(b"0"):
            self.transport.write(frame("40"))
        elif packet.startswith(b"40"):
            self.ready.set_result(None)
        elif packet.startswith(b"44"):
            self.ready.set_exception(ConnectionRefusedError(packet.decode()))
        elif packet.startswith(b"42"):
            name, payload = json.loads(packet[2:])
            self.on_event(name, payload)
        elif packet.startswith(b"43"):
            number, _, body = packet[2:].partition(b"[")
            self.acks.pop(int(number))(json.loads(b"[" + body)[0])

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionError("closed during the handshake"))

    def call(self, event: str, payload: Any, then: Callable[[Any], None]) -> None:
        """Send an event; `then(ack)` runs when the server has acknowledged it."""
        self.counter += 1
        self.acks[self.counter] = then
        self.transport.write(frame(f"42{self.counter}{json.dumps([event, payload])}"))

    async def ask(self, event: str, payload: Any) -> Any:
        """Send an event and wait for its acknowledgement."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.call(event, payload, answer.set_result)
        return await answer


async def connect(port: int, cookie: str, on_event: Callable[[str, Any], None]) -> SocketClient:
    """Connect, upgrade and enter the namespace. Raises ConnectionError when refused."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: SocketClient(f"localhost:{port}", cookie, on_event), "127.0.0.1", port
    )
    await asyncio.wait_for(client.ready, 30)
    return client
