"""Who hears of a happening, and whether a person still needs to."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.db import session
from auth.models import Account
from messaging.models import Case, CaseReceipt
from notifications.models import Delivery, Happening
from notifications.rules import Kind
from pools.service.roll import members_of

SECURITY = frozenset({Kind.PASSWORD_CHANGED, Kind.NEW_DEVICE})
"""Told by mail whatever the person prefers, at any hour."""


def audience(happening: Happening) -> set[UUID]:
    """The people a happening concerns, but for whoever did it, who can sign in."""
    if happening.case_id is None:
        people = _account_audience(happening)
    else:
        case = session().get(Case, happening.case_id)
        people = _case_audience(happening.kind, case) if case else set()
    return _able_to_sign_in(people - {happening.actor_id})


def _account_audience(happening: Happening) -> set[UUID]:
    if happening.kind == Kind.ACCOUNT_WAITING:
        administrators = select(Account.id).where(
            Account.kind == "administrator", Account.certified_at.is_not(None)
        )
        return set(session().scalars(administrators))
    return {happening.account_id} if happening.account_id else set()


def _case_audience(kind: str, case: Case) -> set[UUID]:
    requesters = _requesters(case)
    expert = {case.expert_id} if case.expert_id else set()
    match kind:
        case Kind.CASE_OPENED:
            return members_of(case.pool_id) - {case.opened_by}
        case Kind.FOR_REQUESTER:
            return requesters
        case Kind.FOR_EXPERT:
            return expert
        case _:
            return requesters | expert


def _requesters(case: Case) -> set[UUID]:
    team = members_of(case.care_team_id) if case.care_team_id else set()
    return {case.opened_by} | team


def _able_to_sign_in(people: set[UUID]) -> set[UUID]:
    query = select(Account.id).where(Account.id.in_(people), Account.suspended_at.is_(None))
    return set(session().scalars(query))


def still_needed(delivery: Delivery, looking: bool) -> bool:
    """Whether this person still has something to see. Asked at the last moment before sending."""
    if delivery.case_id is None or delivery.account_id is None:
        return True
    case = session().get(Case, delivery.case_id)
    if case is None or looking or not _concerned(case, delivery.account_id):
        return False
    if delivery.kind == Kind.CASE_OPENED:
        return case.state == "submitted"
    if delivery.sequence is None:
        return True
    receipt = session().get(CaseReceipt, (delivery.case_id, delivery.account_id))
    return receipt is None or receipt.read < delivery.sequence


def _concerned(case: Case, account_id: UUID) -> bool:
    """Still in the case's circle: people leave groups between a fact and its telling."""
    return account_id in _requesters(case) or account_id in members_of(case.pool_id)
