"""New keys on suspicion: the person still has the old ones, and so may somebody else."""

from __future__ import annotations

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.announced import AccountSignedUp, PasswordChanged
from auth.errors import KeysWaiting, NeverCertified, StatementNotAccepted
from auth.limits import spend_key
from auth.models import Account, AccountPending, KeysReason
from auth.schemas import KeysBody, ReturnBody, SessionView
from auth.service.accounts import announce_changed, get_account
from auth.service.chains import check_next_keys
from auth.service.credentials import hash_auth, hash_recovery, same
from auth.service.passwords import check_code, check_password
from auth.service.recovery import void_recoveries
from auth.service.sessions import end_sessions
from auth.service.sign_in import session_of
from protocol import statement_hash
from protocol.encoding import unb64
from trace import Action, record, record_refusal


def renew_keys(actor: Actor, body: KeysBody) -> SessionView:
    """Take new keys, signed by the old ones too; every other session ends.

    They wait for a registrar, and the person with them. The very same request sent again while
    they wait is answered again. Raises RateLimited, SignInFailed, CodeWrong, NeverCertified,
    KeysWaiting, StatementNotAccepted.
    """
    spend_key("password", str(actor.account_id), 10, per=900)
    return _renew_keys(actor, body)


@transactional
def _renew_keys(actor: Actor, body: KeysBody) -> SessionView:
    account = get_account(actor.account_id, lock=True)
    waiting = session().get(AccountPending, account.id)
    if waiting and _sent_again(account, waiting, body):
        return session_of(actor)
    check_password(actor, account, body.current_auth, Action.ACCOUNT_KEYS_RENEW)
    if waiting:
        raise KeysWaiting()
    if account.certified_at is None:
        raise NeverCertified()
    check_code(actor, account, body.totp_code, Action.ACCOUNT_KEYS_RENEW)
    try:
        await_keys(account, body, "renewal")
    except StatementNotAccepted as refusal:
        record_refusal(
            actor,
            Action.ACCOUNT_KEYS_RENEW,
            ("account", account.id),
            result="refused",
            detail={"reason": refusal.extra["reason"]},
        )
        raise
    ended = end_sessions(account.id, but=actor.session_id)
    record(actor, Action.ACCOUNT_KEYS_RENEW, ("account", account.id), detail={"count": len(ended)})
    return session_of(actor)


def await_keys(account: Account, body: KeysBody | ReturnBody, reason: KeysReason) -> None:
    """Store new keys and the ways to them; the keys wait for a registrar, inside a transaction.

    Raises StatementNotAccepted.
    """
    statement = body.statement.model_dump(mode="json")
    said = check_next_keys(account.id, statement, signed_before=reason == "renewal")
    if older := session().get(AccountPending, account.id):
        session().delete(older)
        session().flush()
    session().add(
        AccountPending(
            account_id=account.id,
            seq=said.seq,
            statement=statement,
            hash=statement_hash(statement),
            sign_key=unb64(said.sign_key),
            kem_key=unb64(said.kem_key),
            reason=reason,
            received_at=clock.now(),
        )
    )
    account.salt = body.salt
    account.kdf = body.kdf.model_dump()
    account.auth_hash = hash_auth(account.id, body.auth)
    account.recovery_hash = hash_recovery(account.id, body.recovery_auth)
    account.ak_password = body.ak_password
    account.ak_recovery = body.ak_recovery
    account.keys = body.keys
    account.certified_at = None
    void_recoveries(account.id)
    session().flush()
    announce_on_commit(PasswordChanged(account_id=account.id))
    announce_on_commit(AccountSignedUp(account_id=account.id, kind=account.kind))
    announce_changed(account)


def _sent_again(account: Account, waiting: AccountPending, body: KeysBody) -> bool:
    """Whether this request made the keys that wait: its answer was lost on the way."""
    return waiting.hash == statement_hash(body.statement.model_dump(mode="json")) and same(
        account.auth_hash, hash_auth(account.id, body.auth)
    )
