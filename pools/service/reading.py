"""Showing groups: to choose a pool from, to verify its chain, to open its key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.orm import aliased

from app import clock
from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.models import Account, AccountLeave
from auth.permissions import Permission
from auth.service.paging import read_cursor, write_cursor
from auth.sockets import sids_of
from pools.errors import GroupNotFound
from pools.models import (
    BELONGS,
    Group,
    GroupGrant,
    GroupManager,
    GroupMember,
    GroupOverflow,
    GroupStatement,
    Organisation,
)
from pools.schemas import (
    AwayAnswer,
    Deadlines,
    GroupAnswer,
    GroupPage,
    GroupQuery,
    GroupWithKeys,
    MemberAnswer,
    MyGrant,
    Named,
)
from pools.service.history import links_of
from pools.service.roll import groups_of
from trace import Action, record


@transactional
def list_groups(actor: Actor, query: GroupQuery) -> GroupPage:
    """Pools of the network, and the care teams that concern the actor; all of them for those who
    found groups."""
    rows = select(Group).order_by(Group.name, Group.id).limit(query.limit + 1)
    if query.kind:
        rows = rows.where(Group.kind == query.kind)
    if not actor.may(Permission.GROUP_CREATE):
        own = groups_of(actor.account_id)
        managed = select(GroupManager.group_id).where(GroupManager.account_id == actor.account_id)
        rows = rows.where(or_(Group.kind == "pool", Group.id.in_(own), Group.id.in_(managed)))
    if query.cursor:
        name, last = read_cursor(query.cursor, str, UUID)
        rows = rows.where(tuple_(Group.name, Group.id) > (name, last))
    found = list(session().scalars(rows))
    page = found[: query.limit]
    record(actor, Action.GROUP_LIST, ("group", None), detail={"count": len(page)})
    return GroupPage(
        items=[GroupAnswer(**fields) for fields in _shown(actor, page)],
        next=write_cursor(page[-1].name, page[-1].id) if len(found) > len(page) else None,
    )


@transactional
def read_group(actor: Actor, group_id: UUID) -> GroupWithKeys:
    """One group with the actor's own wrapped keys. Raises GroupNotFound."""
    group = session().get(Group, group_id)
    if group is None:
        raise GroupNotFound()
    record(actor, Action.GROUP_READ, ("group", group_id))
    return show_with_keys(actor, group)


@transactional(read_only=True)
def show_group(actor: Actor, group_id: UUID) -> GroupWithKeys:
    """The group again, for whoever has just changed it: not a reading of its own."""
    return show_with_keys(actor, session().get_one(Group, group_id))


def show_with_keys(actor: Actor, group: Group) -> GroupWithKeys:
    """A group with the secrets wrapped to this person and to nobody else, inside a transaction.

    Whoever does not belong, or no longer does, is handed no key and no history.
    """
    shown = _shown(actor, [group])[0]
    grants = select(GroupGrant).where(
        GroupGrant.group_id == group.id, GroupGrant.account_id == actor.account_id
    )
    return GroupWithKeys(
        **shown,
        grants=[
            MyGrant(epoch=one.epoch, member_seq=one.member_seq, wrapped=one.wrapped)
            for one in session().scalars(grants.order_by(GroupGrant.epoch))
        ]
        if shown["mine"]
        else [],
        previous=links_of(group.id) if shown["mine"] else [],
    )


def _shown(actor: Actor, groups: Sequence[Group]) -> list[dict[str, Any]]:
    """The fields of each group, in a number of queries that does not grow with the groups."""
    ids = [group.id for group in groups]
    chains = _chains(ids)
    members = _members(ids)
    managed = set(
        session().scalars(
            select(GroupManager.group_id).where(
                GroupManager.group_id.in_(ids), GroupManager.account_id == actor.account_id
            )
        )
    )
    organisations = _organisations({g.organisation_id for g in groups if g.organisation_id})
    overflow, left, away = _overflow(ids), _left(ids), _away(ids)
    return [
        {
            "id": group.id,
            "kind": group.kind,
            "name": group.name,
            "specialty": group.specialty,
            "territory": group.territory,
            "organisation": organisations.get(group.organisation_id)
            if group.organisation_id
            else None,
            "deadlines": _deadlines(group),
            "archived": group.archived_at is not None,
            "statements": chains[group.id],
            "members": members[group.id],
            "served_by": len(members[group.id]),
            "median_answer_minutes": group.median_answer_minutes,
            "mine": any(member.id == actor.account_id for member in members[group.id]),
            "managed": group.id in managed,
            "overflow": overflow[group.id],
            "departures_due": group.id in left,
            "away": away[group.id],
        }
        for group in groups
    ]


def _deadlines(group: Group) -> Deadlines | None:
    if group.kind != "pool":
        return None
    return Deadlines(
        urgent=group.deadline_urgent,
        priority=group.deadline_priority,
        routine=group.deadline_routine,
    )


def _chains(ids: Iterable[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    chains: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for group_id, statement in session().execute(
        select(GroupStatement.group_id, GroupStatement.statement)
        .where(GroupStatement.group_id.in_(list(ids)))
        .order_by(GroupStatement.group_id, GroupStatement.seq)
    ):
        chains[group_id].append(statement)
    return chains


def _members(ids: Iterable[UUID]) -> dict[UUID, list[MemberAnswer]]:
    members: dict[UUID, list[MemberAnswer]] = defaultdict(list)
    for group_id, until, account_id, name, specialty, granted in session().execute(
        select(
            GroupMember.group_id,
            GroupMember.until,
            Account.id,
            Account.name,
            Account.specialty,
            GroupGrant.member_seq,
        )
        .join(Account, Account.id == GroupMember.account_id)
        .join(Group, Group.id == GroupMember.group_id)
        .outerjoin(
            GroupGrant,
            and_(
                GroupGrant.group_id == GroupMember.group_id,
                GroupGrant.account_id == GroupMember.account_id,
                GroupGrant.epoch == Group.epoch,
            ),
        )
        .where(GroupMember.group_id.in_(list(ids)), BELONGS)
        .order_by(Account.name, Account.id)
    ):
        members[group_id].append(
            MemberAnswer(
                id=account_id,
                name=name,
                specialty=specialty,
                present=bool(sids_of(account_id)),
                waiting=granted is None,
                until=until,
            )
        )
    return members


def _overflow(ids: Iterable[UUID]) -> dict[UUID, list[Named]]:
    """The pools that may take over, in order; as `overflow_of`, for many at once."""
    found: dict[UUID, list[Named]] = defaultdict(list)
    for group_id, overflow_id, name in session().execute(
        select(GroupOverflow.group_id, Group.id, Group.name)
        .join(Group, Group.id == GroupOverflow.overflow_id)
        .where(GroupOverflow.group_id.in_(list(ids)), Group.archived_at.is_(None))
        .order_by(GroupOverflow.group_id, GroupOverflow.place)
    ):
        found[group_id].append(Named(id=overflow_id, name=name))
    return found


def _left(ids: Iterable[UUID]) -> set[UUID]:
    """Groups whose chain still names somebody whose end has come."""
    rows = select(GroupMember.group_id).where(GroupMember.group_id.in_(list(ids)), ~BELONGS)
    return set(session().scalars(rows.distinct()))


def _away(ids: Iterable[UUID]) -> dict[UUID, list[AwayAnswer]]:
    """Members on leave today, and who stands in."""
    now, delegate = clock.now(), aliased(Account)
    found: dict[UUID, list[AwayAnswer]] = defaultdict(list)
    for group_id, leave, name in session().execute(
        select(GroupMember.group_id, AccountLeave, delegate.name)
        .join(AccountLeave, AccountLeave.account_id == GroupMember.account_id)
        .outerjoin(delegate, delegate.id == AccountLeave.delegate_id)
        .where(
            GroupMember.group_id.in_(list(ids)),
            BELONGS,
            AccountLeave.starts_at <= now,
            AccountLeave.ends_at > now,
        )
        .order_by(GroupMember.group_id, AccountLeave.ends_at, AccountLeave.account_id)
    ):
        stands_in = Named(id=leave.delegate_id, name=name) if leave.delegate_id else None
        away = AwayAnswer(id=leave.account_id, until=leave.ends_at, delegate=stands_in)
        found[group_id].append(away)
    return found


def _organisations(ids: Iterable[UUID]) -> dict[UUID, Named]:
    rows = session().execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(list(ids)))
    )
    return {organisation_id: Named(id=organisation_id, name=name) for organisation_id, name in rows}
