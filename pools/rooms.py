"""Socket rooms of groups: they follow the rolls, and tell that a group is not as it was.

Each process moves its own sockets; where several serve, Redis carries the change to the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.announcements import on_commit
from app.config import Config
from app.db import session
from app.extensions import socketio
from app.relay import Relay, this_process
from app.transactions import transactional
from auth.actor import Actor
from auth.announced import AccountChanged, LeaveChanged
from auth.sockets import account_room, evict_account, on_connect, on_sweep, sids_of
from pools.announced import GroupChanged
from pools.models import BELONGS, GroupMember
from pools.service.roll import groups_of

POOLS_ROOM = "pools"
"""Every device that may choose a pool to ask: all certified people's."""
SWEEP_BATCH = 500

_entries = Relay("cordee:rooms")


def register_rooms(config: Config) -> None:
    """Listen for groups and people that change, and for sockets that come."""
    _entries.bind(config, _hear)
    on_connect(_enter_own_rooms)
    on_sweep(leave_old_rooms)
    on_commit(GroupChanged, _tell_group)
    on_commit(AccountChanged, _follow_standing)
    on_commit(LeaveChanged, _tell_leave)


def group_room(group_id: UUID) -> str:
    """Every device of a group's members."""
    return f"group:{group_id}"


def _tell_group(fact: GroupChanged) -> None:
    """Who left is told so and cut off first; then the others hear that the group changed.

    A pool is shown to everybody who may ask it: one room, one emission, however many they are.
    """
    for account_id in fact.left:
        evict_account(account_id, "group:left", {"group": str(fact.group_id)})
    room = group_room(fact.group_id)
    _let_in(room, fact.joined)
    rooms = [room, *(account_room(one) for one in sorted({*fact.joined, *fact.managers}))]
    if fact.shown and fact.kind == "pool":
        rooms.append(POOLS_ROOM)
    socketio.emit("group:changed", {"group": str(fact.group_id)}, to=rooms)


def _tell_leave(fact: LeaveChanged) -> None:
    """Somebody is away or back: the tiles of their groups show it."""
    for group_id in _groups_of(fact.account_id):
        socketio.emit("group:changed", {"group": str(group_id)}, to=group_room(group_id))


def _follow_standing(fact: AccountChanged) -> None:
    """Who was just confirmed hears of their groups at once. Who waits is cut off: a device that
    stayed connected while its keys were renewed would go on hearing what it may no longer ask."""
    if fact.suspended:
        return  # their sessions ended, and the sockets with them
    if not fact.certified:
        changed = {"account": str(fact.account_id)}
        evict_account(fact.account_id, "account:changed", changed)
        return
    _let_in(POOLS_ROOM, [fact.account_id])
    for group_id in _groups_of(fact.account_id):
        _let_in(group_room(group_id), [fact.account_id])


def _let_in(room: str, joined: Iterable[UUID]) -> None:
    """Let these people's sockets into a room, on every process."""
    joined = list(joined)
    _enter(room, joined)
    if joined:
        told = {"from": this_process(), "room": room, "joined": [str(one) for one in joined]}
        _entries.tell(told)


def _hear(told: dict[str, Any]) -> None:
    if told["from"] != this_process():
        _enter(told["room"], map(UUID, told["joined"]))


def _enter(room: str, joined: Iterable[UUID]) -> None:
    server: Any = socketio.server
    for account_id in joined:
        for sid in sids_of(account_id):
            server.enter_room(sid, room)


def _enter_own_rooms(sid: str, actor: Actor) -> None:
    if not actor.certified:
        return
    server: Any = socketio.server
    server.enter_room(sid, POOLS_ROOM)
    for group_id in _groups_of(actor.account_id):
        server.enter_room(sid, group_room(group_id))


def leave_old_rooms(accounts: tuple[UUID, ...]) -> None:
    """Cut the sockets of this process that are in the room of a group their person left: an end
    date came, or a removal on another process was not heard (pub/sub delivers at most once)."""
    for start in range(0, len(accounts), SWEEP_BATCH):
        batch = accounts[start : start + SWEEP_BATCH]
        # What they are in is looked at first: whoever joins meanwhile is on the roll already.
        entered = {one: _own_rooms(one) for one in batch}
        today = _rooms_of(batch)
        for account_id, rooms in entered.items():
            if old := sorted(rooms - today[account_id]):
                left = [{"group": room.removeprefix("group:")} for room in old]
                evict_account(account_id, "group:left", *left)


def _own_rooms(account_id: UUID) -> set[str]:
    """The group rooms that a person's sockets are in."""
    server: Any = socketio.server
    rooms = {room for sid in sids_of(account_id) for room in server.rooms(sid)}
    return {room for room in rooms if room.startswith("group:")}


@transactional(read_only=True)
def _groups_of(account_id: UUID) -> set[UUID]:
    return groups_of(account_id)


@transactional(read_only=True)
def _rooms_of(accounts: Iterable[UUID]) -> dict[UUID, set[str]]:
    rows = session().execute(
        select(GroupMember.account_id, GroupMember.group_id).where(
            GroupMember.account_id.in_(list(accounts)), BELONGS
        )
    )
    rooms: dict[UUID, set[str]] = defaultdict(set)
    for account_id, group_id in rows:
        rooms[account_id].add(group_room(group_id))
    return rooms
