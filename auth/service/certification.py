"""A registrar's signature beside a person's own: for first keys, and for those that follow."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.errors import DomainError
from app.transactions import transactional
from auth.actor import Actor
from auth.announced import KeysChanged, PolicyInstalled
from auth.errors import NotPermitted, NotYourself, StatementNotAccepted
from auth.models import Account, AccountPending, AccountStatement
from auth.schemas import AccountView
from auth.service.accounts import (
    Chain,
    account_chains,
    announce_changed,
    get_account,
    view_account,
)
from auth.service.chains import account_payload, append_statement
from auth.service.network import current_policy, registrar_ids
from auth.service.peers import peers_of
from protocol import Policy, statement_hash, verify_account_chain
from protocol.encoding import unb64
from protocol.errors import ProtocolError
from protocol.statement import Statement, statement_signers
from trace import Action, record, record_refusal


@transactional
def certify_account(actor: Actor, account_id: UUID, statement: Statement) -> AccountView:
    """Store a registrar's signature beside the person's own, over the very same words.

    Keys that waited become part of the person's chain now. Raises AccountNotFound, NotPermitted
    (the caller is no registrar), NotYourself, StatementNotAccepted.
    """
    account = get_account(account_id, lock=True)
    try:
        if actor.account_id not in registrar_ids():
            raise NotPermitted()
        if actor.account_id == account_id:
            raise NotYourself()
        reason = store_cosigned(account, statement, certified_by=actor.account_id)
    except DomainError as refusal:
        record_refusal(
            actor,
            Action.ACCOUNT_CERTIFY,
            ("account", account_id),
            result="refused",
            detail={"reason": refusal.extra.get("reason", refusal.code)},
        )
        raise
    record(actor, Action.ACCOUNT_CERTIFY, ("account", account_id), detail={"kind": reason})
    return view_account(account, full=True, chain=account_chains([account_id])[account_id])


def store_cosigned(account: Account, statement: Statement, certified_by: UUID | None) -> str:
    """Certify a person's last statement, or the one that waits; which of the two: `keys`,
    `renewal` or `return`.

    Inside a transaction; also the way of `cordee appoint`, where the root signs. A co-signature
    replaces the stored signatures, never the words. Raises StatementNotAccepted.
    """
    pending = session().get(AccountPending, account.id)
    if pending is not None:
        _accept_pending(account, pending, statement, certified_by)
        return pending.reason
    last = session().scalars(
        select(AccountStatement)
        .where(AccountStatement.account_id == account.id)
        .order_by(AccountStatement.seq.desc())
        .limit(1)
    )
    _accept_last(account, last.one(), statement, certified_by)
    return "keys"


def certify_appointed(_fact: PolicyInstalled) -> None:
    """Certify registrars whom the new policy names with the keys they have, or wait with.

    Inside the transaction that installs the policy: the root vouched by naming them.
    """
    policy = current_policy()
    for entry in policy.payload.registrars:
        account = session().get(Account, UUID(entry.account))
        if account is None or account.certified_at:
            continue
        chain = account_chains([account.id])[account.id]
        pending = session().get(AccountPending, account.id)
        if pending is not None:
            chain = [*chain, pending.statement]
        try:
            verify_account_chain(chain, policy)
        except ProtocolError:
            continue
        if pending is not None:
            _append_pending(account, pending, pending.statement)
        account.certified_at = clock.now()
        record(None, Action.ACCOUNT_CERTIFY, ("account", account.id), detail={"kind": "appointed"})
        announce_changed(account)


def _accept_last(
    account: Account, last: AccountStatement, statement: Statement, certified_by: UUID | None
) -> None:
    _check_cosigned(account_chains([account.id])[account.id][:-1], last.hash, statement)
    last.statement = dict(statement)
    if account.certified_at is None:
        account.certified_at = clock.now()
        account.certified_by = certified_by
    announce_changed(account)


def _accept_pending(
    account: Account, pending: AccountPending, statement: Statement, certified_by: UUID | None
) -> None:
    _check_cosigned(account_chains([account.id])[account.id], pending.hash, statement)
    _append_pending(account, pending, statement)
    account.certified_at = clock.now()
    account.certified_by = certified_by
    announce_changed(account)


def _check_cosigned(earlier: Chain, expected: bytes, statement: Statement) -> None:
    policy = current_policy()
    try:
        if statement_hash(statement) != expected:
            raise StatementNotAccepted(reason="PayloadChanged")
        verify_account_chain([*earlier, statement], policy)
        if earlier and not _vouched_by_another(earlier[-1], statement, policy):
            raise StatementNotAccepted(reason="NotCertified")
    except ProtocolError as error:
        raise StatementNotAccepted(reason=type(error).__name__) from error


def _vouched_by_another(before: Statement, statement: Statement, policy: Policy) -> bool:
    """A registrar's former key is a registrar's key: it never vouches for its own successor."""
    said = account_payload(statement)
    if (said.account, said.sign_key) in policy.appointed:
        return True
    trusted = (policy.registrars | {policy.root}) - {unb64(account_payload(before).sign_key)}
    return bool(trusted & statement_signers(statement).keys())


def _append_pending(account: Account, pending: AccountPending, statement: Statement) -> None:
    append_statement(account.id, statement)
    session().delete(pending)
    account.keys_changed_at = clock.now()
    announce_on_commit(
        KeysChanged(account_id=account.id, seq=pending.seq, peers=peers_of(account.id))
    )
