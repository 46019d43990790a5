"""Signed-in devices: begin, recognise, list, end."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, select, update

from app import clock, sealing
from app.announcements import announce_on_commit
from app.config import Config
from app.db import UtcDateTime, database, session
from app.group_commit import commit_together, update_together
from app.group_read import ReadTogether
from app.transactions import transactional
from auth.actor import Actor
from auth.announced import SessionsRevoked
from auth.errors import NotSignedIn, SessionNotFound
from auth.models import Account, LoginSession
from trace import Action, record

TOUCH_AFTER = timedelta(seconds=60)
"""A session's last use is written at most this often: reading must not cost a write each time."""

_idle = timedelta(hours=12)
_absolute = timedelta(days=7)


def bind(config: Config) -> None:
    """Take this deployment's limits."""
    global _idle, _absolute
    _idle = timedelta(seconds=config.session_idle)
    _absolute = timedelta(seconds=config.session_absolute)


def idle_end(login: LoginSession) -> datetime:
    """When this session ends if nothing more is done with it."""
    return min(login.last_seen_at + _idle, login.expires_at)


def csrf_token(session_id: UUID) -> str:
    """The token that proves a request was written by our own page; it lives with the session."""
    return base64.urlsafe_b64encode(sealing.keyed_hash("csrf", session_id.bytes)).decode()


def hash_token(token: str) -> bytes:
    return sealing.keyed_hash("session token", token.encode())


def begin_session(account: Account, device: str, address: str) -> tuple[LoginSession, str]:
    """A new session and its token (256 bits), inside the caller's transaction.

    Never continues an older one: whoever planted a token before sign-in gains nothing.
    """
    token = secrets.token_urlsafe(32)
    now = clock.now()
    login = LoginSession(
        id=uuid4(),
        account_id=account.id,
        token_hash=hash_token(token),
        device=device[:200],
        address=address[:64],
        created_at=now,
        last_seen_at=now,
        expires_at=now + _absolute,
        revoked_at=None,
    )
    session().add(login)
    return login, token


def _living(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Who is behind a living session. Built once: it runs at every request and socket event."""
    account, login = Account.__table__.c, LoginSession.__table__.c
    return (
        select(
            account.id,
            account.kind,
            account.certified_at,
            account.organisation_id,
            account.name,
            login.id.label("session_id"),
            login.address,
            login.last_seen_at,
        )
        .select_from(LoginSession.__table__.join(Account.__table__, account.id == login.account_id))
        .where(
            which,
            login.revoked_at.is_(None),
            login.expires_at > bindparam("now", type_=UtcDateTime()),
            login.last_seen_at > bindparam("idle_since", type_=UtcDateTime()),
            account.suspended_at.is_(None),
        )
    )


_BY_ID = _living(LoginSession.__table__.c.id == bindparam("key"))
_BY_IDS = _living(LoginSession.__table__.c.id.in_(bindparam("keys", expanding=True)))
_BY_TOKEN = _living(LoginSession.__table__.c.token_hash == bindparam("key"))


def _find(connection: Connection, key: UUID | bytes) -> tuple[Actor, datetime] | None:
    """The person behind a living session, by its id or its token's hash, and its last use."""
    now = clock.now()
    found = connection.execute(
        _BY_TOKEN if isinstance(key, bytes) else _BY_ID,
        {"key": key, "now": now, "idle_since": now - _idle},
    ).first()
    return _actor(found) if found else None


def _find_all(
    connection: Connection, session_ids: Sequence[UUID]
) -> list[tuple[Actor, datetime] | None]:
    """The same for many sessions at once, in their order."""
    now = clock.now()
    keys = list(set(session_ids))
    rows = connection.execute(_BY_IDS, {"keys": keys, "now": now, "idle_since": now - _idle})
    found = {row.session_id: _actor(row) for row in rows}
    return [found.get(session_id) for session_id in session_ids]


_TOUCH = (
    update(cast(Table, LoginSession.__table__))
    .where(LoginSession.__table__.c.id == bindparam("session"))
    .values(last_seen_at=bindparam("now"))
)

_find_together = ReadTogether(_find_all)


def _actor(found: Row[*tuple[Any, ...]]) -> tuple[Actor, datetime]:
    actor = Actor(
        account_id=found.id,
        kind=found.kind,
        certified=found.certified_at is not None,
        organisation_id=found.organisation_id,
        session_id=found.session_id,
        address=found.address,
        name=found.name,
    )
    return actor, found.last_seen_at


def actor_in_transaction(session_id: UUID) -> Actor:
    """The person behind a living session, read in the caller's transaction.

    Raises NotSignedIn when it was revoked or has expired, or the account is suspended.
    """
    found = _find(session().connection(), session_id)
    if found is None:
        raise NotSignedIn()
    return found[0]


def load_actor(token: str, address: str | None = None) -> Actor:
    """The person behind a session cookie, read now; notes that the session is in use.

    Raises NotSignedIn. `address` is where the request comes from; the trace shows it.
    """
    # A connection alone: the session and announcements of a transaction would cost more than this.
    with database().reading() as connection:
        found = _find(connection, hash_token(token))
    return _recognised(found, address)


def reload_actor(session_id: UUID, address: str | None = None) -> Actor:
    """The same for a socket, which knows its session's id."""
    return _recognised(_find_together(session_id), address)


def _recognised(found: tuple[Actor, datetime] | None, address: str | None) -> Actor:
    if found is None:
        raise NotSignedIn()
    actor, seen = found
    if clock.now() - seen > TOUCH_AFTER:
        _touch(actor.session_id)
    return replace(actor, address=address) if address else actor


@transactional(read_only=True)
def living_among(session_ids: Collection[UUID]) -> set[UUID]:
    """Which of these sessions still open a door."""
    now = clock.now()
    wanted = (
        select(LoginSession.id)
        .join(Account, Account.id == LoginSession.account_id)
        .where(
            LoginSession.id.in_(session_ids),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - _idle,
            Account.suspended_at.is_(None),
        )
    )
    return set(session().scalars(wanted))


def _touch(session_id: UUID) -> None:
    """Note that the session is in use, together with others: after a silence all come at once."""
    row = {"session": session_id, "now": clock.now()}
    commit_together(session_id, lambda: update_together(_TOUCH, session_id, row))


@transactional(read_only=True)
def list_sessions(actor: Actor) -> list[LoginSession]:
    """The person's living sessions, the most recently used first."""
    now = clock.now()
    return list(
        session().scalars(
            select(LoginSession)
            .where(
                LoginSession.account_id == actor.account_id,
                LoginSession.revoked_at.is_(None),
                LoginSession.expires_at > now,
                LoginSession.last_seen_at > now - _idle,
            )
            .order_by(LoginSession.last_seen_at.desc(), LoginSession.id)
        )
    )


@transactional
def sign_out(actor: Actor) -> None:
    """End the session this request came with."""
    end_sessions(actor.account_id, only=actor.session_id)
    record(actor, Action.ACCOUNT_SIGN_OUT, ("session", actor.session_id))


@transactional
def revoke_session(actor: Actor, session_id: UUID) -> None:
    """End one of the person's own sessions, this one or another. Raises SessionNotFound."""
    if not end_sessions(actor.account_id, only=session_id):
        raise SessionNotFound()
    record(actor, Action.SESSION_REVOKE, ("session", session_id))


@transactional
def revoke_other_sessions(actor: Actor) -> None:
    """End every session of the person but this one."""
    ended = end_sessions(actor.account_id, but=actor.session_id)
    record(
        actor, Action.SESSION_REVOKE, ("account", actor.account_id), detail={"count": len(ended)}
    )


def end_sessions(
    account_id: UUID, *, only: UUID | None = None, but: UUID | None = None
) -> tuple[UUID, ...]:
    """End sessions inside the caller's transaction; their sockets go after the commit."""
    wanted = select(LoginSession.id).where(
        LoginSession.account_id == account_id, LoginSession.revoked_at.is_(None)
    )
    if only:
        wanted = wanted.where(LoginSession.id == only)
    if but:
        wanted = wanted.where(LoginSession.id != but)
    ended = tuple(session().scalars(wanted))
    if ended:
        session().execute(
            update(LoginSession).where(LoginSession.id.in_(ended)).values(revoked_at=clock.now())
        )
        announce_on_commit(SessionsRevoked(account_id=account_id, session_ids=ended))
    return ended
