"""Coming in: mail, the password's `auth`, and a code that works once."""

from __future__ import annotations

from sqlalchemy import select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.transactions import transactional
from auth.actor import Actor, Visitor
from auth.announced import DeviceAdded
from auth.errors import AccountIsSuspended, SignInFailed
from auth.limits import forgive_key, neighbourhood, spend_address, spend_key
from auth.models import Account, LoginSession
from auth.schemas import (
    AccountKeys,
    Kdf,
    SealedAccount,
    SessionEnds,
    SessionView,
    SignedIn,
    SignInBody,
    SignInOpened,
)
from auth.service.accounts import get_account, view_account
from auth.service.credentials import DECOY, fake_opening, hash_auth, same
from auth.service.second_factor import (
    close_secret,
    matching_step,
    new_secret,
    open_secret,
    use_step,
)
from auth.service.sessions import (
    begin_session,
    csrf_token,
    end_sessions,
    hash_token,
    idle_end,
)
from auth.service.standing import own_chain
from trace import Action, record, record_refusal

QUARTER = 15 * 60
HOUR = 3600

_decoy_secret: bytes = b""


def bind() -> None:
    """Make the decoy second factor, after the server's key is known."""
    global _decoy_secret
    _decoy_secret = close_secret(new_secret())


def open_sign_in(mail: str, address: str) -> SignInOpened:
    """Salt and parameters for this address, invented and stable when nobody has it."""
    spend_address("sign-in-opening", address, 120, per=60)
    return _opening(mail)


@transactional(read_only=True)
def _opening(mail: str) -> SignInOpened:
    fake_salt, fake_kdf = fake_opening(mail)
    found = session().execute(select(Account.salt, Account.kdf).where(Account.mail == mail)).first()
    if found is None:
        return SignInOpened(salt=fake_salt, kdf=fake_kdf)
    return SignInOpened(salt=found.salt, kdf=Kdf(**found.kdf))


def sign_in(body: SignInBody, address: str, replaces: str | None) -> tuple[SignedIn, str]:
    """A new session and its token; the one the browser still held, `replaces`, ends.

    Raises RateLimited, SignInFailed (whatever was wrong), AccountIsSuspended (only to somebody
    whose password and code were right).
    """
    both = f"{neighbourhood(address)} {body.mail}"
    spend_address("sign-in", address, 120, per=QUARTER)
    spend_key("sign-in:both", both, 10, per=QUARTER)
    spend_key("sign-in:account", body.mail, 40, per=HOUR)
    entered = _sign_in(body, address, replaces)
    forgive_key("sign-in:both", both, 10, per=QUARTER)
    forgive_key("sign-in:account", body.mail, 40, per=HOUR)
    return entered


@transactional
def _sign_in(body: SignInBody, address: str, replaces: str | None) -> tuple[SignedIn, str]:
    # Known or unknown, right or wrong: the same query, two keyed hashes, one opened secret and
    # three codes. Only then does the path part.
    account = session().scalars(select(Account).where(Account.mail == body.mail)).first()
    shown = hash_auth(account.id if account else DECOY, body.auth)
    right = same(shown, account.auth_hash if account else bytes(32))
    step = matching_step(
        open_secret(account.totp_secret if account else _decoy_secret), body.totp_code
    )
    if account is None or not right or step is None or not use_step(account, step):
        record_refusal(
            Visitor(address),
            Action.ACCOUNT_SIGN_IN_FAILURE,
            ("account", account.id if account else None),
            result="refused",
            detail={"reason": _reason(account, right, step)},
        )
        raise SignInFailed()
    if account.suspended_at:
        record_refusal(
            Visitor(address),
            Action.ACCOUNT_SIGN_IN_FAILURE,
            ("account", account.id),
            detail={"reason": "suspended"},
        )
        raise AccountIsSuspended()
    if replaces:
        _end_replaced(replaces)
    return enter(account, body.device, address, Action.ACCOUNT_SIGN_IN)


def enter(account: Account, device: str, address: str, action: Action) -> tuple[SignedIn, str]:
    """Begin a session inside the caller's transaction, traced as `action`."""
    if action == Action.ACCOUNT_SIGN_IN and not _seen_on(account, device):
        announce_on_commit(DeviceAdded(account_id=account.id))
    login, token = begin_session(account, device, address)
    account.last_sign_in_at = clock.now()
    record(
        Actor(
            account_id=account.id,
            kind=account.kind,
            certified=account.certified_at is not None,
            organisation_id=account.organisation_id,
            session_id=login.id,
            address=address,
            name=account.name,
        ),
        action,
        ("account", account.id),
    )
    session().flush()
    view = _session_view(account, login)
    signed_in = SignedIn(
        account=view.account,
        csrf=view.csrf,
        session=view.session,
        sealed=_sealed(account),
        statements=own_chain(account.id),
    )
    return signed_in, token


@transactional(read_only=True)
def read_session(actor: Actor) -> SessionView:
    """Who is signed in here and until when."""
    return session_of(actor)


def session_of(actor: Actor) -> SessionView:
    """The same inside a transaction."""
    login = session().get_one(LoginSession, actor.session_id)
    return _session_view(get_account(actor.account_id), login)


@transactional
def read_keys(actor: Actor) -> AccountKeys:
    """The person's own sealed keys, to open again with the password."""
    account = get_account(actor.account_id)
    record(actor, Action.ACCOUNT_KEYS_READ, ("account", account.id))
    return AccountKeys(**_sealed(account).model_dump(), statements=own_chain(account.id))


def _session_view(account: Account, login: LoginSession) -> SessionView:
    return SessionView(
        account=view_account(account, full=True),
        csrf=csrf_token(login.id),
        session=SessionEnds(
            id=login.id, idle_expires_at=idle_end(login), expires_at=login.expires_at
        ),
    )


def _sealed(account: Account) -> SealedAccount:
    return SealedAccount(
        salt=account.salt,
        kdf=Kdf(**account.kdf),
        ak_password=account.ak_password,
        keys=account.keys,
    )


def _seen_on(account: Account, device: str) -> bool:
    """Whether this account had a session on a device of that name before."""
    query = select(LoginSession.id).where(
        LoginSession.account_id == account.id, LoginSession.device == device[:200]
    )
    return session().scalars(query.limit(1)).first() is not None


def _end_replaced(token: str) -> None:
    """End the session a browser presents while signing in anew, whoever's it was."""
    old = (
        session()
        .scalars(
            select(LoginSession).where(
                LoginSession.token_hash == hash_token(token), LoginSession.revoked_at.is_(None)
            )
        )
        .first()
    )
    if old:
        end_sessions(old.account_id, only=old.id)


def _reason(account: Account | None, right: bool, step: int | None) -> str:
    if account is None:
        return "unknown"
    if not right:
        return "password"
    return "code" if step is None else "code_used"
