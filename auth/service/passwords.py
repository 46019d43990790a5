"""Changing the password or the recovery code: the account key sealed anew, the keys unchanged."""

from __future__ import annotations

from app.announcements import announce_on_commit
from app.transactions import transactional
from auth.actor import Actor
from auth.announced import PasswordChanged
from auth.errors import CodeWrong, SignInFailed
from auth.limits import spend_key
from auth.models import Account
from auth.schemas import PasswordBody, RecoveryCodeBody
from auth.service.accounts import get_account
from auth.service.credentials import hash_auth, hash_recovery, same
from auth.service.second_factor import matching_step, open_secret, use_step
from auth.service.sessions import end_sessions
from trace import Action, record, record_refusal


def change_password(actor: Actor, body: PasswordBody) -> None:
    """Take the new salt, `auth` and sealed account key; every other session ends.

    Raises RateLimited, SignInFailed (the present password), CodeWrong.
    """
    spend_key("password", str(actor.account_id), 10, per=900)
    _change_password(actor, body)


@transactional
def _change_password(actor: Actor, body: PasswordBody) -> None:
    account = get_account(actor.account_id, lock=True)
    check_password(actor, account, body.current_auth, Action.ACCOUNT_PASSWORD)
    check_code(actor, account, body.totp_code, Action.ACCOUNT_PASSWORD)
    account.salt = body.salt
    account.kdf = body.kdf.model_dump()
    account.auth_hash = hash_auth(account.id, body.auth)
    account.ak_password = body.ak_password
    announce_on_commit(PasswordChanged(account_id=account.id))
    ended = end_sessions(account.id, but=actor.session_id)
    record(actor, Action.ACCOUNT_PASSWORD, ("account", account.id), detail={"count": len(ended)})


def renew_recovery(actor: Actor, body: RecoveryCodeBody) -> None:
    """Replace the recovery code's seal. Raises RateLimited, SignInFailed."""
    spend_key("password", str(actor.account_id), 10, per=900)
    _renew_recovery(actor, body)


@transactional
def _renew_recovery(actor: Actor, body: RecoveryCodeBody) -> None:
    account = get_account(actor.account_id, lock=True)
    check_password(actor, account, body.current_auth, Action.ACCOUNT_RECOVERY_CODE)
    account.ak_recovery = body.ak_recovery
    account.recovery_hash = hash_recovery(account.id, body.recovery_auth)
    record(actor, Action.ACCOUNT_RECOVERY_CODE, ("account", account.id))


def check_password(actor: Actor, account: Account, auth: bytes, action: Action) -> None:
    """Refuse whoever holds a session but not the password. Raises SignInFailed."""
    if same(hash_auth(account.id, auth), account.auth_hash):
        return
    _refuse(actor, action, "password")
    raise SignInFailed()


def check_code(actor: Actor, account: Account, code: str, action: Action) -> None:
    """Burn a code of the second factor. Raises CodeWrong."""
    step = matching_step(open_secret(account.totp_secret), code)
    if step is None or not use_step(account, step):
        _refuse(actor, action, "code")
        raise CodeWrong()


def _refuse(actor: Actor, action: Action, reason: str) -> None:
    record_refusal(
        actor,
        action,
        ("account", actor.account_id),
        result="refused",
        detail={"reason": reason},
    )
