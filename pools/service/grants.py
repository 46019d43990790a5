"""Handing the secret of a group's epoch to its members, wrapped to each one's key."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from sqlalchemy import select

from app import clock
from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.service.seal_reports import add_report
from pools.errors import GrantRefused, NotKeyHolder
from pools.models import Group, GroupGrant, GroupGrantRefused
from pools.schemas import Grant
from pools.service.roll import announce_group, lock_group, members_of
from pools.service.standing import key_sequences
from trace import Action, record, record_refusal

UNOPENED = "group_grant_unopened"
"""The verdict under which administrators hear of a grant that did not open."""


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
    if refused_before(actor, group, member, grant):
        raise GrantRefused(member=str(member), reason="refused_before")
    if store_grant(actor, group, member, grant):
        record(
            actor,
            Action.GROUP_GRANT,
            ("group", group_id),
            detail={"epoch": epoch, "member": member, "member_seq": grant.member_seq},
        )
        announce_group(actor, group, shown=False)


@transactional
def refuse_grant(actor: Actor, group_id: UUID, epoch: int) -> None:
    """The holder says that their own grant does not open: another member is to hand it over.

    Whoever wrapped it does not get a second try with the same keys, and administrators hear of it
    without a word of content. A grant to keys replaced since needs no complaint: it is pending.
    Raises NotKeyHolder for who does not belong.
    """
    group = lock_group(group_id)
    if actor.account_id not in members_of(group_id):
        record_refusal(actor, Action.GROUP_DENY, ("group", group_id))
        raise NotKeyHolder()
    grant = _own_grant(actor, group, epoch)
    newest = key_sequences([actor.account_id])[actor.account_id]
    if grant is None or grant.member_seq != newest:
        return
    session().delete(grant)
    session().add(
        GroupGrantRefused(
            group_id=group_id,
            epoch=epoch,
            account_id=actor.account_id,
            member_seq=grant.member_seq,
            granted_by=grant.granted_by,
            refused_at=clock.now(),
        )
    )
    add_report(
        actor,
        id=uuid4(),
        subject_kind="group",
        subject_id=group_id,
        case_id=None,
        verdict=UNOPENED,
    )
    record(
        actor,
        Action.GROUP_GRANT_BROKEN,
        ("group", group_id),
        detail={"epoch": epoch, "granted_by": grant.granted_by},
    )
    announce_group(actor, group, shown=False)


def _own_grant(actor: Actor, group: Group, epoch: int) -> GroupGrant | None:
    if not 0 <= epoch <= group.epoch:
        return None
    return session().get(GroupGrant, (group.id, epoch, actor.account_id))


def check_grants(grants: Mapping[UUID, Grant], members: set[UUID]) -> None:
    """Raise GrantRefused unless each key is wrapped to a member's last key statement."""
    current = key_sequences(grants)
    for account_id, grant in grants.items():
        if account_id not in members or current.get(account_id) != grant.member_seq:
            raise GrantRefused(member=str(account_id))


def refused_before(actor: Actor, group: Group, member: UUID, grant: Grant) -> bool:
    """Whether this member could not open what the actor wrapped to these very keys before."""
    spoilt = (group.id, group.epoch, member, grant.member_seq, actor.account_id)
    return session().get(GroupGrantRefused, spoilt) is not None


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


def held_epochs(account_id: UUID, group_id: UUID) -> set[int]:
    """The epochs of a group whose secret was handed to this person."""
    return set(
        session().scalars(
            select(GroupGrant.epoch).where(
                GroupGrant.group_id == group_id, GroupGrant.account_id == account_id
            )
        )
    )
