"""Accounts: how one is shown, found, suspended, moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.announced import AccountChanged
from auth.errors import AccountNotFound, NotYourself
from auth.models import Account, AccountStatement
from auth.schemas import AccountView, OrganisationName
from auth.service.network import registrar_ids
from auth.service.organisations import check_organisation, organisation_names
from auth.service.sessions import end_sessions
from auth.service.standing import Standings, standings_of
from trace import Action, record

Chain = list[dict[str, Any]]


def get_account(account_id: UUID, *, lock: bool = False) -> Account:
    """Inside a transaction. Raises AccountNotFound.

    `lock` keeps others from changing it, and lets them go on naming it: who writes in a case holds
    the case, then names its readers, and new keys hold the account, then mark its cases.
    """
    wanted = select(Account).where(Account.id == account_id)
    if lock:
        wanted = wanted.with_for_update(key_share=True)
    account = session().scalars(wanted).first()
    if account is None:
        raise AccountNotFound()
    return account


def account_chains(ids: Iterable[UUID]) -> dict[UUID, Chain]:
    """Each person's key statements, first to last, inside a transaction."""
    chains: dict[UUID, Chain] = defaultdict(list)
    rows = session().execute(
        select(AccountStatement.account_id, AccountStatement.statement)
        .where(AccountStatement.account_id.in_(set(ids)))
        .order_by(AccountStatement.account_id, AccountStatement.seq)
    )
    for account_id, statement in rows:
        chains[account_id].append(statement)
    return chains


def sign_keys(ids: Iterable[UUID]) -> dict[str, tuple[bytes, ...]]:
    """Every signing key these people ever had, as protocol's verifiers want them.

    Inside a transaction. The chains were verified when they were stored.
    """
    keys: dict[str, tuple[bytes, ...]] = {}
    rows = session().execute(
        select(AccountStatement.account_id, AccountStatement.sign_key)
        .where(AccountStatement.account_id.in_(set(ids)))
        .order_by(AccountStatement.account_id, AccountStatement.seq)
    )
    for account_id, key in rows:
        keys[str(account_id)] = (*keys.get(str(account_id), ()), key)
    return keys


def account_names(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Id → name, inside a transaction."""
    wanted = {ident for ident in ids if ident}
    if not wanted:
        return {}
    rows = session().execute(select(Account.id, Account.name).where(Account.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def view_account(
    account: Account,
    *,
    full: bool,
    organisations: dict[UUID, OrganisationName] | None = None,
    chain: Sequence[dict[str, Any]] = (),
    standings: Standings | None = None,
) -> AccountView:
    """The person as others see them, or in `full` as they and administrators do.

    A list looks up `organisations` and `standings` once for all.
    """
    known = (
        organisation_names([account.organisation_id]) if organisations is None else organisations
    )
    standing = standings or standings_of([account])
    return AccountView(
        id=account.id,
        name=account.name,
        kind=account.kind,  # type: ignore[arg-type]
        profession=account.profession,
        specialty=account.specialty,
        organisation=known.get(account.organisation_id) if account.organisation_id else None,
        certified=account.certified_at is not None,
        archived=account.suspended_at is not None,
        registrar=account.id in registrar_ids(),
        language=account.language if full else None,
        mail=account.mail if full else None,
        rpps=account.rpps if full else None,
        created_at=account.created_at if full else None,
        last_sign_in_at=account.last_sign_in_at if full else None,
        keys_changed_at=account.keys_changed_at,
        keys_vouched_by=standing.vouched_by(account),
        pending=standing.pending.get(account.id) if full else None,
        leave=standing.leaves.get(account.id),
        statements=tuple(chain),
    )


@transactional
def suspend_account(actor: Actor, account_id: UUID) -> None:
    """Close every door of a person at once: sessions, then their sockets."""
    if actor.account_id == account_id:
        raise NotYourself()
    account = get_account(account_id, lock=True)
    if account.suspended_at:
        return
    account.suspended_at = clock.now()
    ended = end_sessions(account_id)
    record(actor, Action.ACCOUNT_SUSPEND, ("account", account_id), detail={"count": len(ended)})
    announce_changed(account)


@transactional
def reinstate_account(actor: Actor, account_id: UUID) -> None:
    """Let a suspended person sign in again."""
    account = get_account(account_id, lock=True)
    if account.suspended_at is None:
        return
    account.suspended_at = None
    record(actor, Action.ACCOUNT_REINSTATE, ("account", account_id))
    announce_changed(account)


@transactional
def move_account(actor: Actor, account_id: UUID, organisation_id: UUID | None) -> AccountView:
    """Say on behalf of which organisation a person acts."""
    account = get_account(account_id, lock=True)
    check_organisation(organisation_id)
    if account.organisation_id != organisation_id:
        account.organisation_id = organisation_id
        record(actor, Action.ACCOUNT_CHANGE, ("account", account_id))
        announce_changed(account)
    return view_account(account, full=True, chain=account_chains([account_id])[account_id])


def announce_changed(account: Account) -> None:
    """Tell the person's devices what they may do from now on."""
    announce_on_commit(
        AccountChanged(
            account_id=account.id,
            certified=account.certified_at is not None,
            suspended=account.suspended_at is not None,
        )
    )
