"""Group rooms follow the rolls: a new member's sockets enter at once, a former one's leave.

Each process moves its own sockets; where several serve, Redis carries the change to the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.config import Config
from app.extensions import socketio
from auth.sockets import sids_of

log = structlog.get_logger()

CHANNEL = "cordee:rolls"
_process = str(uuid4())
_redis_url: str | None = None
_leave_cases: Callable[[str], None] = lambda sid: None  # noqa: E731


def bind(config: Config, leave_cases: Callable[[str], None]) -> None:
    """Listen to other processes; `leave_cases(sid)` takes a socket out of what it looks at."""
    global _redis_url, _leave_cases
    _leave_cases = leave_cases
    if config.redis_url and config.redis_url != _redis_url:
        Thread(target=_listen, args=(config.redis_url,), name="rolls", daemon=True).start()
    _redis_url = config.redis_url


def move_members(room: str, joined: Iterable[UUID], left: Iterable[UUID]) -> None:
    """Let sockets into a group's room and others out of it, on every process."""
    joined, left = list(joined), list(left)
    _move(room, joined, left)
    if _redis_url and (joined or left):
        told = {
            "from": _process,
            "room": room,
            "joined": [str(one) for one in joined],
            "left": [str(one) for one in left],
        }
        try:
            Redis.from_url(_redis_url).publish(CHANNEL, json.dumps(told))
        except RedisError:
            log.exception("rolls_not_told")


def _move(room: str, joined: Iterable[UUID], left: Iterable[UUID]) -> None:
    server: Any = socketio.server
    for account_id in joined:
        for sid in sids_of(account_id):
            server.enter_room(sid, room)
    for account_id in left:
        for sid in sids_of(account_id):
            server.leave_room(sid, room)
            _leave_cases(sid)


def _listen(url: str) -> None:
    while True:
        try:
            redis: Any = Redis.from_url(url)
            subscription = redis.pubsub(ignore_subscribe_messages=True)
            subscription.subscribe(CHANNEL)
            for heard in subscription.listen():
                told = json.loads(heard["data"])
                if told["from"] != _process:
                    _move(told["room"], map(UUID, told["joined"]), map(UUID, told["left"]))
        except (RedisError, OSError, ValueError):
            log.exception("rolls_not_heard")
            socketio.sleep(1)
