"""Who shares a group with a person, read from the tables of the rooms above without importing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Uuid, column, select, table

from app.db import session

_member = table("group_member", column("group_id", Uuid()), column("account_id", Uuid()))


def peers_of(account_id: UUID) -> tuple[UUID, ...]:
    """Everybody who reads with a group this person reads with, inside a transaction."""
    theirs = select(_member.c.group_id).where(_member.c.account_id == account_id)
    fellows = select(_member.c.account_id).where(_member.c.group_id.in_(theirs)).distinct()
    return tuple(sorted(set(session().scalars(fellows)) - {account_id}))


def share_a_group(one: UUID, other: UUID) -> bool:
    """Whether both read with one group."""
    return other in peers_of(one)
