"""Sealed files of cases: the ciphertext lies in the blob store, these rows say how far it came."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Attachment(Base):
    """One file on its way in, then stored. The server knows its size and nothing of its content."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("received >= 0 AND received <= size", name="received_within_size"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Chosen by the sending device, announced by the request or message that carries the file."""
    case_id: Mapped[UUID] = mapped_column(ForeignKey("clinical_case.id"), index=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    upload_id: Mapped[UUID] = mapped_column(unique=True)
    """The tus resource; another name than the attachment's so that knowing one is not the other."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of ciphertext, all parts together."""
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes known to be on disk (fsynced): the tus offset. The rest is cut off on resume."""
    sha256: Mapped[bytes | None]
    """Of the whole ciphertext, once stored."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    stored_at: Mapped[datetime | None]
    locked_by: Mapped[str | None] = mapped_column(String(64))
    """Which request writes: `process/request`. See service/receiving.py."""
    locked_until: Mapped[datetime | None]


class UploadDay(Base):
    """What one person has undertaken to send on one day (UTC), against the daily limit."""

    __tablename__ = "upload_day"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
