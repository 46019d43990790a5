"""Being away with somebody standing in: what would be told to the person is told to them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.announced import LeaveChanged
from auth.errors import LeaveImpossible
from auth.models import Account, AccountLeave
from auth.schemas import LeaveBody, LeaveView
from auth.service.accounts import account_names, get_account
from auth.service.peers import peers_of, share_a_group
from auth.service.standing import view_leave
from trace import Action, record

LONGEST = timedelta(days=730)


@transactional
def go_on_leave(actor: Actor, body: LeaveBody) -> LeaveView:
    """Announce an absence in place of any other. Raises LeaveImpossible with its reason."""
    get_account(actor.account_id, lock=True)  # of two first leaves at once, one waits
    _check(actor, body)
    leave = session().get(AccountLeave, actor.account_id)
    if leave is None:
        leave = AccountLeave(account_id=actor.account_id)
        session().add(leave)
    leave.starts_at = body.from_
    leave.ends_at = body.until
    leave.delegate_id = body.delegate
    leave.created_at = clock.now()
    record(actor, Action.ACCOUNT_LEAVE, ("account", actor.account_id))
    _announce(actor.account_id)
    return view_leave(leave, account_names([body.delegate]))


@transactional
def come_back(actor: Actor) -> None:
    """End one's absence, or give it up; without one nothing happens."""
    leave = session().get(AccountLeave, actor.account_id, with_for_update=True)
    if leave is None:
        return
    session().delete(leave)
    record(actor, Action.ACCOUNT_LEAVE_END, ("account", actor.account_id))
    _announce(actor.account_id)


def away_today(ids: Collection[UUID]) -> dict[UUID, AccountLeave]:
    """Those of these people who are away now, inside a transaction."""
    rows = session().scalars(_running().where(AccountLeave.account_id.in_(set(ids))))
    return {leave.account_id: leave for leave in rows}


def stand_ins(ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Who is told instead of whom today, inside a transaction.

    A delegate who is away too, suspended or waiting stands in for nobody: the person is told.
    """
    chosen = {
        person: leave.delegate_id
        for person, leave in away_today(ids).items()
        if leave.delegate_id is not None
    }
    if not chosen:
        return {}
    delegates = set(chosen.values())
    able = select(Account.id).where(
        Account.id.in_(delegates),
        Account.suspended_at.is_(None),
        Account.certified_at.is_not(None),
    )
    there = set(session().scalars(able)) - away_today(delegates).keys()
    return {person: delegate for person, delegate in chosen.items() if delegate in there}


def represented_by(delegate: UUID) -> set[UUID]:
    """People away now for whom `delegate` stands in, inside a transaction."""
    return set(session().scalars(represented(delegate)))


def represented(delegate: UUID) -> Select[UUID]:
    """The same people, as part of a greater question."""
    return (
        _running()
        .where(AccountLeave.delegate_id == delegate)
        .with_only_columns(AccountLeave.account_id)
    )


def _check(actor: Actor, body: LeaveBody) -> None:
    if body.from_.tzinfo is None or body.until.tzinfo is None:
        raise LeaveImpossible(reason="dates")
    length = body.until - body.from_
    if not timedelta() < length <= LONGEST or body.until <= clock.now():
        raise LeaveImpossible(reason="dates")
    if body.delegate is None:
        return
    if body.delegate == actor.account_id or not share_a_group(actor.account_id, body.delegate):
        raise LeaveImpossible(reason="delegate")
    other = session().get(AccountLeave, body.delegate)
    if other and other.starts_at < body.until and body.from_ < other.ends_at:
        raise LeaveImpossible(reason="delegate_away")


def _running() -> Select[AccountLeave]:
    now = clock.now()
    return select(AccountLeave).where(AccountLeave.starts_at <= now, AccountLeave.ends_at > now)


def _announce(account_id: UUID) -> None:
    announce_on_commit(LeaveChanged(account_id=account_id, peers=peers_of(account_id)))
