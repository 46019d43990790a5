"""The only way to a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, or_, select

from app.db import session
from auth.actor import Actor
from auth.models import Account
from auth.permissions import Permission
from messaging.errors import CaseNotFound
from messaging.models import Case, Message
from messaging.service.steps import Who
from pools.models import GroupMember
from pools.service.roll import groups_of
from trace import Action, record_refusal


def access_case(actor: Actor, case_id: UUID, permission: Permission, lock: bool = False) -> Case:
    """The case, for someone of its circle whose role holds `permission`.

    `lock` holds its row until the transaction ends. Raises CaseNotFound for a missing and a
    forbidden case alike, and leaves a `case:deny` in the trace: raise on, so that it is written.
    """
    case = session().get(Case, case_id, with_for_update=True if lock else None)
    if case is None or not actor.may(permission) or not roles_in(actor, case):
        # A case that does not exist has no trace of its own to show the attempt in.
        known = case_id if case else None
        record_refusal(actor, Action.CASE_DENY, ("case", case_id), case_id=known)
        raise CaseNotFound()
    return case


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """What posting to a thread needs to know of its case."""

    generation: int
    state: str
    last_sequence: int
    expert_name: str | None
    known: bool
    """Whether the message asked about is there already, in this case or another."""


def _thread_places() -> Select[*tuple[Any, ...]]:
    """A case with whether the person belongs to it, in one look: it runs at every message."""
    case, member = Case.__table__.c, GroupMember.__table__.c
    circle = or_(member.group_id == case.pool_id, member.group_id == case.care_team_id)
    belongs = exists().where(member.account_id == bindparam("me"), circle)
    return (
        select(
            case.generation,
            case.state,
            case.last_sequence,
            Account.__table__.c.name,
            or_(case.opened_by == bindparam("me"), belongs).label("concerned"),
            exists().where(Message.__table__.c.id == bindparam("message")).label("known"),
        )
        .select_from(
            Case.__table__.outerjoin(Account.__table__, Account.__table__.c.id == case.expert_id)
        )
        .where(case.id == bindparam("case"))
    )


_THREAD_PLACE = _thread_places()


def access_thread(
    actor: Actor, case_id: UUID, permission: Permission, message: UUID | None = None
) -> ThreadPlace:
    """`access_case` for what is done at every message: the same rule in one query, no more."""
    found = (
        session()
        .connection()
        .execute(_THREAD_PLACE, {"me": actor.account_id, "case": case_id, "message": message})
        .first()
    )
    if found is None or not found.concerned or not actor.may(permission):
        known = case_id if found else None
        record_refusal(actor, Action.CASE_DENY, ("case", case_id), case_id=known)
        raise CaseNotFound()
    generation, state, last_sequence, expert_name, _, known_message = found
    return ThreadPlace(generation, state, last_sequence, expert_name, bool(known_message))


def roles_in(actor: Actor, case: Case, groups: set[UUID] | None = None) -> frozenset[Who]:
    """Where the actor stands in this case; nowhere means it does not exist for them.

    `groups` are those of the actor, when the caller has them already. Whoever left the pool is no
    longer its expert.
    """
    belongs = groups_of(actor.account_id) if groups is None else groups
    found: set[Who] = set()
    if case.opened_by == actor.account_id or case.care_team_id in belongs:
        found.add(Who.REQUESTER)
    if case.pool_id in belongs and case.opened_by != actor.account_id:
        found.add(Who.POOL)
        if case.expert_id == actor.account_id:
            found.add(Who.EXPERT)
    return frozenset(found)
