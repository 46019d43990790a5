"""Who is looking at which case, by the sockets of this process. Nothing here is stored."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

TYPING_EVERY = 1.0
"""Seconds between two signs of typing that are passed on."""


@dataclass(frozen=True, slots=True)
class Change:
    """A person appeared in a case or is no longer there."""

    case_id: UUID
    account_id: UUID
    present: bool


class _Lookers:
    def __init__(self) -> None:
        self.by_case: dict[UUID, dict[str, UUID]] = defaultdict(dict)
        """Case → socket → person."""
        self.by_socket: dict[str, set[UUID]] = defaultdict(set)
        self.away: set[str] = set()
        self.typed: dict[tuple[str, UUID], tuple[bool, float]] = {}

    def present(self, case_id: UUID) -> set[UUID]:
        looking = self.by_case.get(case_id, {})
        return {account for sid, account in looking.items() if sid not in self.away}


_lookers = _Lookers()


def present_in(case_id: UUID) -> set[UUID]:
    """Who has the case before their eyes: a device there, and not away."""
    return _lookers.present(case_id)


def everyone_present() -> list[tuple[UUID, UUID]]:
    """Every (case, person) that is being looked at in this process."""
    return [(case, account) for case in tuple(_lookers.by_case) for account in present_in(case)]


def enter(sid: str, case_id: UUID, account_id: UUID) -> list[Change]:
    """A socket opens a case."""
    before = _lookers.present(case_id)
    _lookers.by_case[case_id][sid] = account_id
    _lookers.by_socket[sid].add(case_id)
    return _changes(case_id, before)


def leave(sid: str, case_id: UUID) -> list[Change]:
    """A socket turns to something else."""
    before = _lookers.present(case_id)
    _lookers.by_case.get(case_id, {}).pop(sid, None)
    _lookers.by_socket.get(sid, set()).discard(case_id)
    _lookers.typed.pop((sid, case_id), None)
    changes = _changes(case_id, before)
    if not _lookers.by_case.get(case_id):
        _lookers.by_case.pop(case_id, None)
    return changes


def forget(sid: str) -> list[Change]:
    """A socket is gone."""
    cases = tuple(_lookers.by_socket.get(sid, ()))
    changes = [change for case_id in cases for change in leave(sid, case_id)]
    _lookers.by_socket.pop(sid, None)
    _lookers.away.discard(sid)
    return changes


def turn_away(sid: str, away: bool) -> list[Change]:
    """The person put the window aside, or took it up again."""
    cases = tuple(_lookers.by_socket.get(sid, ()))
    before = {case_id: _lookers.present(case_id) for case_id in cases}
    (_lookers.away.add if away else _lookers.away.discard)(sid)
    return [change for case_id in cases for change in _changes(case_id, before[case_id])]


def looks_at(sid: str, case_id: UUID) -> bool:
    return case_id in _lookers.by_socket.get(sid, ())


def may_tell_typing(sid: str, case_id: UUID, on: bool) -> bool:
    """Whether a sign of typing is news: a change, or the first in a second."""
    now = time.monotonic()
    was, at = _lookers.typed.get((sid, case_id), (False, 0.0))
    if on == was and (not on or now - at < TYPING_EVERY):
        return False
    _lookers.typed[(sid, case_id)] = (on, now)
    return True


def _changes(case_id: UUID, before: set[UUID]) -> list[Change]:
    after = _lookers.present(case_id)
    return [Change(case_id, account, account in after) for account in sorted(before ^ after)]
