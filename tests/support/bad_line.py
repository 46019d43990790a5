"""The line between a browser and the server: it can be cut, held, slowed, and listened to.

A TCP relay in a thread of its own. Unlike the browser's own emulation it also reaches service
workers, WebSockets and half-open connections, and it hears what no page shows: every byte.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

CHUNK = 64 * 1024
ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER at zero: close with a reset, as a lost radio cell does."""


class BadLine:
    """Listens on a free loopback port and relays to `target`, in the state it was last put in."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.heard: list[Conversation] = []
        self._cut = False
        self._rate: float | None = None
        self._swaps: tuple[tuple[bytes, bytes], ...] = ()
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._thread.start()
        if not self._ready.wait(60):
            raise TimeoutError("the line did not open")

    @property
    def url(self) -> str:
        """By name: browsers count localhost as a secure context, and cookies bind to it."""
        return f"http://localhost:{self.port}"

    def cut(self) -> None:
        """Reset what is connected and refuse the rest, until `mend`."""
        self._tell(self._cut_now)

    def mend(self) -> None:
        """Relay again, and what is said as it is said."""

        def whole() -> None:
            self._cut, self._swaps = False, ()

        self._tell(whole)

    def drop(self) -> None:
        """Reset what is connected; the next attempt gets through."""
        self._tell(self._abort_all)

    def slow(self, bytes_per_second: float | None) -> None:
        """Relay each connection no faster, both ways; None for as fast as it goes."""
        self._tell(lambda: setattr(self, "_rate", bytes_per_second))

    def rewrite(self, words: bytes, others: bytes) -> None:
        """Hand others over in the place of these words, as a newer release would; of one length.

        Nothing is asked conditionally meanwhile: the true server would say that nothing changed.
        """
        assert len(words) == len(others), "lengths are announced in headers"
        swaps = ((words, others), (b"If-None-Match:", b"X-None-Matchs:"))
        swaps = (*swaps, (b"If-Modified-Since:", b"X-Modified-Sincee:"))
        self._tell(lambda: setattr(self, "_swaps", swaps))

    def sent(self) -> int:
        """Bytes that browsers have sent so far."""
        return sum(len(conversation.up) for conversation in self.heard)

    def forget(self) -> None:
        """Drop what was heard, to listen to what comes."""
        self._tell(self.heard.clear)

    def close(self) -> None:
        self._tell(self._cut_now)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def _tell(self, act: Callable[[], None]) -> None:
        """Do it inside the loop, and return when it is done."""
        done: Future[None] = Future()

        def perform() -> None:
            act()
            done.set_result(None)

        self._loop.call_soon_threadsafe(perform)
        done.result(60)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._relay, "127.0.0.1", 0, backlog=256)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _cut_now(self) -> None:
        self._cut = True
        self._abort_all()

    def _abort_all(self) -> None:
        for writer in list(self._writers):
            _reset(writer)

    async def _relay(self, near_in: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        if self._cut:
            _reset(near)
            return
        try:
            far_in, far = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(near)
            return
        conversation = Conversation()
        self.heard.append(conversation)
        pair = {near, far}
        self._writers |= pair
        try:
            await asyncio.gather(
                self._pass(near_in, far, conversation.up),
                self._pass(far_in, near, conversation.down),
            )
        finally:
            self._writers -= pair
            for writer in pair:
                writer.close()

    async def _pass(
        self, source: asyncio.StreamReader, drain: asyncio.StreamWriter, kept: bytearray
    ) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK if self._rate is None else 4096):
                kept += data
                for words, others in self._swaps:
                    data = data.replace(words, others)
                drain.write(data)
                await drain.drain()
                if self._rate is not None:
                    await asyncio.sleep(len(data) / self._rate)
            if drain.can_write_eof():
                drain.write_eof()


class Conversation:
    """One TCP connection, as it was said."""

    def __init__(self) -> None:
        self.up = bytearray()
        self.down = bytearray()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    writer.transport.abort()
