"""Live events over Socket.IO. A hint, never the truth: what matters is fetched and verified.

``follow`` gives every message of a case once and in order, whatever the line does: a gap in the
sequence, or a reconnection, is filled over HTTP before anything later is handed over.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any

from client.account import OwnAccount
from client.errors import CordeeError, NetworkDown, NotSignedIn, Refused
from client.sealing import Message
from client.thread import Sealed, Thread
from client.tls import live_context
from client.transport import Transport
from client.verdicts import Reporting

if TYPE_CHECKING:
    import socketio

EVENTS = (
    "message:posted",
    "case:changed",
    "receipt:changed",
    "typing:changed",
    "presence:changed",
    "attachment:stored",
    "circle:changed",
    "case:left",
    "group:changed",
    "group:left",
    "account:changed",
    "seal:reported",
    "session:revoked",
)
LEAVING = frozenset({"case:left", "group:left"})
OWED = frozenset({"group:changed", "circle:changed", "account:changed"}) | LEAVING
"""Events after which keys may be owed to others, or are no longer one's own."""
OWED_WITHIN = 0.5
"""Seconds over which those who heard the same event spread what they do about it."""
ANSWER_WITHIN = 20
"""Seconds to wait for an acknowledgement."""

Listener = Callable[[dict[str, Any]], None]
OnMessage = Callable[[Message], None]
OnBroken = Callable[[CordeeError], None]


class Live(Reporting):
    """One socket, opened on first use. Listeners run in the socket's own thread."""

    def __init__(
        self,
        transport: Transport,
        own: OwnAccount,
        thread: Thread,
        owed: Callable[[str, dict[str, Any]], None] | None = None,
    ) -> None:
        self._transport = transport
        self._own = own
        self._thread = thread
        self._owed = owed
        """Told, in a thread of its own, of events after which others may wait for something."""
        self._waiting: set[str] = set()
        self._lock = RLock()
        self._listeners: dict[str, list[Listener]] = {}
        self._followed: dict[str, _Followed] = {}
        self._socket: socketio.Client | None = None

    def on(self, event: str, listener: Listener) -> None:
        """Hear an event as the server tells it: unverified, and possibly not every one."""
        if event not in EVENTS:
            raise ValueError(f"no such event: {event}")
        self._listeners.setdefault(event, []).append(listener)
        self.connect()

    def connect(self) -> None:
        """Open the socket; it reconnects by itself from then on. Raises ``NotSignedIn``."""
        if self._socket is not None:
            return
        cookies = "; ".join(f"{name}={value}" for name, value in self._transport.cookies.items())
        if not cookies:
            raise NotSignedIn("not_signed_in", 401, "sign in first", {})
        import socketio  # heavy, and only needed by those who listen

        socket = socketio.Client(
            reconnection_delay_max=15,
            randomization_factor=0.5,
            websocket_extra_options={"sslopt": {"context": live_context()}},
        )
        for event in EVENTS:
            socket.on(event, lambda payload, event=event: self._heard(event, payload))
        socket.on("connect", self._connected)
        try:
            socket.connect(
                self._transport.base_url,
                headers={"Cookie": cookies},
                transports=["websocket"],
                wait_timeout=ANSWER_WITHIN,
            )
        except socketio.exceptions.ConnectionError as error:
            raise NetworkDown(f"live events: {error}") from error
        self._socket = socket

    def close(self) -> None:
        """Hear nothing more."""
        if self._socket is not None:
            self._socket.disconnect()
            self._socket = None
        self._followed.clear()
        self._listeners.clear()

    def follow(
        self, case: str, on_message: OnMessage, *, after: int = 0, on_broken: OnBroken | None = None
    ) -> dict[str, Any]:
        """Hand over every message after ``after``, verified, in order, each once.

        A message whose seal is broken stops this case: ``on_broken`` is told, or the error is
        raised where it is met. Gives the server's answer (who is present, what is read).
        """
        self.connect()
        followed = _Followed(case, after, on_message, on_broken)
        with self._lock:
            self._followed[case] = followed
        return self._join(followed)

    def leave(self, case: str) -> None:
        with self._lock:
            self._followed.pop(case, None)
        self.call("case:leave", {"case": case})

    def post(self, case: str, text: str, *, reply_to: str | None = None) -> int:
        """A text by the socket; gives its sequence number. Falls back to nothing: use
        ``Thread.post`` where the line is bad."""
        body = {"text": text, **({"reply_to": reply_to} if reply_to else {})}

        def send(case: str, sealed: Sealed) -> dict[str, Any]:
            return self.call("message:post", {"case": case, **sealed.within_step()})

        sequence = self._thread.deliver(case, "text", body, send)
        assert sequence is not None
        return sequence

    def read(self, case: str, sequence: int) -> None:
        self.call("receipt:post", {"case": case, "read": sequence})

    def typing(self, case: str, on: bool) -> None:
        self.call("typing:post", {"case": case, "on": on})

    def away(self, away: bool) -> None:
        self.call("presence:post", {"away": away})

    def call(self, event: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """One event and its acknowledgement. Raises ``Refused`` and ``NetworkDown``."""
        self.connect()
        assert self._socket is not None
        from socketio.exceptions import SocketIOError

        try:
            ack = self._socket.call(event, dict(payload), timeout=ANSWER_WITHIN)
        except (SocketIOError, OSError) as error:
            raise NetworkDown(f"{event}: {type(error).__name__}") from error
        if not isinstance(ack, dict) or ack.get("code") != "ok":
            problem = ack if isinstance(ack, dict) else {"code": "refused"}
            raise Refused.of(problem, int(problem.get("status", 400)))
        return ack

    # inside

    def _connected(self) -> None:
        """After a reconnection rooms are left: join again and fetch what was missed.

        In a thread of its own, since an event handler may not wait for an acknowledgement.
        """
        if self._socket is not None:
            self._socket.start_background_task(self._rejoin)

    def _rejoin(self) -> None:
        for followed in list(self._followed.values()):
            try:
                self._join(followed)
            except CordeeError as error:
                followed.fail(error)

    def _join(self, followed: _Followed) -> dict[str, Any]:
        answer = self.call("case:join", {"case": followed.case, "after": followed.last})
        with self._lock:
            self._deliver(followed, answer.get("messages", []))
            if int(answer.get("last_sequence", 0)) > followed.last:
                self._catch_up(followed)
        return answer

    def _heard(self, event: str, payload: dict[str, Any]) -> None:
        if event == "message:posted" and (followed := self._followed.get(str(payload["case"]))):
            with self._lock:
                try:
                    if int(payload["sequence"]) > followed.last + 1:
                        self._catch_up(followed)
                    self._deliver(followed, [payload])
                except CordeeError as error:
                    followed.fail(error)
        if event in OWED and self._socket is not None:
            self._socket.start_background_task(self._tell_owed, event, payload)
        for listener in self._listeners.get(event, ()):
            listener(payload)

    def _tell_owed(self, event: str, payload: dict[str, Any]) -> None:
        """Wait a moment, since everybody online heard the same; once for several events alike."""
        key = event if event not in LEAVING else f"{event} {payload}"
        with self._lock:
            if self._owed is None or key in self._waiting:
                return
            self._waiting.add(key)
        if event not in LEAVING:
            time.sleep(random.uniform(0, OWED_WITHIN))  # noqa: S311 - only spreads the load
        self._waiting.discard(key)
        if self._socket is not None:  # closed while we waited
            self._owed(event, payload)

    def _catch_up(self, followed: _Followed) -> None:
        for message in self._thread.since(followed.case, followed.last):
            followed.hand_over(message)

    def _deliver(self, followed: _Followed, rows: list[Mapping[str, Any]]) -> None:
        new = [row for row in rows if int(row["sequence"]) > followed.last]
        for message in self._thread.verify(followed.case, new):
            if message.sequence > followed.last + 1:
                self._catch_up(followed)
            followed.hand_over(message)


class _Followed:
    """A case somebody listens to, and how far they have heard."""

    def __init__(
        self, case: str, last: int, on_message: OnMessage, on_broken: OnBroken | None
    ) -> None:
        self.case = case
        self.last = last
        self._on_message = on_message
        self._on_broken = on_broken

    def hand_over(self, message: Message) -> None:
        if message.sequence > self.last:
            self.last = message.sequence
            self._on_message(message)

    def fail(self, error: CordeeError) -> None:
        if self._on_broken is None:
            raise error
        self._on_broken(error)
