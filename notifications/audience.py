"""Who hears of a happening, and whether a person still needs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.db import session
from auth.models import Account
from auth.service.leave import stand_ins
from auth.service.peers import peers_of
from messaging.models import Case, CaseReceipt, Role
from messaging.service.access import brought_in, reads_case
from notifications.models import Delivery
from notifications.rules import Kind
from pools.models import BELONGS, GroupMember

SECURITY = frozenset({Kind.PASSWORD_CHANGED, Kind.NEW_DEVICE})
"""Told by mail whatever the person prefers, at any hour."""
APART = frozenset({Kind.CASE_RESTORED})
"""Facts about a case that do not flow together with its other news."""


@dataclass(frozen=True)
class Concerned:
    """What happened where, apart from who did it: happenings that agree on it have one audience."""

    kind: str
    case_id: UUID | None
    account_id: UUID | None

    @classmethod
    def by(cls, happening: Row[*tuple[Any, ...]]) -> Concerned:
        return cls(happening.kind, happening.case_id, happening.account_id)


def audiences(happened: Collection[Concerned]) -> dict[Concerned, set[UUID]]:
    """The people each one concerns who can sign in, in a number of queries that does not grow."""
    ids = {one.case_id for one in happened if one.case_id}
    circles = select(Case.id, Case.pool_id, Case.care_team_id, Case.opened_by, Case.expert_id)
    cases = {case.id: case for case in session().execute(circles.where(Case.id.in_(ids)))}
    groups = {case.care_team_id for case in cases.values()} - {None}
    groups |= {cases[i.case_id].pool_id for i in happened if i.case_id and i.case_id in cases}
    members: dict[UUID, set[UUID]] = defaultdict(set)
    rolls = select(GroupMember.group_id, GroupMember.account_id).where(BELONGS)
    for group_id, account_id in session().execute(rolls.where(GroupMember.group_id.in_(groups))):
        members[group_id].add(account_id)
    experts: dict[UUID, set[UUID]] = defaultdict(set)
    for party in brought_in(ids):
        if party.role == Role.EXPERT:
            experts[party.case_id].add(party.holder_id)
    found = {}
    for one in happened:
        if one.case_id is None:
            found[one] = _account_audience(one)
        else:
            case = cases.get(one.case_id)
            found[one] = _case_audience(one, case, members, experts) if case else set()
    able = _able_to_sign_in(set().union(*found.values()))
    instead = stand_ins({person for one in found if one.case_id for person in found[one]})
    return {
        one: _present(people & able, instead, cases.get(one.case_id), members)
        if one.case_id
        else people & able
        for one, people in found.items()
    }


def _present(
    people: set[UUID],
    instead: Mapping[UUID, UUID],
    case: Row[*tuple[Any, ...]] | None,
    members: Mapping[UUID, set[UUID]],
) -> set[UUID]:
    """The same people, but for who is away: their delegate, if the delegate may read the case."""
    if case is None or not instead:
        return people
    readers = members[case.pool_id] | members.get(case.care_team_id, set())
    told = ((person, instead.get(person, person)) for person in people)
    return {other if other in readers else person for person, other in told}


def _account_audience(happened: Concerned) -> set[UUID]:
    if happened.kind == Kind.ACCOUNT_WAITING:
        administrators = select(Account.id).where(
            Account.kind == "administrator", Account.certified_at.is_not(None)
        )
        return set(session().scalars(administrators))
    if happened.kind == Kind.KEYS_CHANGED:
        return set(peers_of(happened.account_id)) if happened.account_id else set()
    return {happened.account_id} if happened.account_id else set()


def _case_audience(
    happened: Concerned,
    case: Row[*tuple[Any, ...]],
    members: Mapping[UUID, set[UUID]],
    experts: Mapping[UUID, set[UUID]],
) -> set[UUID]:
    """`experts` are those asked by name, who follow the thread as the pool's own expert does."""
    team = members.get(case.care_team_id, set()) if case.care_team_id else set()
    requesters = {case.opened_by} | team
    expert = {case.expert_id} if case.expert_id else set()
    match happened.kind:
        case Kind.CASE_OPENED:
            return members.get(case.pool_id, set()) - {case.opened_by}
        case Kind.FOR_REQUESTER:
            return requesters
        case Kind.FOR_EXPERT:
            return expert
        case Kind.BROUGHT_IN:
            return {happened.account_id} if happened.account_id else set()
        case _:
            return requesters | expert | experts[case.id]


def _able_to_sign_in(people: set[UUID]) -> set[UUID]:
    query = select(Account.id).where(Account.id.in_(people), Account.suspended_at.is_(None))
    return set(session().scalars(query))


def still_needed(delivery: Delivery, looking: bool) -> bool:
    """Whether this person still has something to see. Asked at the last moment before sending."""
    if delivery.case_id is None or delivery.account_id is None:
        return True
    case = session().get(Case, delivery.case_id)
    # People leave groups and cases between a fact and its telling.
    if case is None or looking or not reads_case(delivery.account_id, case):
        return False
    if delivery.kind == Kind.CASE_OPENED:
        return case.state == "submitted"
    if delivery.sequence is None:
        return True
    receipt = session().get(CaseReceipt, (delivery.case_id, delivery.account_id))
    return receipt is None or receipt.read < delivery.sequence
