"""Invitations and sign-up."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.http import Instant, Schema
from auth.schemas.accounts import OrganisationName
from auth.schemas.fields import (
    AccountKind,
    Auth,
    Device,
    Kdf,
    Language,
    Mail,
    PersonName,
    Profession,
    Rpps,
    Salt,
    SealedKey,
    SealedKeys,
    Specialty,
    Token,
    TotpCode,
)
from protocol.statements import SignedStatement


class InvitationBody(Schema):
    mail: Mail
    kind: AccountKind
    organisation: UUID | None = None
    language: Language = "fr"


class InvitationView(Schema):
    id: UUID
    mail: str
    kind: AccountKind
    organisation: OrganisationName | None
    language: str
    created_at: Instant
    expires_at: Instant
    used_at: Instant | None
    state: Literal["sent", "used", "expired"]
    link: str | None = None


class InvitationList(Schema):
    items: list[InvitationView]
    next: str | None


class PageQuery(Schema):
    cursor: Annotated[str, Field(max_length=300)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class SignUpOpening(Schema):
    token: Token


class SignUpOpened(Schema):
    mail: str
    kind: AccountKind
    organisation: OrganisationName | None
    net: UUID
    totp_secret: str
    totp_uri: str


class SignUpBody(Schema):
    token: Token
    account: UUID
    name: PersonName
    rpps: Rpps | None
    profession: Profession
    specialty: Specialty | None
    language: Language
    salt: Salt
    kdf: Kdf
    auth: Auth
    ak_password: SealedKey
    ak_recovery: SealedKey
    recovery_auth: Auth
    keys: SealedKeys
    statement: SignedStatement
    totp_code: TotpCode
    device: Device
