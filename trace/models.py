"""The two tables of the trace. The database itself refuses to change or delete their rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

RowId = BigInteger().with_variant(Integer, "sqlite")


class TraceRow(Base):
    """One act by one person, as it was recorded in the act's own transaction.

    Ids are not references: a trace outlives what it speaks of. `detail` is JSON text kept as
    written, because its exact bytes are hashed.
    """

    __tablename__ = "trace"
    __table_args__ = (
        Index("ix_trace_case", "case_id", "id"),
        Index("ix_trace_actor", "actor_id", "id"),
        Index("ix_trace_action", "action", "id"),
        Index("ix_trace_at", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str | None] = mapped_column(String(64))
    case_id: Mapped[UUID | None]
    result: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str | None] = mapped_column(Text)


class TracePlace(Base):
    """The place and hash the sequencer gave a row, within a second of its commit."""

    __tablename__ = "trace_place"

    place: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    trace_id: Mapped[int] = mapped_column(RowId, ForeignKey("trace.id"), unique=True)
    hash: Mapped[bytes]
