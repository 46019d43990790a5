"""Coming back with the recovery code: shown, confirmed by mail, then a new password and factor."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update

from app import clock, sealing
from app.announcements import announce_on_commit
from app.db import session
from app.transactions import transactional
from auth.actor import Visitor
from auth.announced import PasswordChanged, RecoveryCodeMade
from auth.errors import CodeWrong, RecoveryFailed
from auth.limits import spend_address, spend_key
from auth.models import Account, Recovery
from auth.schemas import (
    RecoveryCode,
    RecoveryCompletion,
    RecoveryKeys,
    RecoveryOpened,
    RecoveryOpening,
    SignedIn,
)
from auth.service.accounts import get_account
from auth.service.credentials import DECOY, hash_auth, hash_recovery, same
from auth.service.network import the_network
from auth.service.second_factor import (
    close_secret,
    enrolment_uri,
    matching_step,
    new_secret,
    open_secret,
)
from auth.service.sessions import end_sessions
from auth.service.sign_in import enter
from auth.service.standing import own_chain
from trace import Action, record, record_refusal

LIFE = timedelta(minutes=15)
MAX_ATTEMPTS = 5
"""Of one mailed code of eight digits: one chance in twenty million to guess it."""


def open_recovery(body: RecoveryOpening, address: str) -> RecoveryOpened:
    """Begin. The answer never tells whether mail and recovery key were right; a mail does."""
    spend_address("recovery", address, 60, per=3600)
    spend_key("recovery:account", body.mail, 5, per=3600)
    return _open_recovery(body, address)


@transactional
def _open_recovery(body: RecoveryOpening, address: str) -> RecoveryOpened:
    account = session().scalars(select(Account).where(Account.mail == body.mail)).first()
    shown = hash_recovery(account.id if account else DECOY, body.recovery_auth)
    right = same(shown, account.recovery_hash if account else bytes(32))
    known = account if account and right and not account.suspended_at else None
    code = f"{secrets.randbelow(10**8):08d}"
    now = clock.now()
    recovery = Recovery(
        id=uuid4(),
        account_id=known.id if known else None,
        code_hash=b"",
        totp_secret=close_secret(new_secret()),
        attempts=0,
        created_at=now,
        expires_at=now + LIFE,
        used_at=None,
    )
    recovery.code_hash = _hash(recovery.id, code)
    session().add(recovery)
    record(
        Visitor(address),
        Action.ACCOUNT_RECOVERY_ASK,
        ("account", account.id if account else None),
        result="done" if known else "refused",
    )
    if known:
        announce_on_commit(
            RecoveryCodeMade(
                account_id=known.id,
                mail=known.mail,
                language=known.language,
                code=code,
                expires_at=recovery.expires_at,
            )
        )
    return RecoveryOpened(recovery=recovery.id)


def confirm_recovery(body: RecoveryCode, address: str) -> RecoveryKeys:
    """Show the mailed code: the sealed keys and a new second factor. Raises RecoveryFailed."""
    spend_address("recovery", address, 60, per=3600)
    _count_attempt(body.recovery)
    return _confirm(body, address)


@transactional
def _confirm(body: RecoveryCode, address: str) -> RecoveryKeys:
    recovery, account = _check(body.recovery, body.code, address)
    secret = open_secret(recovery.totp_secret)
    record(Visitor(address), Action.ACCOUNT_KEYS_READ, ("account", account.id))
    return RecoveryKeys(
        account=account.id,
        net=the_network().id,
        ak_recovery=account.ak_recovery,
        keys=account.keys,
        statements=own_chain(account.id),
        totp_secret=secret,
        totp_uri=enrolment_uri(secret, account.mail),
    )


def complete_recovery(body: RecoveryCompletion, address: str) -> tuple[SignedIn, str]:
    """Take the new password and second factor; every older session ends; a new one begins.

    Raises RecoveryFailed, CodeWrong.
    """
    spend_address("recovery", address, 60, per=3600)
    _count_attempt(body.recovery)
    return _complete(body, address)


@transactional
def _complete(body: RecoveryCompletion, address: str) -> tuple[SignedIn, str]:
    recovery, account = _check(body.recovery, body.code, address)
    step = matching_step(open_secret(recovery.totp_secret), body.totp_code)
    if step is None:
        _refuse(recovery, address, "code")
        raise CodeWrong()
    recovery.used_at = clock.now()
    account.totp_secret = recovery.totp_secret
    account.totp_step = step
    account.salt = body.salt
    account.kdf = body.kdf.model_dump()
    account.auth_hash = hash_auth(account.id, body.auth)
    account.ak_password = body.ak_password
    announce_on_commit(PasswordChanged(account_id=account.id))
    end_sessions(account.id)
    return enter(account, body.device, address, Action.ACCOUNT_RECOVER)


def void_recoveries(account_id: UUID) -> None:
    """End attempts under way, inside a transaction: the account key they would open is gone."""
    session().execute(
        update(Recovery)
        .where(Recovery.account_id == account_id, Recovery.used_at.is_(None))
        .values(used_at=clock.now())
    )


def _check(recovery_id: UUID, code: str, address: str) -> tuple[Recovery, Account]:
    recovery = (
        session()
        .scalars(select(Recovery).where(Recovery.id == recovery_id).with_for_update())
        .first()
    )
    right = same(_hash(recovery_id, code), recovery.code_hash if recovery else bytes(32))
    if recovery is None:
        raise RecoveryFailed()
    if (
        not right
        or recovery.account_id is None
        or recovery.used_at
        or recovery.attempts > MAX_ATTEMPTS
        or recovery.expires_at <= clock.now()
    ):
        _refuse(recovery, address, "mailed_code")
        raise RecoveryFailed()
    account = get_account(recovery.account_id, lock=True)
    if account.suspended_at:
        raise RecoveryFailed()
    recovery.attempts -= 1  # the right code is no guess; a refusal further on rolls this back
    return recovery, account


def _refuse(recovery: Recovery, address: str, reason: str) -> None:
    record_refusal(
        Visitor(address),
        Action.ACCOUNT_RECOVERY_FAILURE,
        ("account", recovery.account_id),
        result="refused",
        detail={"reason": reason},
    )


@transactional
def _count_attempt(recovery_id: UUID) -> None:
    """Count before looking, and for good: of guesses sent at once each meets all the others."""
    session().execute(
        update(Recovery).where(Recovery.id == recovery_id).values(attempts=Recovery.attempts + 1)
    )


def _hash(recovery_id: UUID, code: str) -> bytes:
    return sealing.keyed_hash("recovery code", recovery_id.bytes + code.encode())
