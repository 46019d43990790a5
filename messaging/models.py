"""Tables of cases. Everything a clinician wrote is a sealed blob; the rest is routing."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Urgency(IntEnum):
    """Ordered as the inbox is: the lower the sooner."""

    URGENT = 0
    PRIORITY = 1
    ROUTINE = 2

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Urgency:
        return cls[word.upper()]


class Due(IntEnum):
    """Whether the key of a case must change before more is said under it."""

    NO = 0
    NEXT_POST = 1
    NOW = 2
    """A manager asked that it change at once: whoever of the circle is online does it."""


class Role(StrEnum):
    """In what a party of a case holds its key."""

    POOL = "pool"
    FORMER_POOL = "former_pool"
    CARE_TEAM = "care_team"
    OPENER = "opener"
    SECOND_OPINION = "second_opinion"
    EXPERT = "expert"
    """A person asked by name."""
    DOCTOR = "doctor"
    """The patient's own."""
    OVERFLOW = "overflow"
    """A pool that holds the key in advance, and is shown the case once it is passed on to it."""


class Case(Base):
    """One question about one patient, from one requester to one pool.

    The four indexes serve the inbox: each begins with one way a person is concerned, then
    `settled_at` (null while open) parts the work from the past, then comes the order shown;
    `state` lets them be counted without touching a row. A new message changes none of these.
    """

    __tablename__ = "clinical_case"
    __table_args__ = (
        CheckConstraint("urgency IN (0, 1, 2)", name="urgency"),
        Index("ix_clinical_case_pool", "pool_id", "settled_at", "urgency", "due_at", "id", "state"),
        Index(
            "ix_clinical_case_opener", "opened_by", "settled_at", "urgency", "due_at", "id", "state"
        ),
        Index(
            "ix_clinical_case_team",
            "care_team_id",
            "settled_at",
            "urgency",
            "due_at",
            "id",
            "state",
        ),
        Index(
            "ix_clinical_case_expert", "expert_id", "settled_at", "urgency", "due_at", "id", "state"
        ),
        Index("ix_clinical_case_answered", "pool_id", "answered_at"),
        Index("ix_clinical_case_rekey_due", "rekey_due", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(12), unique=True)
    """Said on the phone: random, so that it tells nobody how many cases there are."""
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"))
    care_team_id: Mapped[UUID | None] = mapped_column(ForeignKey("care_group.id"))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """On behalf of which structure the requester asks."""
    urgency: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(24))
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    expert_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    """When the first opinion was given."""
    settled_at: Mapped[datetime | None]
    """When it left everybody's hands: acknowledged, closed, refused or cancelled."""
    closed_at: Mapped[datetime | None]
    last_sequence: Mapped[int] = mapped_column(default=0)
    last_activity_at: Mapped[datetime]
    generation: Mapped[int] = mapped_column(default=0)
    rekey_due: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    """A `Due`: whether a holder of the key has newer keys since. Kept for open cases only."""


class CaseParty(Base):
    """Someone who holds the case's key, or did: a group or a person, in one role.

    The opener, the care team and the present pool stand in the case's own columns as well, which
    are looked at first; whoever came later stands here only.
    """

    __tablename__ = "case_party"
    __table_args__ = (
        Index("ix_case_party_holder_id", "holder_id", "left_at", "role", "case_id"),
        CheckConstraint("kind IN ('group', 'account')", name="kind"),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"), primary_key=True)
    holder_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    role: Mapped[str] = mapped_column(String(16))
    """A `Role`."""
    place: Mapped[int] = mapped_column(SmallInteger)
    """Among those who came at one instant, the order in which they are shown and asked."""
    added_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    added_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    """When the key was changed to shut this party out."""


class CasePrevious(Base):
    """The key of generation - 1, sealed under the key of `generation`: how the past stays open."""

    __tablename__ = "case_previous"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class CaseEvent(Base):
    """A signed step in the life of the case's key: open, grant, rotate, close."""

    __tablename__ = "case_event"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    statement: Mapped[dict[str, Any]]
    hash: Mapped[bytes]
    received_at: Mapped[datetime]


class CaseGrant(Base):
    """The case key of one generation, wrapped to one recipient."""

    __tablename__ = "case_grant"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(80), primary_key=True)
    """`group:{id}@{epoch}`, `account:{id}@{seq}` or `custodian:{n}`."""
    holder_id: Mapped[UUID | None]
    """The group or account named by the recipient; None for a custodian."""
    wrapped: Mapped[bytes]


class CaseHeader(Base):
    """A sealed version of who the patient is and what is asked."""

    __tablename__ = "case_header"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[int]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    sealed: Mapped[bytes]
    posted_at: Mapped[datetime]


class Message(Base):
    """One sealed turn in a case. The server never sees its plaintext."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("case_id", "sequence"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Chosen by the sending device, so a resend cannot post twice."""
    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"))
    sequence: Mapped[int]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(24))
    generation: Mapped[int]
    sealed: Mapped[bytes]
    posted_at: Mapped[datetime]


class CaseStep(Base):
    """A step that was taken, under the id its device chose: repeating it changes nothing."""

    __tablename__ = "case_step"
    __table_args__ = (Index("ix_case_step_case_id", "case_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"))
    step: Mapped[str] = mapped_column(String(24))
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id"))
    state: Mapped[str] = mapped_column(String(24))
    """The state the case moved to."""
    taken_at: Mapped[datetime]


class CaseReceipt(Base):
    """How far a person has read and received a thread; never goes back."""

    __tablename__ = "case_receipt"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    read: Mapped[int]
    delivered: Mapped[int]
    moved_at: Mapped[datetime]


class AnnouncedAttachment(Base):
    """An attachment that a header or message of a case names: only such may be uploaded.

    `attachments/` sets `stored_at` in the transaction that completes the upload.
    """

    __tablename__ = "announced_attachment"
    __table_args__ = (
        Index("ix_announced_attachment_case_id", "case_id"),
        Index("ix_announced_attachment_message_id", "message_id"),
    )

    attachment_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id"))
    """None when the header announced it."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of ciphertext, all parts together."""
    stored_at: Mapped[datetime | None]
