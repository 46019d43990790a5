"""Tables of people: accounts, their signed keys, their ways in, and the network they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Network(Base):
    """The one network this deployment serves."""

    __tablename__ = "network"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """`net` in every statement and context."""
    name: Mapped[str] = mapped_column(String(200))
    root: Mapped[bytes]
    """Public half of the offline root key; clients pin it."""
    created_at: Mapped[datetime]


class PolicyStatement(Base):
    """One link of the network's policy chain, signed by the root."""

    __tablename__ = "policy_statement"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    statement: Mapped[dict[str, Any]]
    hash: Mapped[bytes]
    received_at: Mapped[datetime]


class Account(Base):
    """A person. All keys here are public, sealed by the person, or sealed by this server."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("kind IN ('clinician', 'administrator')", name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Chosen by the device at sign-up, so that a resend cannot sign up twice."""
    mail: Mapped[str] = mapped_column(String(254), unique=True)
    """Normalised: see `auth.service.mail.normalise_mail`."""
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    """As signed in the person's last statement."""
    profession: Mapped[str] = mapped_column(String(40))
    specialty: Mapped[str | None] = mapped_column(String(40))
    rpps: Mapped[str | None] = mapped_column(String(11), unique=True)
    organisation_id: Mapped[UUID | None]
    language: Mapped[str] = mapped_column(String(8))

    salt: Mapped[bytes]
    kdf: Mapped[dict[str, Any]]
    auth_hash: Mapped[bytes]
    """Keyed hash of `auth`, itself the output of Argon2id on the person's device."""
    recovery_hash: Mapped[bytes]
    totp_secret: Mapped[bytes]
    """Closed with the server's own key."""
    totp_step: Mapped[int]
    """Last time step whose code was used: a code works once (RFC 6238 section 5.2)."""
    ak_password: Mapped[bytes]
    ak_recovery: Mapped[bytes]
    keys: Mapped[bytes]

    created_at: Mapped[datetime]
    certified_at: Mapped[datetime | None]
    certified_by: Mapped[UUID | None]
    suspended_at: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]
    keys_changed_at: Mapped[datetime | None]
    """When new keys last took the place of older ones; None for the first."""


class AccountStatement(Base):
    """One link of a person's key chain; a co-signature replaces `statement`, never its hash."""

    __tablename__ = "account_statement"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    statement: Mapped[dict[str, Any]]
    hash: Mapped[bytes]
    sign_key: Mapped[bytes]
    kem_key: Mapped[bytes]
    received_at: Mapped[datetime]


class Invitation(Base):
    """A single-use door to sign-up, sent by mail."""

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint("kind IN ('clinician', 'administrator')", name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mail: Mapped[str] = mapped_column(String(254), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    organisation_id: Mapped[UUID | None]
    language: Mapped[str] = mapped_column(String(8))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    totp_secret: Mapped[bytes]
    """The second factor the person is about to enrol, closed with the server's own key."""
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))


class LoginSession(Base):
    """One signed-in device."""

    __tablename__ = "login_session"
    __table_args__ = (Index("ix_login_session_account_id", "account_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    device: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """The absolute end; the idle end follows `last_seen_at`."""
    revoked_at: Mapped[datetime | None]


class Recovery(Base):
    """One attempt to come back with the recovery code. Made for wrong ones too, to look alike."""

    __tablename__ = "recovery"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    """None when mail or recovery key were wrong."""
    code_hash: Mapped[bytes]
    totp_secret: Mapped[bytes]
    """The new second factor, closed with the server's own key."""
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


KeysReason = Literal["renewal", "return"]


class AccountPending(Base):
    """New keys of a person that nobody vouches for yet: no part of their chain until then.

    Colleagues go on seeing the chain that a registrar certified, so what was signed long ago stays
    verifiable while the person waits.
    """

    __tablename__ = "account_pending"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    seq: Mapped[int]
    statement: Mapped[dict[str, Any]]
    hash: Mapped[bytes]
    sign_key: Mapped[bytes]
    kem_key: Mapped[bytes]
    reason: Mapped[KeysReason] = mapped_column(String(16))
    """`renewal`: signed by the keys before; `return`: those were lost."""
    received_at: Mapped[datetime]


class AccountReturn(Base):
    """A single-use door back for somebody who lost everything, after a registrar checked them."""

    __tablename__ = "account_return"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    totp_secret: Mapped[bytes]
    """The second factor about to be enrolled, closed with the server's own key."""
    checked: Mapped[str] = mapped_column(String(16))
    """How the person was recognised: `in_person`, `video` or `document`."""
    started_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AccountLeave(Base):
    """One absence, announced by the person: from when, until when, and who stands in."""

    __tablename__ = "account_leave"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    delegate_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]


class SealReport(Base):
    """A seal that did not hold on somebody's device: what and where, never what it holds."""

    __tablename__ = "seal_report"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Chosen by the device: a resend reports once."""
    reporter_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None]
    verdict: Mapped[str] = mapped_column(String(64))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
