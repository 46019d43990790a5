"""Facts about people, announced inside the transaction that makes them true."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMade:
    """An invitation, or its renewal, is to be mailed. `link` opens it: never log it."""

    invitation_id: UUID
    mail: str = field(repr=False)
    kind: str
    language: str
    link: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodeMade:
    """A person who showed the right recovery key is to receive the second code by mail."""

    account_id: UUID
    mail: str = field(repr=False)
    language: str
    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsRevoked:
    """These sessions ended; their sockets go at once."""

    account_id: UUID
    session_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSignedUp:
    """A person waits to be certified."""

    account_id: UUID
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged:
    """Certified, suspended, reinstated, moved, or its keys changed."""

    account_id: UUID
    certified: bool
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged:
    """The password was replaced, by its owner or by recovery: they are told by mail."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAdded:
    """A session began on a device this account was not seen on before."""

    account_id: UUID
