"""Who belongs to which group now, as the last statement of each chain says."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.announcements import announce_on_commit
from app.db import session
from auth.actor import Actor
from pools.announced import GroupChanged
from pools.errors import GroupNotFound
from pools.models import Group, GroupManager, GroupMember


def lock_group(group_id: UUID) -> Group:
    """The group, held until the transaction ends. Raises GroupNotFound."""
    group = session().get(Group, group_id, with_for_update=True)
    if group is None:
        raise GroupNotFound()
    return group


def members_of(group_id: UUID) -> set[UUID]:
    return set(
        session().scalars(select(GroupMember.account_id).where(GroupMember.group_id == group_id))
    )


def groups_of(account_id: UUID) -> set[UUID]:
    """The groups a person reads with."""
    return set(
        session().scalars(select(GroupMember.group_id).where(GroupMember.account_id == account_id))
    )


def managers_of(group_id: UUID) -> set[UUID]:
    return set(
        session().scalars(select(GroupManager.account_id).where(GroupManager.group_id == group_id))
    )


def announce_group(
    actor: Actor, group: Group, joined: tuple[UUID, ...] = (), left: tuple[UUID, ...] = ()
) -> None:
    """Say that the group is not as it was."""
    announce_on_commit(
        GroupChanged(
            group_id=group.id,
            kind=group.kind,
            actor_id=actor.account_id,
            members=tuple(sorted(members_of(group.id))),
            managers=tuple(sorted(managers_of(group.id))),
            joined=joined,
            left=left,
        )
    )
