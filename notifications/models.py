"""What people are to be told, by which way, and how the telling went. No clinical word anywhere."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

RowId = BigInteger().with_variant(Integer, "sqlite")


class Happening(Base):
    """Something happened in a case or to an account; written in the transaction of the fact.

    One row per fact, however many people it concerns: they are found when it is dispatched, so
    that posting a message costs one insert and a person removed meanwhile hears nothing.
    """

    __tablename__ = "happening"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(32))
    """See `notifications.rules`."""
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("clinical_case.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    """Whom it is about, when it is not about a case."""
    actor_id: Mapped[UUID | None]
    """Who did it: never told of their own act."""
    urgent: Mapped[bool]
    sequence: Mapped[int | None]
    """Of the message, for those who have read it before they are told."""
    due_at: Mapped[datetime] = mapped_column(index=True)


class Delivery(Base):
    """One mail to one person, or one push to one device: sent, to be sent, or given up."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_state_due_at", "state", "due_at"),
        Index("ix_delivery_account_id_case_id", "account_id", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))
    """`mail` or `push`."""
    kind: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    """None for someone who has no account yet."""
    subscription_id: Mapped[UUID | None]
    """The device, for a push; it may be gone by then."""
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("clinical_case.id"))
    sequence: Mapped[int | None]
    urgent: Mapped[bool]
    closed: Mapped[bytes | None]
    """Address, language and link of a mail that needs its own, under the server's key; wiped when
    it has been sent."""
    state: Mapped[str] = mapped_column(String(12))
    """`waiting`, `sent`, `needless` (already seen), `gone` (no such device any more) or `dead`."""
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """After which it would mislead: a recovery code lives minutes."""
    claimed_until: Mapped[datetime | None]
    """Another dispatcher leaves it alone until then."""
    settled_at: Mapped[datetime | None]
    fault: Mapped[str | None] = mapped_column(String(64))
    """A code, never a server's words: those may quote the address."""


class Preference(Base):
    """How a person wants to be told. No row: the defaults of `schemas.Preferences`."""

    __tablename__ = "notification_preference"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    mail: Mapped[bool]
    push: Mapped[bool]
    quiet_from: Mapped[str | None] = mapped_column(String(5))
    """Local time in France, `HH:MM`."""
    quiet_to: Mapped[str | None] = mapped_column(String(5))
    urgent_breaks_quiet: Mapped[bool]


class PushSubscription(Base):
    """A browser that agreed to be woken (W3C Push API)."""

    __tablename__ = "push_subscription"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    endpoint: Mapped[str] = mapped_column(String(2048))
    endpoint_hash: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of the endpoint, which is too long for an index everywhere."""
    p256dh: Mapped[bytes]
    auth: Mapped[bytes]
    created_at: Mapped[datetime]


class DemoMail(Base):
    """A mail that the demonstration shows instead of sending."""

    __tablename__ = "demo_mail"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
