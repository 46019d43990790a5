"""The only way to a case.

Most who come are named by its own columns: opener, care team, present pool. Only for the others
are its parties asked, so that what is done at every message costs no more than before there were
any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, select

from app.db import session
from app.group_read import ReadTogether
from auth.actor import Actor
from auth.models import Account
from auth.permissions import Permission
from auth.service.leave import represented_by
from messaging.errors import CaseNotFound
from messaging.models import Case, CaseParty, Message, Role
from messaging.service.steps import Who
from pools.models import BELONGS, GroupMember
from pools.service.roll import groups_of
from trace import Action, record_refusal

CONSULTED = frozenset({Role.SECOND_OPINION, Role.EXPERT, Role.FORMER_POOL})
READING = CONSULTED | {Role.DOCTOR}
"""Roles that open a case to people its own columns do not name. An overflow pool is not yet one."""


def access_case(actor: Actor, case_id: UUID, permission: Permission, lock: bool = False) -> Case:
    """The case, for someone of its circle whose role holds `permission`.

    `lock` holds its row until the transaction ends. Raises CaseNotFound for a missing and a
    forbidden case alike, and leaves a `case:deny` in the trace: raise on, so that it is written.
    """
    case = session().get(Case, case_id, with_for_update=True if lock else None)
    if case is None or not actor.may(permission) or not reads_case(actor.account_id, case):
        # A case that does not exist has no trace of its own to show the attempt in.
        known = case_id if case else None
        record_refusal(actor, Action.CASE_DENY, ("case", case_id), case_id=known)
        raise CaseNotFound()
    return case


def trace_refused_step(actor: Actor, case: Case, step: str) -> None:
    """Leave in the trace that somebody of the circle may not do this now: raise on, as above."""
    record_refusal(
        actor,
        Action.CASE_STEP_REFUSED,
        ("case", case.id),
        case_id=case.id,
        result="refused",
        detail={"step": step, "state": str(case.state)},
    )


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """What posting to a thread needs to know of its case."""

    generation: int
    state: str
    last_sequence: int
    rekey_due: int
    expert_name: str | None
    known: bool
    """Whether the message asked about is there already, in this case or another."""


@dataclass(frozen=True, slots=True)
class _Knock:
    """Who asks for which thread, and about which message."""

    account_id: UUID
    case_id: UUID
    message_id: UUID | None


_case, _expert, _party = Case.__table__.c, Account.__table__.c, CaseParty.__table__.c
_CASES = (
    select(
        _case.id,
        _case.opened_by,
        _case.pool_id,
        _case.care_team_id,
        _case.generation,
        _case.state,
        _case.last_sequence,
        _case.rekey_due,
        _expert.name,
    )
    .select_from(Case.__table__.outerjoin(Account.__table__, _expert.id == _case.expert_id))
    .where(_case.id.in_(bindparam("cases", expanding=True)))
)
_MEMBERS = select(GroupMember.__table__.c.group_id, GroupMember.__table__.c.account_id).where(
    GroupMember.__table__.c.account_id.in_(bindparam("accounts", expanding=True)), BELONGS
)
_PARTIES = select(_party.case_id, _party.holder_id).where(
    _party.case_id.in_(bindparam("cases", expanding=True)),
    _party.left_at.is_(None),
    _party.role.in_(READING),
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
    others: list[int] = []
    for place, knock in enumerate(knocks):
        case = cases.get(knock.case_id)
        if case is None:
            found.append(None)
            continue
        concerned = (
            case.opened_by == knock.account_id
            or (case.pool_id, knock.account_id) in belonging
            or (case.care_team_id, knock.account_id) in belonging
        )
        found.append((_place(case, knock.message_id in known), concerned))
        if not concerned:
            others.append(place)
    if others:
        parties = _party_rows(connection, [knocks[place].case_id for place in others])
        for place in others:
            found[place] = _brought_in(knocks[place], found[place], parties, belonging)
    return found


def _party_rows(connection: Connection, case_ids: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
    """(case, holder) of those who read these cases and stand in none of their columns."""
    asked = {"cases": list(set(case_ids))}
    return [(row.case_id, row.holder_id) for row in connection.execute(_PARTIES, asked)]


def _brought_in(
    knock: _Knock,
    found: tuple[ThreadPlace, bool] | None,
    parties: Iterable[tuple[UUID, UUID]],
    belonging: set[tuple[UUID, UUID]],
) -> tuple[ThreadPlace, bool] | None:
    """The same place, now knowing whether the person was let in after the opening."""
    inside = any(
        case_id == knock.case_id
        and (holder == knock.account_id or (holder, knock.account_id) in belonging)
        for case_id, holder in parties
    )
    return (found[0], inside) if found else None


def _place(case: Row[*tuple[Any, ...]], known: bool) -> ThreadPlace:
    return ThreadPlace(
        generation=case.generation,
        state=case.state,
        last_sequence=case.last_sequence,
        rekey_due=case.rekey_due,
        expert_name=case.name,
        known=known,
    )


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


def roles_in(
    actor: Actor,
    case: Case,
    groups: set[UUID] | None = None,
    parties: Iterable[CaseParty] | None = None,
    absent: set[UUID] | None = None,
) -> frozenset[Who]:
    """Where the actor stands in this case; nowhere means it does not exist for them.

    `groups` are those of the actor, `parties` those of the case, `absent` the people for whom the
    actor may stand in now, each when the caller has them already. Whoever left the pool is no
    longer its expert.
    """
    belongs = groups_of(actor.account_id) if groups is None else groups
    around = parties_of([case.id])[case.id] if parties is None else parties
    found = _by_columns(actor.account_id, case, belongs)
    others = Who.POOL in found and case.expert_id and case.expert_id != actor.account_id
    if others and (_stands_in(actor, case) if absent is None else case.expert_id in absent):
        found.add(Who.DELEGATE)
    holders = belongs | {actor.account_id}
    roles = {one.role for one in around if one.left_at is None and one.holder_id in holders}
    if roles & CONSULTED and case.opened_by != actor.account_id:
        found.add(Who.CONSULTED)
    if Role.DOCTOR in roles:
        found.add(Who.READER)
    return frozenset(found)


def has_lost_expert(case: Case) -> bool:
    """Whether somebody claimed the case who can no longer answer it, inside a transaction."""
    if case.expert_id is None:
        return False
    serving = select(Account.id).join(GroupMember, GroupMember.account_id == Account.id)
    serving = serving.where(
        Account.id == case.expert_id,
        Account.suspended_at.is_(None),
        GroupMember.group_id == case.pool_id,
        BELONGS,
    )
    return session().scalar(serving) is None


def _stands_in(actor: Actor, case: Case) -> bool:
    return case.expert_id in represented_by(actor.account_id) or has_lost_expert(case)


def parties_of(case_ids: Iterable[UUID]) -> Mapping[UUID, list[CaseParty]]:
    """Everybody who holds or held the key of these cases, inside a transaction."""
    found: dict[UUID, list[CaseParty]] = defaultdict(list)
    rows = select(CaseParty).where(CaseParty.case_id.in_(set(case_ids)))
    for party in session().scalars(
        rows.order_by(CaseParty.added_at, CaseParty.place, CaseParty.holder_id)
    ):
        found[party.case_id].append(party)
    return found


def brought_in(case_ids: Iterable[UUID]) -> list[CaseParty]:
    """Those of these cases' circles whom no column names, inside a transaction."""
    return list(
        session().scalars(
            select(CaseParty).where(
                CaseParty.case_id.in_(set(case_ids)),
                CaseParty.left_at.is_(None),
                CaseParty.role.in_(READING),
            )
        )
    )


def reads_case(account_id: UUID, case: Case) -> bool:
    """Whether a person is in the circle of a case now, in any place; inside a transaction."""
    belongs = groups_of(account_id)
    if _by_columns(account_id, case, belongs):
        return True
    brought_in = select(CaseParty.holder_id).where(
        CaseParty.case_id == case.id,
        CaseParty.holder_id.in_(belongs | {account_id}),
        CaseParty.left_at.is_(None),
        CaseParty.role.in_(READING),
    )
    return session().scalar(brought_in.limit(1)) is not None


def _by_columns(account_id: UUID, case: Case, belongs: set[UUID]) -> set[Who]:
    found: set[Who] = set()
    if case.opened_by == account_id or case.care_team_id in belongs:
        found.add(Who.REQUESTER)
    if case.pool_id in belongs and case.opened_by != account_id:
        found.add(Who.POOL)
        if case.expert_id == account_id:
            found.add(Who.EXPERT)
    return found
