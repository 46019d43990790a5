"""What may come over a socket, before any handler sees it.

Engine.IO lets anybody open a connection; who it is, is asked by Socket.IO's CONNECT only. And
Socket.IO runs whatever handler an event names, its own `connect` and `disconnect` included. So
here, for everybody: bounded messages, read no faster than they are handled; text only; events
that exist only. Whoever sends something else is hung up on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

import structlog
from simple_websocket.ws import Server

log = structlog.get_logger()

WAITING_MESSAGES = 32
"""Messages of one socket read ahead of its handlers; then TCP holds the sender back."""
CONNECT, BINARY_EVENT, BINARY_ACK = "0", "5", "6"
"""First characters of packets (socket.io-protocol, revision 5)."""


class BoundedServer(Server):
    """A WebSocket that holds little of what its peer sends ahead, and whose frames leave whole."""

    pause: Callable[[float], object]

    def __init__(self, environ: dict[str, Any], **options: Any) -> None:
        # Ciphertext does not shrink, and each compressing connection holds 90 KiB.
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        super().__init__(environ, **options)  # type: ignore[no-untyped-call]
        # Its reading greenlet, which answers pings, runs for the first time after this.
        self.sock = _WholeSends(self.sock)

    def send(self, data: str | bytes) -> None:
        """Send one message as one frame; every message to everybody passes here."""
        if not self.connected or isinstance(data, bytes):
            super().send(data)  # type: ignore[no-untyped-call]
        else:
            self.sock.send(text_frame(data))

    def _handle_events(self) -> bool:
        going = bool(super()._handle_events())  # type: ignore[no-untyped-call]
        while going and self.connected and len(self.input_buffer) > WAITING_MESSAGES:
            self.pause(0.01)
        return going


class _WholeSends:
    """A socket whose `send` sends everything, one caller after the other.

    A plain one sends what fits into the kernel's buffer: over a slow line the rest of a frame
    would be lost, or another frame would begin inside it.
    """

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.recv = sock.recv
        self.fileno = sock.fileno
        self.close = sock.close
        self.turn = threading.Lock()

    def send(self, data: bytes) -> int:
        with self.turn:
            sent = self.sock.send(data)
            if sent < len(data):
                self.sock.sendall(memoryview(data)[sent:])
        return len(data)


def text_frame(text: str) -> bytes:
    """A whole text message as a server sends it: final, unmasked (RFC 6455 section 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def guard_wire(server: Any, events: Collection[str]) -> None:
    """Let only text packets of known `events` reach the handlers of `server`."""
    handle_message, handle_event = server.eio.handlers["message"], server._handle_event

    def message(eio_sid: str, data: object) -> None:
        try:
            if not isinstance(data, str) or data[:1] in (BINARY_EVENT, BINARY_ACK):
                # Binary parts would be collected, as many as the sender says, until all are there.
                raise ValueError("text only")
            if data[:1] == CONNECT and server.manager.sid_from_eio_sid(eio_sid, "/"):
                raise ValueError("connected already")
            handle_message(eio_sid, data)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            log.warning("socket_packet_refused")
            server.eio.disconnect(eio_sid)

    def event(eio_sid: str, namespace: str | None, ack: int | None, data: Any) -> None:
        if not isinstance(data, list) or not data or data[0] not in events:
            raise ValueError("no such event")
        handle_event(eio_sid, namespace, ack, data)

    server.eio.on("message", message)
    server._handle_event = event
    if server.eio.async_mode == "gevent":
        server.eio._async = {**server.eio._async, "websocket": _bounded_websocket()}


def hang_up_on_strangers(server: Any, known: set[str]) -> set[str]:
    """Cut connections that were nobody's at the last call (`known`) and still are; who to cut next.

    Nobody's: never said who they are, or were refused, and keep the line.
    """
    strangers = {
        eio_sid
        for eio_sid in list(server.eio.sockets)
        if not server.manager.sid_from_eio_sid(eio_sid, "/")
    }
    for eio_sid in strangers & known:
        server.eio.disconnect(eio_sid)
    return strangers - known


def _bounded_websocket() -> type:
    """Engine.IO's WebSocket for gevent, on `BoundedServer`, with the same limit as polling."""
    import gevent
    import gevent.event
    from engineio.async_drivers.gevent import WebSocketWSGI

    class Connection(BoundedServer):
        pause = staticmethod(gevent.sleep)

    class BoundedWebSocket(WebSocketWSGI):
        def __init__(self, handler: Any, server: Any) -> None:
            super().__init__(handler, server)  # type: ignore[no-untyped-call]
            self.server_args["max_message_size"] = server.max_http_buffer_size
            # A patched threading.Event costs ten times as much, for each message received.
            self.server_args["event_class"] = gevent.event.Event

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            self.ws = Connection(environ, **self.server_args)
            self.app(self)
            raise StopIteration  # how gunicorn is told that the socket is no longer its own

    return BoundedWebSocket
