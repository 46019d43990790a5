"""Group rooms follow the rolls: a new member's sockets enter at once, a former one's leave.

Each process moves its own sockets; where several serve, Redis carries the change to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID, uuid4

from app.config import Config
from app.extensions import socketio
from app.relay import Relay
from auth.sockets import sids_of

_process = str(uuid4())
_moves = Relay("cordee:rolls")
_leave_cases: Callable[[str], None] = lambda sid: None  # noqa: E731


def bind(config: Config, leave_cases: Callable[[str], None]) -> None:
    """Listen to other processes; `leave_cases(sid)` takes a socket out of what it looks at."""
    global _leave_cases
    _leave_cases = leave_cases
    _moves.bind(config, _hear)


def move_members(room: str, joined: Iterable[UUID], left: Iterable[UUID]) -> None:
    """Let sockets into a group's room and others out of it, on every process."""
    joined, left = list(joined), list(left)
    _move(room, joined, left)
    if joined or left:
        _moves.tell(
            {
                "from": _process,
                "room": room,
                "joined": [str(one) for one in joined],
                "left": [str(one) for one in left],
            }
        )


def _hear(told: dict[str, Any]) -> None:
    if told["from"] != _process:
        _move(told["room"], map(UUID, told["joined"]), map(UUID, told["left"]))


def _move(room: str, joined: Iterable[UUID], left: Iterable[UUID]) -> None:
    server: Any = socketio.server
    for account_id in joined:
        for sid in sids_of(account_id):
            server.enter_room(sid, room)
    for account_id in left:
        for sid in sids_of(account_id):
            server.leave_room(sid, room)
            _leave_cases(sid)
