"""Who is looking at which case: the sockets of this process, and of the others through Redis.

Nothing here is durable. In Redis a looker is an entry that must be renewed, so that those of a
process that died fade away by themselves.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.config import Config
from app.extensions import socketio

log = structlog.get_logger()

TYPING_EVERY = 1.0
"""Seconds between two signs of typing that are passed on."""
FADES_AFTER = 90
RENEWED_EVERY = 30


@dataclass(frozen=True, slots=True)
class Change:
    """A person appeared in a case or is no longer there."""

    case_id: UUID
    account_id: UUID
    present: bool


class _Here:
    """The lookers of this process."""

    def __init__(self) -> None:
        self.by_case: dict[UUID, dict[str, UUID]] = defaultdict(dict)
        """Case → socket → person."""
        self.by_socket: dict[str, set[UUID]] = defaultdict(set)
        self.away: set[str] = set()
        self.typed: dict[tuple[str, UUID], tuple[bool, float]] = {}

    def present(self, case_id: UUID) -> set[UUID]:
        looking = self.by_case.get(case_id, {})
        return {account for sid, account in looking.items() if sid not in self.away}


class _Elsewhere:
    """The lookers of all processes: one sorted set per case, scored by when each entry fades."""

    def __init__(self, url: str) -> None:
        self.redis: Any = Redis.from_url(url, decode_responses=True)
        self.renewing = False

    def note(self, case_id: UUID, sid: str, account_id: UUID, visible: bool) -> None:
        key, entry = f"cordee:looking:{case_id}", f"{account_id}|{sid}"
        if not visible:
            self.redis.zrem(key, entry)
            return
        with self.redis.pipeline() as pipe:
            pipe.zadd(key, {entry: time.time() + FADES_AFTER})
            pipe.expire(key, FADES_AFTER)
            pipe.execute()
        if not self.renewing:
            self.renewing = True
            socketio.start_background_task(self._renew)

    def present(self, case_id: UUID) -> set[UUID]:
        entries = self.redis.zrangebyscore(f"cordee:looking:{case_id}", time.time(), "+inf")
        return {UUID(entry.partition("|")[0]) for entry in entries}

    def _renew(self) -> None:
        while True:
            socketio.sleep(RENEWED_EVERY)
            for case_id, looking in list(_here.by_case.items()):
                for sid, account_id in list(looking.items()):
                    if sid not in _here.away:
                        self.note(case_id, sid, account_id, True)


_here = _Here()
_elsewhere: _Elsewhere | None = None


def bind(config: Config) -> None:
    """Begin with nobody; share with other processes when there is Redis."""
    global _here, _elsewhere
    _here = _Here()
    _elsewhere = _Elsewhere(config.redis_url) if config.redis_url else None


def present_in(case_id: UUID) -> set[UUID]:
    """Who has the case before their eyes: a device there, and not away."""
    if _elsewhere is None:
        return _here.present(case_id)
    try:
        return _here.present(case_id) | _elsewhere.present(case_id)
    except RedisError:
        log.exception("presence_not_shared")
        return _here.present(case_id)


def enter(sid: str, case_id: UUID, account_id: UUID) -> list[Change]:
    """A socket opens a case."""
    before = present_in(case_id)
    _here.by_case[case_id][sid] = account_id
    _here.by_socket[sid].add(case_id)
    _share(case_id, sid, account_id, sid not in _here.away)
    return _changes(case_id, before)


def leave(sid: str, case_id: UUID) -> list[Change]:
    """A socket turns to something else."""
    account_id = _here.by_case.get(case_id, {}).get(sid)
    if account_id is None:
        return []
    before = present_in(case_id)
    del _here.by_case[case_id][sid]
    _here.by_socket[sid].discard(case_id)
    _here.typed.pop((sid, case_id), None)
    if not _here.by_case[case_id]:
        del _here.by_case[case_id]
    _share(case_id, sid, account_id, False)
    return _changes(case_id, before)


def forget(sid: str) -> list[Change]:
    """A socket is gone."""
    cases = tuple(_here.by_socket.get(sid, ()))
    changes = [change for case_id in cases for change in leave(sid, case_id)]
    _here.by_socket.pop(sid, None)
    _here.away.discard(sid)
    return changes


def turn_away(sid: str, away: bool) -> list[Change]:
    """The person put the window aside, or took it up again."""
    cases = tuple(_here.by_socket.get(sid, ()))
    before = {case_id: present_in(case_id) for case_id in cases}
    (_here.away.add if away else _here.away.discard)(sid)
    for case_id in cases:
        _share(case_id, sid, _here.by_case[case_id][sid], not away)
    return [change for case_id in cases for change in _changes(case_id, before[case_id])]


def looks_at(sid: str, case_id: UUID) -> bool:
    return case_id in _here.by_socket.get(sid, ())


def may_tell_typing(sid: str, case_id: UUID, on: bool) -> bool:
    """Whether a sign of typing is news: a change, or the first in a second."""
    now = time.monotonic()
    was, at = _here.typed.get((sid, case_id), (False, 0.0))
    if on == was and (not on or now - at < TYPING_EVERY):
        return False
    _here.typed[(sid, case_id)] = (on, now)
    return True


def _share(case_id: UUID, sid: str, account_id: UUID, visible: bool) -> None:
    if _elsewhere is None:
        return
    try:
        _elsewhere.note(case_id, sid, account_id, visible)
    except RedisError:
        log.exception("presence_not_shared")


def _changes(case_id: UUID, before: set[UUID]) -> list[Change]:
    after = present_in(case_id)
    return [Change(case_id, account, account in after) for account in sorted(before ^ after)]
