"""The only way to a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from app.db import session
from app.group_read import ReadTogether
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


@dataclass(frozen=True, slots=True)
class _Knock:
    """Who asks for which thread, and about which message."""

    account_id: UUID
    case_id: UUID
    message_id: UUID | None


_case, _expert = Case.__table__.c, Account.__table__.c
_CASES = (
    select(
        _case.id,
        _case.opened_by,
        _case.pool_id,
        _case.care_team_id,
        _case.generation,
        _case.state,
        _case.last_sequence,
        _expert.name,
    )
    .select_from(Case.__table__.outerjoin(Account.__table__, _expert.id == _case.expert_id))
    .where(_case.id.in_(bindparam("cases", expanding=True)))
)
_MEMBERS = select(GroupMember.__table__.c.group_id, GroupMember.__table__.c.account_id).where(
    GroupMember.__table__.c.account_id.in_(bindparam("accounts", expanding=True))
)
_MESSAGES = select(Message.__table__.c.id).where(
    Message.__table__.c.id.in_(bindparam("messages", expanding=True))
)


def _look(
    connection: Connection, knocks: Sequence[_Knock]
) -> list[tuple[ThreadPlace, bool] | None]:
    """For each: the place and whether the person belongs there; None where there is no case."""
    cases = {
        row.id: row
        for row in connection.execute(_CASES, {"cases": list({knock.case_id for knock in knocks})})
    }
    accounts = {"accounts": list({knock.account_id for knock in knocks})}
    belonging = {tuple(row) for row in connection.execute(_MEMBERS, accounts)}
    asked = {"messages": list({knock.message_id for knock in knocks if knock.message_id})}
    known = set(connection.execute(_MESSAGES, asked).scalars()) if asked["messages"] else set()
    found: list[tuple[ThreadPlace, bool] | None] = []
    for knock in knocks:
        case = cases.get(knock.case_id)
        if case is None:
            found.append(None)
            continue
        concerned = (
            case.opened_by == knock.account_id
            or (case.pool_id, knock.account_id) in belonging
            or (case.care_team_id, knock.account_id) in belonging
        )
        place = ThreadPlace(
            case.generation, case.state, case.last_sequence, case.name, knock.message_id in known
        )
        found.append((place, concerned))
    return found


_look_together = ReadTogether(_look)


def access_thread(
    actor: Actor, case_id: UUID, permission: Permission, message: UUID | None = None
) -> ThreadPlace:
    """`access_case` for what is done at every message: the same rule, asked together with
    whoever knocks at the same moment, outside any transaction."""
    found = _look_together(_Knock(actor.account_id, case_id, message))
    if found is None or not found[1] or not actor.may(permission):
        known = case_id if found else None
        record_refusal(actor, Action.CASE_DENY, ("case", case_id), case_id=known)
        raise CaseNotFound()
    return found[0]


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
