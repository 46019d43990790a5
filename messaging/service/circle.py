"""Who holds the key of a case, and to whom exactly its next key goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app import clock
from app.db import session
from auth.actor import Actor
from auth.service.network import current_policy
from messaging.errors import EventRefused, StaleEpoch, TooManyRecipients
from messaging.models import Case, CaseEvent, CaseGrant, CaseParty, Role, Urgency
from messaging.schemas import MAX_RECIPIENTS
from messaging.service.access import READING
from messaging.service.steps import State
from pools.models import Group
from pools.service.roll import members_of
from pools.service.standing import key_sequences
from protocol.chain import CaseChain
from protocol.contexts import (
    account_recipient,
    custodian_recipient,
    group_recipient,
    parse_recipient,
)
from protocol.errors import ProtocolError
from protocol.statement import Statement, statement_hash

PERSONAL = frozenset({Role.OPENER, Role.EXPERT, Role.DOCTOR})
"""Roles of a person; all others are a group's."""


@dataclass
class Circle:
    """Holders of a key by the recipient that names each one's key of today."""

    groups: dict[UUID, int] = field(default_factory=dict)
    """Group → epoch."""
    accounts: dict[UUID, int] = field(default_factory=dict)
    """Person → sequence of the last certified key statement."""
    custodians: int = 0
    """How many archive keys today's policy names."""

    @classmethod
    def of(cls, groups: Collection[UUID], accounts: Collection[UUID], policy: bool) -> Circle:
        """As the database says now; `policy` adds the custodians. Inside a transaction."""
        epochs = select(Group.id, Group.epoch).where(Group.id.in_(groups))
        return cls(
            dict(session().execute(epochs).all()) if groups else {},
            key_sequences(accounts) if accounts else {},
            len(current_policy().payload.custodians) if policy else 0,
        )

    @classmethod
    def of_parties(cls, parties: Iterable[CaseParty]) -> Circle:
        """Everybody who still holds the key, and the custodians."""
        live = [party for party in parties if party.left_at is None]
        return cls.of(
            [party.holder_id for party in live if party.kind == "group"],
            [party.holder_id for party in live if party.kind == "account"],
            policy=True,
        )

    def recipients(self) -> dict[UUID, str]:
        """The recipient of each group and person."""
        named: dict[UUID, str] = {who: group_recipient(who, e) for who, e in self.groups.items()}
        return named | {who: account_recipient(who, seq) for who, seq in self.accounts.items()}


def require_few(recipients: Collection[str]) -> None:
    """Raises TooManyRecipients."""
    if len(recipients) > MAX_RECIPIENTS:
        raise TooManyRecipients(limit=MAX_RECIPIENTS)


def check_recipients(given: Collection[str], circle: Circle, opening: bool = False) -> None:
    """The key goes to exactly these, each by today's key: whoever holds it must see the case.

    Raises StaleEpoch for keys of before, and at an opening for groups left out, which the author
    may not know of yet; EventRefused for anybody missing or added.
    """
    wanted = circle.recipients()
    others = set(given) - set(wanted.values())
    named = {UUID(one.id) for one in map(parse_recipient, others) if one.id}
    absent = {who for who, recipient in wanted.items() if recipient not in given}
    stale = absent if opening else absent & named
    groups = [
        {"group": str(who), "epoch": epoch} for who, epoch in circle.groups.items() if who in stale
    ]
    accounts = [
        {"account": str(who), "seq": seq}
        for who, seq in circle.accounts.items()
        if who in absent & named
    ]
    if groups or accounts:
        first: dict[str, Any] = groups[0] if opening and groups else {}
        raise StaleEpoch(groups=groups, accounts=accounts, **first)
    archive = {str(custodian_recipient(index)) for index in range(circle.custodians)}
    if archive - set(given):
        raise EventRefused(reason="CustodianMissing")
    if absent or others != archive:
        raise EventRefused(reason="RecipientsWrong")


def hold_groups(ids: Iterable[UUID]) -> dict[UUID, Group]:
    """Groups whose epoch does not move until the transaction ends; shared with who else holds them.

    Always before the case's row: a group that rekeys holds its own row first and then marks cases.
    """
    rows = (
        select(Group)
        .where(Group.id.in_(set(ids)))
        .order_by(Group.id)
        .with_for_update(read=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    return {group.id: group for group in session().scalars(rows)}


def enter_circle(
    actor: Actor,
    case: Case,
    holder: UUID,
    role: Role,
    *,
    place: int = 0,
    at: datetime | None = None,
) -> None:
    """Write a party down in its role: new, again, or in another role than before.

    Those who enter at one instant, `at` or now, are shown and asked in the order of `place`.
    """
    known = session().get(CaseParty, (case.id, holder))
    if known is not None and known.left_at is None:
        known.role = role
        return
    session().merge(
        CaseParty(
            case_id=case.id,
            holder_id=holder,
            kind="account" if role in PERSONAL else "group",
            role=role,
            place=place,
            added_by=actor.account_id,
            added_at=at or clock.now(),
            left_at=None,
        )
    )


def hand_over(actor: Actor, case: Case, pool: Group) -> None:
    """The case waits in another pool now; the one before goes on reading and may be asked."""
    enter_circle(actor, case, case.pool_id, Role.FORMER_POOL)
    enter_circle(actor, case, pool.id, Role.POOL)
    now = clock.now()
    case.pool_id = pool.id
    case.state = State.SUBMITTED
    case.expert_id, case.claimed_at = None, None
    case.due_at = now + timedelta(minutes=pool.deadline(Urgency(case.urgency).word))
    case.last_activity_at = now


def put_out(case: Case, party: CaseParty, parties: Iterable[CaseParty]) -> tuple[UUID, ...]:
    """Close a party's part; the people who read the case by no other way any more."""
    party.left_at = clock.now()
    gone = members_of(party.holder_id) if party.kind == "group" else {party.holder_id}
    for other in parties:
        if other.left_at is None and (other.role in READING or _stands_in_columns(case, other)):
            gone -= members_of(other.holder_id) if other.kind == "group" else {other.holder_id}
    return tuple(sorted(gone))


def _stands_in_columns(case: Case, party: CaseParty) -> bool:
    return party.holder_id in (case.pool_id, case.care_team_id, case.opened_by)


def store_grants(case_id: UUID, generation: int, grants: Mapping[str, bytes]) -> None:
    """Keep the wrapped keys of a generation. Wrapping twice for one recipient keeps the first."""
    known = set(
        session().scalars(
            select(CaseGrant.recipient).where(
                CaseGrant.case_id == case_id, CaseGrant.generation == generation
            )
        )
    )
    for name, wrapped in grants.items():
        if name not in known:
            recipient = parse_recipient(name)
            session().add(
                CaseGrant(
                    case_id=case_id,
                    generation=generation,
                    recipient=name,
                    holder_id=UUID(recipient.id) if recipient.id else None,
                    wrapped=wrapped,
                )
            )


def store_event(
    case_id: UUID, statement: dict[str, Any], chain: CaseChain, received_at: datetime
) -> None:
    session().add(
        CaseEvent(
            case_id=case_id,
            n=chain.payload.n,
            statement=statement,
            hash=chain.hash,
            received_at=received_at,
        )
    )


def event_hash(statement: Statement) -> bytes:
    """Hash of an event from outside. Raises EventRefused when it is no statement."""
    try:
        return statement_hash(statement)
    except ProtocolError as error:
        raise EventRefused(reason=type(error).__name__) from error
