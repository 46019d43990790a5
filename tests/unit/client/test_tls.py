"""A TLS connection that one thread reads while another writes, as live events need it."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from client.tls import live_context
from tests.support.nginx import certify

PIECE = bytes(range(256)) * 2
PIECES = 20_000


class Echo:
    """Sends back what comes, over TLS, from an event loop in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "certificate.pem"
        certify(self.certificate, folder / "key.pem")
        port: Future[int] = Future()
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve(folder, port)])
        self._thread.start()
        self.port = port.result(60)

    async def _serve(self, folder: Path, port: Future[int]) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "key.pem")
        server = await asyncio.start_server(self._echo, "127.0.0.1", 0, ssl=context)
        port.set_result(server.sockets[0].getsockname()[1])
        await self._over.wait()

    @staticmethod
    async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(4096):
            if piece == b"silence":
                continue
            writer.write(piece)
            await writer.drain()
        writer.close()

    def connect(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        context.load_verify_locations(self.certificate)
        plain = socket.create_connection(("127.0.0.1", self.port), 60)
        return context.wrap_socket(plain, server_hostname="localhost")

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Echo]:
    server = Echo(tmp_path)
    yield server
    server.stop()


def test_nothing_is_lost_between_two_threads(echo: Echo) -> None:
    line = echo.connect(live_context())
    said = hashlib.sha256()

    def write() -> None:
        for _ in range(PIECES):
            rest = PIECE
            while rest:
                rest = rest[line.send(rest) :]
            said.update(PIECE)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    heard, size = hashlib.sha256(), 0
    while size < PIECES * len(PIECE) and (piece := line.recv(4096)):
        heard.update(piece)
        size += len(piece)
    writer.join(60)
    line.close()
    assert (size, heard.digest()) == (PIECES * len(PIECE), said.digest())


def test_silence_ends_after_the_time_given(echo: Echo) -> None:
    line = echo.connect(live_context())
    line.send(b"silence")
    line.settimeout(0.2)
    with pytest.raises(TimeoutError):
        line.recv(1)
    line.settimeout(0)
    with pytest.raises(ssl.SSLWantReadError):
        line.recv(1)
    line.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        line.recv(1)


def test_a_stranger_s_certificate_is_refused(echo: Echo) -> None:
    plain = socket.create_connection(("127.0.0.1", echo.port), 60)
    with pytest.raises(ssl.SSLCertVerificationError):
        live_context().wrap_socket(plain, server_hostname="localhost")
    plain.close()
