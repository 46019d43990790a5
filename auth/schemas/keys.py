"""Ways to one's keys: password, recovery code, new keys, the return of who lost all."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import StringConstraints

from app.http import B64, Instant, Schema
from auth.schemas.fields import (
    Auth,
    Device,
    Kdf,
    Mail,
    Salt,
    SealedKey,
    SealedKeys,
    Token,
    TotpCode,
)
from protocol.statements import SignedStatement


class PasswordBody(Schema):
    current_auth: Auth
    totp_code: TotpCode
    salt: Salt
    kdf: Kdf
    auth: Auth
    ak_password: SealedKey


class RecoveryCodeBody(Schema):
    current_auth: Auth
    ak_recovery: SealedKey
    recovery_auth: Auth


class RecoveryOpening(Schema):
    mail: Mail
    recovery_auth: Auth


class RecoveryOpened(Schema):
    recovery: UUID


class RecoveryCode(Schema):
    recovery: UUID
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]


class RecoveryKeys(Schema):
    account: UUID
    net: UUID
    ak_recovery: B64
    keys: B64
    statements: list[dict[str, Any]]
    totp_secret: str
    totp_uri: str


class RecoveryCompletion(RecoveryCode):
    salt: Salt
    kdf: Kdf
    auth: Auth
    ak_password: SealedKey
    totp_code: TotpCode
    device: Device


class KeysBody(Schema):
    """New keys in place of ones that somebody else may hold. Everything is sealed anew."""

    current_auth: Auth
    totp_code: TotpCode
    statement: SignedStatement
    salt: Salt
    kdf: Kdf
    auth: Auth
    ak_password: SealedKey
    ak_recovery: SealedKey
    recovery_auth: Auth
    keys: SealedKeys


Checked = Literal["in_person", "video", "document"]
"""How a registrar recognised the person: a word of this list, so that the trace can hold it."""


class ReturnStart(Schema):
    checked: Checked


class ReturnStarted(Schema):
    link: str
    expires_at: Instant


class ReturnOpening(Schema):
    token: Token


class ReturnOpened(Schema):
    """What a device needs to make the next keys of an account whose keys are lost."""

    kind: Literal["return"] = "return"
    mail: str
    account: UUID
    name: str
    rpps: str | None
    seq: int
    """Sequence the new statement must have."""
    prev: B64
    """Hash of the statement before it."""
    net: UUID
    totp_secret: str
    totp_uri: str


class ReturnBody(Schema):
    """Like a sign-up, for an account that exists."""

    token: Token
    account: UUID
    statement: SignedStatement
    salt: Salt
    kdf: Kdf
    auth: Auth
    ak_password: SealedKey
    ak_recovery: SealedKey
    recovery_auth: Auth
    keys: SealedKeys
    totp_code: TotpCode
    device: Device
