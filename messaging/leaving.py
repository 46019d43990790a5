"""People who lost a case are put out of its room at once, on every process.

Each process moves its own sockets; where several serve, Redis carries it to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from app.config import Config
from app.extensions import socketio
from app.relay import Relay, this_process
from auth.sockets import sids_of

Leave = Callable[[str, UUID], None]

_told = Relay("cordee:cases-left")
_leave: Leave | None = None


def bind(config: Config, leave: Leave) -> None:
    """Listen to other processes; `leave(sid, case_id)` takes a socket of this one out."""
    global _leave
    _leave = leave
    _told.bind(config, _hear)


def put_out(case_id: UUID, accounts: Iterable[UUID]) -> None:
    """Tell each person's sockets that the case is no longer theirs, and take them out of it."""
    left = list(accounts)
    _put_out(case_id, left)
    if left:
        _told.tell(
            {"from": this_process(), "case": str(case_id), "accounts": [str(one) for one in left]}
        )


def _hear(told: dict[str, Any]) -> None:
    if told["from"] != this_process():
        _put_out(UUID(told["case"]), map(UUID, told["accounts"]))


def _put_out(case_id: UUID, accounts: Iterable[UUID]) -> None:
    server: Any = socketio.server
    for account_id in accounts:
        for sid in sids_of(account_id):
            # Out of the room before it is said: what the room hears meanwhile never comes after.
            if _leave:
                _leave(sid, case_id)
            # To the socket, not to a room: each process tells its own.
            server.emit("case:left", {"case": str(case_id)}, to=sid)
