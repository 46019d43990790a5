"""A Socket.IO client small enough that the load generator is not what is measured.

Engine.IO 4 over raw WebSocket frames (RFC 6455), one asyncio protocol per client, no buffering
library: one process holds ten thousand of them. Events are handed on unparsed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

MASK = b"\0\0\0\0"
Hear = Callable[["SocketClient", bytes], None]
"""Called with each event packet as it came: `42["name",{…}]`."""


def frame(payload: bytes) -> bytes:
    """A client text frame. The zero mask keeps the payload as it is, as RFC 6455 allows."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, 0x80 | size)) + MASK + payload
    if size < 65536:
        return b"\x81\xfe" + size.to_bytes(2, "big") + MASK + payload
    return b"\x81\xff" + size.to_bytes(8, "big") + MASK + payload


class SocketClient(asyncio.Protocol):
    """One connected client."""

    def __init__(self, host: str, cookie: str, hear: Hear) -> None:
        self.host = host
        self.cookie = cookie
        self.hear = hear
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
                self._refuse(ConnectionError(head.split(b"\r\n", 1)[0].decode()))
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
            kind = buffer[at] & 0x0F
            if kind == 1:
                self._packet(buffer[start : start + size])
            elif kind == 8:
                self.transport.close()
            elif kind == 9:
                self.transport.write(b"\x8a\x80" + MASK)
            at = start + size
        self.buffer = buffer[at:]

    def _packet(self, packet: bytes) -> None:
        if packet.startswith(b"42"):
            self.hear(self, packet)
        elif packet.startswith(b"43"):
            number, _, body = packet[2:].partition(b"[")
            self.acks.pop(int(number))(json.loads(b"[" + body)[0])
        elif packet == b"2":
            self.transport.write(frame(b"3"))
        elif packet.startswith(b"0"):
            self.transport.write(frame(b"40"))
        elif packet.startswith(b"40"):
            if not self.ready.done():
                self.ready.set_result(None)
        elif packet.startswith(b"44"):
            self._refuse(ConnectionRefusedError(packet.decode()))

    def _refuse(self, reason: Exception) -> None:
        if not self.ready.done():
            self.ready.set_exception(reason)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionError("closed during the handshake"))

    def call(self, event: str, payload: bytes, then: Callable[[Any], None]) -> None:
        """Send an event, its payload in JSON; `then(ack)` runs when the server acknowledged it."""
        self.counter += 1
        self.acks[self.counter] = then
        self.transport.write(frame(b'42%d["%s",%s]' % (self.counter, event.encode(), payload)))

    async def ask(self, event: str, payload: dict[str, Any]) -> Any:
        """Send an event and wait for its acknowledgement."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.call(event, json.dumps(payload).encode(), answer.set_result)
        return await asyncio.wait_for(answer, 60)


async def connect(port: int, cookie: str, hear: Hear) -> SocketClient:
    """Connect, upgrade and enter the namespace. Raises ConnectionError when refused."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: SocketClient(f"localhost:{port}", cookie, hear), "127.0.0.1", port
    )
    await asyncio.wait_for(client.ready, 60)
    return client
