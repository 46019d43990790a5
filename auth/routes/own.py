"""One's own sessions, keys, password."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.http import describe, parse, reply
from auth.actor import Actor
from auth.gate import clear_session_cookie, current_actor, require
from auth.models import LoginSession
from auth.permissions import Permission
from auth.routes import auth
from auth.schemas import (
    AccountKeys,
    PasswordBody,
    RecoveryCodeBody,
    SessionItem,
    SessionList,
    SessionView,
)
from auth.service import passwords, sessions, sign_in


@auth.get("/session")
@require(Permission.SESSION_OWN)
@describe(answer=SessionView)
def get_session() -> Response:
    """Who is signed in here, until when, and the CSRF token."""
    return reply(sign_in.read_session(current_actor()))


@auth.delete("/session")
@require(Permission.SESSION_OWN)
@describe(status=204)
def delete_session() -> Response:
    """Sign out."""
    sessions.sign_out(current_actor())
    return clear_session_cookie(reply())


@auth.get("/sessions")
@require(Permission.SESSION_OWN)
@describe(answer=SessionList)
def get_sessions() -> Response:
    """Where one is signed in."""
    actor = current_actor()
    found = sessions.list_sessions(actor)
    return reply(SessionList(items=[_item(one, actor) for one in found]))


def _item(login: LoginSession, actor: Actor) -> SessionItem:
    return SessionItem(
        id=login.id,
        device=login.device,
        address=login.address,
        created_at=login.created_at,
        last_seen_at=login.last_seen_at,
        current=login.id == actor.session_id,
    )


@auth.delete("/sessions")
@require(Permission.SESSION_OWN)
@describe(status=204)
def delete_other_sessions() -> Response:
    """End every session but this one."""
    sessions.revoke_other_sessions(current_actor())
    return reply()


@auth.delete("/sessions/<uuid:session_id>")
@require(Permission.SESSION_OWN)
@describe(status=204)
def delete_one_session(session_id: UUID) -> Response:
    """End one session."""
    sessions.revoke_session(current_actor(), session_id)
    return reply()


@auth.get("/account/keys")
@require(Permission.ACCOUNT_OWN)
@describe(answer=AccountKeys)
def get_account_keys() -> Response:
    """One's sealed keys, to open again after the application was locked."""
    return reply(sign_in.read_keys(current_actor()))


@auth.put("/account/password")
@require(Permission.ACCOUNT_OWN)
@describe(body=PasswordBody, status=204)
def put_password() -> Response:
    """Change the password; other sessions end."""
    passwords.change_password(current_actor(), parse(PasswordBody))
    return reply()


@auth.put("/account/recovery")
@require(Permission.ACCOUNT_OWN)
@describe(body=RecoveryCodeBody, status=204)
def put_recovery() -> Response:
    """Replace the recovery code."""
    passwords.renew_recovery(current_actor(), parse(RecoveryCodeBody))
    return reply()
