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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOffered:
    """A registrar lets somebody back who lost everything. `link` opens it: never log it."""

    account_id: UUID
    mail: str = field(repr=False)
    language: str
    link: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysChanged:
    """A person's new keys are vouched for and take the place of the older ones."""

    account_id: UUID
    seq: int
    peers: tuple[UUID, ...]
    """Those who share a group or a case with them, and so should look twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInstalled:
    """The network's root signed a next policy."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveChanged:
    """A person said that they will be away, or are back."""

    account_id: UUID
    peers: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealReported:
    """A device found a broken seal."""

    report_id: UUID
    administrators: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRestored:
    """A custodian opened a case from a backup; its participants are to know."""

    case_id: UUID
