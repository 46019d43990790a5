"""The key log: every statement of a person, a group or the network becomes a leaf, for good."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
import structlog

from app import clock
from app.db import database, session
from app.transactions import transaction
from protocol.merkle import LogKind
from trace import trees
from trace.errors import NetworkNotFounded
from trace.models import LogLeaf
from trace.rooms_above import network_id, stored_statements
from trace.trees import Tree

log = structlog.get_logger()

LOCK = 7_270_009
"""PostgreSQL advisory lock: leaves get their places one transaction after the other."""
EVERY = 3600.0


class LeafContradicted(RuntimeError):
    """Another statement was already logged for this subject and sequence: it stays the only one."""


def append_leaf(kind: LogKind, subject: UUID, seq: int, digest: bytes) -> None:
    """Log a statement's hash in the transaction that stores the statement: both, or neither.

    The same again changes nothing. Call it as late as the work allows: the log's place is held
    from here to the end of the transaction.
    """
    hold(LOCK)
    if _logged(kind, subject, seq, digest):
        return
    session().execute(
        sa.insert(LogLeaf).values(
            index=trees.leaf_count(Tree.KEY),
            kind=int(kind),
            subject=subject,
            seq=seq,
            hash=digest,
            at=clock.now(),
        )
    )
    trees.grow(Tree.KEY)


def log_missing() -> int:
    """Log what a server of before the log stored, or one that forgot to; how many there were."""
    with transaction(read_only=True):
        try:
            network_id()
        except NetworkNotFounded:
            return 0
        if not _missing():
            return 0
    with transaction():
        hold(LOCK)
        missing = _missing()
        for kind, subject, seq, digest in missing:
            append_leaf(kind, subject, seq, digest)
    log.warning("key_log_completed", leaves=len(missing))
    return len(missing)


def hold(lock: int) -> None:
    """Wait for the others who append, and keep them waiting until this transaction ends."""
    if not database().sqlite:
        session().execute(sa.text(f"SELECT pg_advisory_xact_lock({lock})"))


def _logged(kind: LogKind, subject: UUID, seq: int, digest: bytes) -> bool:
    found = session().execute(
        sa.select(LogLeaf.hash).where(
            LogLeaf.kind == int(kind), LogLeaf.subject == subject, LogLeaf.seq == seq
        )
    )
    same = found.scalar()
    if same is not None and same != digest:
        raise LeafContradicted(f"{kind.name} {subject} {seq} is logged with another hash")
    return same is not None


def _missing() -> list[tuple[LogKind, UUID, int, bytes]]:
    known = {
        (row.kind, row.subject, row.seq)
        for row in session().execute(sa.select(LogLeaf.kind, LogLeaf.subject, LogLeaf.seq))
    }
    return [
        (kind, subject, seq, digest)
        for kind, subject, seq, digest, _ in stored_statements()
        if (int(kind), subject, seq) not in known
    ]
