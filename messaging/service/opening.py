"""A requester sends a case to a pool."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.errors import Conflict
from app.transactions import transactional
from auth.actor import Actor
from auth.service.network import the_network
from messaging.announced import CaseOpened
from messaging.errors import CareTeamNotYours, EventRefused, PoolClosed
from messaging.models import Case, CaseEvent, CaseHeader, Role, Urgency
from messaging.schemas import HEADER_BYTES, CaseAnswer, CaseBody
from messaging.service.circle import (
    Circle,
    check_recipients,
    enter_circle,
    event_hash,
    hold_groups,
    require_few,
    store_event,
    store_grants,
)
from messaging.service.facts import case_fact
from messaging.service.sealed import announce_attachments, check_seal
from messaging.service.showing import show_case
from messaging.service.steps import State
from pools.errors import GroupNotFound
from pools.models import Group
from pools.service.roll import members_of, overflow_of
from pools.service.standing import sign_keys
from protocol.chain import CaseChain, verify_case_events
from protocol.errors import ProtocolError
from trace import Action, record

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter is mistaken for a digit over the telephone."""
NUMBER_LENGTH = 6


@transactional
def open_case(actor: Actor, body: CaseBody) -> CaseAnswer:
    """Store a new sealed case and tell its pool.

    The same opening again changes nothing. Raises StaleEpoch when a group's key has moved on,
    EventRefused, SealRefused, PoolClosed, CareTeamNotYours, TooManyRecipients, or Conflict for a
    used id.
    """
    require_few(body.grants)
    event = body.event.model_dump(mode="json")
    if known := session().get(Case, body.id):
        return _opened_before(actor, known, event)
    overflow = overflow_of(body.pool)
    named = {one for one in (body.pool, body.care_team) if one}
    groups = hold_groups(named | set(overflow))
    pool = _open_pool(groups.get(body.pool))
    team = _own_team(actor, body.care_team, groups)
    circle = Circle.of(groups.keys(), [actor.account_id], policy=True)
    check_recipients(body.grants, circle, opening=True)
    chain = _check_opening(actor, body, event)
    check_seal(body.header.sealed, HEADER_BYTES)

    now = clock.now()
    case = Case(
        id=body.id,
        number=_fresh_number(),
        pool_id=pool.id,
        care_team_id=team.id if team else None,
        organisation_id=actor.organisation_id,
        urgency=Urgency.of(body.urgency),
        state=State.SUBMITTED,
        opened_by=actor.account_id,
        expert_id=None,
        opened_at=now,
        due_at=now + timedelta(minutes=pool.deadline(body.urgency)),
        claimed_at=None,
        answered_at=None,
        settled_at=None,
        closed_at=None,
        last_sequence=0,
        last_activity_at=now,
        generation=0,
    )
    session().add(case)
    session().flush()
    _store_keys(actor, case, body, event, chain)
    _found_circle(actor, case, overflow)
    announce_attachments(actor, case.id, None, body.header.attachments)
    record(
        actor,
        Action.CASE_OPEN,
        ("case", case.id),
        case_id=case.id,
        detail={"urgency": body.urgency},
    )
    announce_on_commit(CaseOpened(**case_fact(actor, case)))
    return show_case(actor, case)


def _opened_before(actor: Actor, case: Case, event: dict[str, Any]) -> CaseAnswer:
    first = session().get(CaseEvent, (case.id, 0))
    digest = event_hash(event)
    if case.opened_by != actor.account_id or first is None or first.hash != digest:
        raise Conflict()
    return show_case(actor, case)


def _open_pool(pool: Group | None) -> Group:
    if pool is None or pool.kind != "pool":
        raise GroupNotFound()
    if pool.archived_at is not None:
        raise PoolClosed()
    return pool


def _own_team(actor: Actor, team_id: UUID | None, groups: dict[UUID, Group]) -> Group | None:
    if team_id is None:
        return None
    team = groups.get(team_id)
    mine = team and team.kind == "care_team" and actor.account_id in members_of(team_id)
    if team is None or not mine or team.archived_at is not None:
        raise CareTeamNotYours()
    return team


def _check_opening(actor: Actor, body: CaseBody, event: dict[str, Any]) -> CaseChain:
    """The signed event says the same as the request, by the opener's key of today."""
    own = str(actor.account_id)
    keys = sign_keys([actor.account_id])[own]
    try:
        chain = verify_case_events([event], {own: keys[-1]}, {}, net=str(the_network().id))
    except ProtocolError as error:
        raise EventRefused(reason=type(error).__name__) from error
    if chain.payload.case != str(body.id) or chain.opener != own:
        raise EventRefused(reason="SubjectChanged")
    if set(chain.payload.to) != set(body.grants):
        raise EventRefused(reason="RecipientsWrong")
    return chain


def _store_keys(
    actor: Actor, case: Case, body: CaseBody, event: dict[str, Any], chain: CaseChain
) -> None:
    store_event(case.id, event, chain, case.opened_at)
    store_grants(case.id, 0, body.grants)
    session().add(
        CaseHeader(
            case_id=case.id,
            version=0,
            generation=0,
            author_id=actor.account_id,
            sealed=body.header.sealed,
            posted_at=case.opened_at,
        )
    )
    session().flush()


def _found_circle(actor: Actor, case: Case, overflow: list[UUID]) -> None:
    """Who holds the key from the beginning. The overflow pools wait to be asked, in their order."""
    founders = [(case.opened_by, Role.OPENER), (case.pool_id, Role.POOL)]
    if case.care_team_id:
        founders.append((case.care_team_id, Role.CARE_TEAM))
    founders += [(pool_id, Role.OVERFLOW) for pool_id in overflow]
    for place, (holder, role) in enumerate(founders):
        enter_circle(actor, case, holder, role, place=place, at=case.opened_at)


def _fresh_number() -> str:
    """A short random reference nobody else has: 32^6 of them."""
    while True:
        number = "C-" + "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_LENGTH))
        if session().scalar(select(Case.id).where(Case.number == number)) is None:
            return number
