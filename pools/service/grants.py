"""Handing the secret of a group's epoch to its members, wrapped to each one's key."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from app import clock
from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.models import AccountStatement
from pools.errors import GrantRefused, NotKeyHolder
from pools.models import Group, GroupGrant, GroupMember
from pools.schemas import Grant, PendingGrant, PendingGrants
from pools.service.roll import announce_group, lock_group, members_of
from pools.service.standing import key_chains, key_sequences
from trace import Action, record, record_refusal

AT_ONCE = 50


@transactional
def pending_grants(actor: Actor) -> PendingGrants:
    """The wraps this person's device can perform: members of their groups without today's key."""
    mine, theirs = aliased(GroupGrant), aliased(GroupGrant)
    newest = (
        select(func.max(AccountStatement.seq))
        .where(AccountStatement.account_id == GroupMember.account_id)
        .scalar_subquery()
    )
    rows = (
        session()
        .execute(
            select(Group.id, Group.epoch, GroupMember.account_id, newest)
            .join(mine, and_(mine.group_id == Group.id, mine.epoch == Group.epoch))
            .join(GroupMember, GroupMember.group_id == Group.id)
            .outerjoin(
                theirs,
                and_(
                    theirs.group_id == Group.id,
                    theirs.epoch == Group.epoch,
                    theirs.account_id == GroupMember.account_id,
                ),
            )
            .where(
                mine.account_id == actor.account_id,
                Group.archived_at.is_(None),
                or_(theirs.account_id.is_(None), theirs.member_seq < newest),
            )
            .order_by(Group.id, GroupMember.account_id)
            .limit(AT_ONCE)
        )
        .all()
    )
    chains = key_chains({member for _, _, member, _ in rows})
    record(actor, Action.GROUP_LIST, ("group", None), detail={"count": len(rows)})
    return PendingGrants(
        items=[
            PendingGrant(
                group=group_id,
                epoch=epoch,
                member=member,
                member_seq=seq,
                statements=chains[member],
            )
            for group_id, epoch, member, seq in rows
        ]
    )


@transactional
def grant_group(actor: Actor, group_id: UUID, epoch: int, member: UUID, grant: Grant) -> None:
    """Hand today's secret to a member. Raises NotKeyHolder, GrantRefused.

    Two members may do it at once: the first is kept, the second told that all is well.
    """
    group = lock_group(group_id)
    members = members_of(group_id)
    held = session().get(GroupGrant, (group_id, group.epoch, actor.account_id))
    if actor.account_id not in members or held is None:
        record_refusal(actor, Action.GROUP_DENY, ("group", group_id))
        raise NotKeyHolder()
    if epoch != group.epoch:
        raise GrantRefused(epoch=group.epoch)
    check_grants({member: grant}, members)
    if store_grant(actor, group, member, grant):
        record(
            actor,
            Action.GROUP_GRANT,
            ("group", group_id),
            detail={"epoch": epoch, "member": member, "member_seq": grant.member_seq},
        )
        announce_group(actor, group)


def check_grants(grants: Mapping[UUID, Grant], members: set[UUID]) -> None:
    """Raise GrantRefused unless each key is wrapped to a member's last key statement."""
    current = key_sequences(grants)
    for account_id, grant in grants.items():
        if account_id not in members or current.get(account_id) != grant.member_seq:
            raise GrantRefused(member=str(account_id))


def store_grant(actor: Actor, group: Group, member: UUID, grant: Grant) -> bool:
    """Keep a member's wrapped key; False when there was one for the same key statement.

    Wrapping twice gives other bytes for the same secret, so the first is kept.
    """
    existing = session().get(GroupGrant, (group.id, group.epoch, member))
    if existing is not None and existing.member_seq >= grant.member_seq:
        return False
    session().merge(
        GroupGrant(
            group_id=group.id,
            epoch=group.epoch,
            account_id=member,
            member_seq=grant.member_seq,
            wrapped=grant.wrapped,
            granted_by=actor.account_id,
            granted_at=clock.now(),
        )
    )
    return True
