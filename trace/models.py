"""Tables of the trace and of the logs. The database itself refuses to change or delete what counts:
rows of the trace, their places, the leaves of the key log and the nodes above them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

RowId = BigInteger().with_variant(Integer, "sqlite")


class Act:
    """Who did what, to what, from where, with what result: the columns of both stores.

    Ids are not references: a trace outlives what it speaks of.
    """

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
    """JSON text kept as written: in the act trace its exact bytes are hashed."""


class TraceRow(Act, Base):
    """One act by one person, as it was recorded in the act's own transaction."""

    __tablename__ = "trace"
    __table_args__ = (
        Index("ix_trace_case", "case_id", "id"),
        Index("ix_trace_actor", "actor_id", "id"),
        Index("ix_trace_action", "action", "id"),
        Index("ix_trace_at", "at"),
        {"sqlite_autoincrement": True},
    )


class TracePlace(Base):
    """The place and hash the sequencer gave a row, within a second of its commit."""

    __tablename__ = "trace_place"

    place: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    trace_id: Mapped[int] = mapped_column(RowId, ForeignKey("trace.id"), unique=True)
    hash: Mapped[bytes]


class SecurityEvent(Act, Base):
    """A way in or out of an account, tried or taken. Not part of any record: gone after a year."""

    __tablename__ = "security_event"
    __table_args__ = (
        Index("ix_security_event_actor", "actor_id", "id"),
        Index("ix_security_event_action", "action", "id"),
        Index("ix_security_event_at", "at"),
        {"sqlite_autoincrement": True},
    )


class LogLeaf(Base):
    """One statement of a person, a group or the network, in the order the log took them."""

    __tablename__ = "log_leaf"
    __table_args__ = (UniqueConstraint("kind", "subject", "seq"),)

    index: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    """Place in the tree, from 0."""
    kind: Mapped[int] = mapped_column(SmallInteger)
    """A `protocol.LogKind`."""
    subject: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]
    """Of the statement."""
    at: Mapped[datetime]


class TreeNode(Base):
    """The hash of one complete subtree of a log, from level 3 up: those below come from leaves."""

    __tablename__ = "tree_node"

    tree: Mapped[str] = mapped_column(String(8), primary_key=True)
    """A `trace.trees.Tree`."""
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class CheckpointRow(Base):
    """A size and root this server has put its name to."""

    __tablename__ = "checkpoint"

    tree: Mapped[str] = mapped_column(String(8), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    note: Mapped[str] = mapped_column(Text)
    """With the log's own signature; witnesses' lines stand in `cosignature`."""
    signed_at: Mapped[datetime]


class Cosignature(Base):
    """A witness's word that the log had only grown up to this checkpoint."""

    __tablename__ = "cosignature"
    __table_args__ = (
        ForeignKeyConstraint(["tree", "size"], ["checkpoint.tree", "checkpoint.size"]),
    )

    tree: Mapped[str] = mapped_column(String(8), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    witness: Mapped[bytes] = mapped_column(primary_key=True)
    """Public key, as the policy names it."""
    line: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime]
