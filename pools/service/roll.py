"""Who belongs to which group now: the last statement of each chain, less those whose end came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.announcements import announce_on_commit
from app.db import session
from auth.actor import Actor
from pools.announced import GroupChanged
from pools.errors import GroupNotFound
from pools.models import BELONGS, Group, GroupManager, GroupMember, GroupOverflow


@dataclass(frozen=True, slots=True)
class Place:
    """A name on the roll: until when, and whether the person is already gone."""

    until: datetime | None
    departed: bool


def lock_group(group_id: UUID) -> Group:
    """The group, held until the transaction ends. Raises GroupNotFound."""
    group = session().get(Group, group_id, with_for_update=True)
    if group is None:
        raise GroupNotFound()
    return group


def members_of(group_id: UUID) -> set[UUID]:
    return set(
        session().scalars(
            select(GroupMember.account_id).where(GroupMember.group_id == group_id, BELONGS)
        )
    )


def groups_of(account_id: UUID) -> set[UUID]:
    """The groups a person reads with."""
    return set(
        session().scalars(
            select(GroupMember.group_id).where(GroupMember.account_id == account_id, BELONGS)
        )
    )


def roll_of(group_id: UUID) -> dict[UUID, Place]:
    """Everybody the last statement names, those whose end has come too."""
    rows = session().execute(
        select(GroupMember.account_id, GroupMember.until, GroupMember.departed_at).where(
            GroupMember.group_id == group_id
        )
    )
    return {who: Place(until, departed is not None) for who, until, departed in rows}


def managers_of(group_id: UUID) -> set[UUID]:
    return set(
        session().scalars(select(GroupManager.account_id).where(GroupManager.group_id == group_id))
    )


def overflow_of(pool_id: UUID) -> list[UUID]:
    """The pools that may take over this one's cases, in the order they are asked.

    An opening wraps the case to each, so that passing on needs nobody online. Archived pools are
    left out: nobody answers there.
    """
    return list(
        session().scalars(
            select(GroupOverflow.overflow_id)
            .join(Group, Group.id == GroupOverflow.overflow_id)
            .where(GroupOverflow.group_id == pool_id, Group.archived_at.is_(None))
            .order_by(GroupOverflow.place)
        )
    )


def announce_group(
    actor: Actor | None,
    group: Group,
    joined: tuple[UUID, ...] = (),
    left: tuple[UUID, ...] = (),
    *,
    shown: bool = True,
) -> None:
    """Say that the group is not as it was; `shown` when everybody may see the difference."""
    announce_on_commit(
        GroupChanged(
            group_id=group.id,
            kind=group.kind,
            actor_id=actor.account_id if actor else None,
            members=tuple(sorted(members_of(group.id))),
            managers=tuple(sorted(managers_of(group.id))),
            joined=joined,
            left=left,
            shown=shown,
        )
    )
