"""Sign-in and the sessions it gives."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.http import B64, Instant, Schema
from auth.schemas.accounts import AccountView
from auth.schemas.fields import Auth, Device, Kdf, Mail, TotpCode


class SignInOpening(Schema):
    mail: Mail


class SignInOpened(Schema):
    salt: B64
    kdf: Kdf


class SignInBody(Schema):
    mail: Mail
    auth: Auth
    totp_code: TotpCode
    device: Device


class SessionEnds(Schema):
    id: UUID
    idle_expires_at: Instant
    expires_at: Instant


class SealedAccount(Schema):
    salt: B64
    kdf: Kdf
    ak_password: B64
    keys: B64


class SessionView(Schema):
    account: AccountView
    csrf: str
    session: SessionEnds


class SignedIn(SessionView):
    sealed: SealedAccount
    statements: list[dict[str, Any]]


class SessionItem(Schema):
    id: UUID
    device: str
    address: str
    created_at: Instant
    last_seen_at: Instant
    current: bool


class SessionList(Schema):
    items: list[SessionItem]
    next: None = None


class AccountKeys(SealedAccount):
    statements: list[dict[str, Any]]
