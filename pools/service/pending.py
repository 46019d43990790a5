"""What a person's device can mend by itself: keys to hand over, links to make, people to remove."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Exists, ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import aliased

from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.models import AccountStatement
from pools.models import (
    BELONGS,
    Group,
    GroupGrant,
    GroupGrantRefused,
    GroupManager,
    GroupMember,
    GroupPrevious,
)
from pools.schemas import (
    PendingDeparture,
    PendingGrant,
    PendingGrants,
    PendingLink,
    PendingRegrant,
)
from pools.service.roll import groups_of
from pools.service.standing import key_chains
from trace import Action, record

AT_ONCE = 50


@dataclass(frozen=True)
class PendingWork:
    """What a room above this one has for the device to do."""

    cases: list[UUID] = field(default_factory=list)
    """To be sealed again at once."""
    regrants: list[PendingRegrant] = field(default_factory=list)


_askers: list[Callable[[Actor], PendingWork]] = []


def on_pending(asked: Callable[[Actor], PendingWork]) -> None:
    """Ask `asked(actor)` too, inside the transaction, whenever a device asks what it can mend."""
    if asked not in _askers:
        _askers.append(asked)


@transactional
def pending_grants(actor: Actor) -> PendingGrants:
    """Everything this person's device can do, at most AT_ONCE of each kind."""
    mine = groups_of(actor.account_id)
    items = _wraps(actor, mine)
    work = [asked(actor) for asked in _askers]
    record(actor, Action.GROUP_LIST, ("group", None), detail={"count": len(items)})
    return PendingGrants(
        items=items,
        links=_links(actor, mine),
        cases=[case for part in work for case in part.cases][:AT_ONCE],
        regrants=[regrant for part in work for regrant in part.regrants][:AT_ONCE],
        departures=_departures(actor),
    )


def _wraps(actor: Actor, mine: set[UUID]) -> list[PendingGrant]:
    """Members without today's key, of the groups whose key the actor holds.

    Left out are those who already refused what the actor wrapped to these very keys.
    """
    held, theirs = aliased(GroupGrant), aliased(GroupGrant)
    newest = (
        select(func.max(AccountStatement.seq))
        .where(AccountStatement.account_id == GroupMember.account_id)
        .scalar_subquery()
    )
    today = [theirs.group_id == Group.id, theirs.epoch == Group.epoch]
    rows = (
        session()
        .execute(
            select(Group.id, Group.epoch, GroupMember.account_id, newest)
            .join(held, and_(held.group_id == Group.id, held.epoch == Group.epoch))
            .join(GroupMember, GroupMember.group_id == Group.id)
            .outerjoin(theirs, and_(*today, theirs.account_id == GroupMember.account_id))
            .where(
                held.account_id == actor.account_id,
                Group.id.in_(mine),
                Group.archived_at.is_(None),
                BELONGS,
                or_(theirs.account_id.is_(None), theirs.member_seq < newest),
                ~_refused_from(actor, newest),
            )
            .order_by(Group.id, GroupMember.account_id)
            .limit(AT_ONCE)
        )
        .all()
    )
    chains = key_chains({member for _, _, member, _ in rows})
    return [
        PendingGrant(
            group=group_id, epoch=epoch, member=member, member_seq=seq, statements=chains[member]
        )
        for group_id, epoch, member, seq in rows
    ]


def _refused_from(actor: Actor, member_seq: ScalarSelect[int]) -> Exists:
    """Whether the member of the outer query could not open what the actor wrapped to these keys."""
    return (
        select(GroupGrantRefused.epoch)
        .where(
            GroupGrantRefused.group_id == Group.id,
            GroupGrantRefused.epoch == Group.epoch,
            GroupGrantRefused.account_id == GroupMember.account_id,
            GroupGrantRefused.member_seq == member_seq,
            GroupGrantRefused.granted_by == actor.account_id,
        )
        .exists()
    )


def _links(actor: Actor, mine: set[UUID]) -> list[PendingLink]:
    """Epochs that nobody linked to the one before, both of whose secrets the actor was handed."""
    now, before = aliased(GroupGrant), aliased(GroupGrant)
    rows = session().execute(
        select(now.group_id, now.epoch)
        .join(
            before,
            and_(
                before.group_id == now.group_id,
                before.account_id == now.account_id,
                before.epoch == now.epoch - 1,
            ),
        )
        .outerjoin(
            GroupPrevious,
            and_(GroupPrevious.group_id == now.group_id, GroupPrevious.epoch == now.epoch),
        )
        .where(
            now.account_id == actor.account_id,
            now.group_id.in_(mine),
            GroupPrevious.epoch.is_(None),
        )
        .order_by(now.group_id, now.epoch)
        .limit(AT_ONCE)
    )
    return [PendingLink(group=group_id, epoch=epoch) for group_id, epoch in rows]


def _departures(actor: Actor) -> list[PendingDeparture]:
    """Members whose end has come, whom the actor's device may remove: consent was given before."""
    rows = session().execute(
        select(GroupMember.group_id, GroupMember.account_id)
        .join(GroupManager, GroupManager.group_id == GroupMember.group_id)
        .where(GroupManager.account_id == actor.account_id, ~BELONGS)
        .order_by(GroupMember.group_id, GroupMember.account_id)
        .limit(AT_ONCE)
    )
    leaving: dict[UUID, list[UUID]] = defaultdict(list)
    for group_id, account_id in rows:
        leaving[group_id].append(account_id)
    return [PendingDeparture(group=group_id, members=who) for group_id, who in leaving.items()]
