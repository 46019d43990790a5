"""The return of somebody who lost everything: a registrar checks them, then new keys for the same
account, which a registrar vouches for in a second step."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update

from app import clock, sealing
from app.announcements import announce_on_commit
from app.db import session
from app.errors import DomainError
from app.transactions import transactional
from auth.actor import Actor, Visitor
from auth.announced import ReturnOffered
from auth.errors import (
    AccountIsSuspended,
    CodeWrong,
    NeverCertified,
    NotPermitted,
    NotYourself,
    ReturnUnusable,
)
from auth.limits import spend, spend_address, spend_key
from auth.models import Account, AccountPending, AccountReturn
from auth.schemas import ReturnBody, ReturnOpened, ReturnStart, ReturnStarted, SignedIn
from auth.service.accounts import get_account
from auth.service.chains import account_payload, statements_of
from auth.service.credentials import hash_auth, same
from auth.service.invitations import join_link
from auth.service.network import registrar_ids, the_network
from auth.service.renewal import await_keys
from auth.service.second_factor import (
    close_secret,
    enrolment_uri,
    matching_step,
    new_secret,
    open_secret,
)
from auth.service.sessions import end_sessions
from auth.service.sign_in import enter
from trace import Action, record, record_refusal

LIFE = timedelta(hours=72)
RESEND = timedelta(minutes=15)
"""How long the same return, sent again because its answer was lost, is answered again."""


def start_return(actor: Actor, account_id: UUID, body: ReturnStart) -> ReturnStarted:
    """Offer a single-use link to somebody whom this registrar has just recognised.

    It goes to the person's own mail; an earlier one stops working. Raises NotPermitted,
    NotYourself, AccountNotFound, AccountIsSuspended, NeverCertified.
    """
    spend(actor, "return", 60, per=3600)
    return _start_return(actor, account_id, body)


@transactional
def _start_return(actor: Actor, account_id: UUID, body: ReturnStart) -> ReturnStarted:
    account = get_account(account_id, lock=True)
    _check_start(actor, account)
    now = clock.now()
    session().execute(
        update(AccountReturn)
        .where(AccountReturn.account_id == account_id, AccountReturn.used_at.is_(None))
        .values(revoked_at=now)
    )
    token = secrets.token_urlsafe(32)
    offered = AccountReturn(
        id=uuid4(),
        account_id=account_id,
        token_hash=_hash(token),
        totp_secret=close_secret(new_secret()),
        checked=body.checked,
        started_by=actor.account_id,
        created_at=now,
        expires_at=now + LIFE,
        used_at=None,
        revoked_at=None,
    )
    session().add(offered)
    link = join_link(token) + "&return=1"
    announce_on_commit(
        ReturnOffered(
            account_id=account_id,
            mail=account.mail,
            language=account.language,
            link=link,
            expires_at=offered.expires_at,
        )
    )
    record(
        actor,
        Action.ACCOUNT_RETURN_START,
        ("account", account_id),
        detail={"kind": body.checked},
    )
    return ReturnStarted(link=link, expires_at=offered.expires_at)


def _check_start(actor: Actor, account: Account) -> None:
    reason: DomainError | None = None
    if actor.account_id not in registrar_ids():
        reason = NotPermitted()
    elif actor.account_id == account.id:
        reason = NotYourself()
    elif account.suspended_at:
        reason = AccountIsSuspended()
    elif account.certified_at is None and session().get(AccountPending, account.id) is None:
        reason = NeverCertified()
    if reason is None:
        return
    record_refusal(
        actor,
        Action.ACCOUNT_RETURN_START,
        ("account", account.id),
        result="refused",
        detail={"reason": reason.code},
    )
    raise reason


def open_return(token: str, address: str) -> ReturnOpened:
    """What the holder of the link needs to make the account's next keys. Raises ReturnUnusable."""
    _count(token, address)
    return _open_return(token, address)


@transactional(read_only=True)
def _open_return(token: str, address: str) -> ReturnOpened:
    offered, account = _find_usable(token, address)
    last = statements_of(account.id)[-1]
    said = account_payload(last.statement)
    secret = open_secret(offered.totp_secret)
    return ReturnOpened(
        mail=account.mail,
        account=account.id,
        name=said.name,
        rpps=said.rpps,
        seq=last.seq + 1,
        prev=last.hash,
        net=the_network().id,
        totp_secret=secret,
        totp_uri=enrolment_uri(secret, account.mail),
    )


def complete_return(body: ReturnBody, address: str) -> tuple[SignedIn, str]:
    """Take the new keys, password and second factor; all older sessions end, a new one begins.

    The person then waits: the keys are nobody's business before a registrar has co-signed them.
    Raises ReturnUnusable, CodeWrong, StatementNotAccepted.
    """
    _count(body.token, address)
    return _complete_return(body, address)


@transactional
def _complete_return(body: ReturnBody, address: str) -> tuple[SignedIn, str]:
    if again := _sent_again(body):
        return enter(again, body.device, address, Action.ACCOUNT_SIGN_IN)
    offered, account = _find_usable(body.token, address)
    if body.account != account.id:
        _refuse(offered, address, "account")
        raise ReturnUnusable()
    step = matching_step(open_secret(offered.totp_secret), body.totp_code)
    if step is None:
        _refuse(offered, address, "code")
        raise CodeWrong()
    await_keys(account, body, "return")
    account.totp_secret = offered.totp_secret
    account.totp_step = step
    offered.used_at = clock.now()
    end_sessions(account.id)
    return enter(account, body.device, address, Action.ACCOUNT_RETURN)


def _sent_again(body: ReturnBody) -> Account | None:
    """The account this very return brought back a moment ago, when its answer did not arrive."""
    offered = _find(body.token)
    if offered is None or offered.used_at is None or offered.account_id != body.account:
        return None
    account = get_account(offered.account_id, lock=True)
    fresh = clock.now() - offered.used_at < RESEND and account.suspended_at is None
    if fresh and same(account.auth_hash, hash_auth(account.id, body.auth)):
        return account
    return None


def _find_usable(token: str, address: str) -> tuple[AccountReturn, Account]:
    offered = _find(token)
    if offered and not offered.used_at and not offered.revoked_at:
        account = get_account(offered.account_id, lock=True)
        if offered.expires_at > clock.now() and not account.suspended_at:
            return offered, account
    _refuse(offered, address, "link")
    raise ReturnUnusable()


def _find(token: str) -> AccountReturn | None:
    wanted = select(AccountReturn).where(AccountReturn.token_hash == _hash(token))
    return session().scalars(wanted.with_for_update()).first()


def _refuse(offered: AccountReturn | None, address: str, reason: str) -> None:
    record_refusal(
        Visitor(address),
        Action.ACCOUNT_RETURN_FAILURE,
        ("account", offered.account_id if offered else None),
        result="refused",
        detail={"reason": reason},
    )


def _count(token: str, address: str) -> None:
    spend_address("sign-up", address, 300, per=600)
    spend_key("sign-up:token", token, 30, per=600)


def _hash(token: str) -> bytes:
    return sealing.keyed_hash("return token", token.encode())
