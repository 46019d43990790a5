"""Gives rows their place and hash, within a second of their commit, so that no writer waits."""

from __future__ import annotations

import time
from typing import Any

import structlog
from sqlalchemy import Select, func, insert, select, text
from sqlalchemy.orm import Session

from app.db import database, session
from app.transactions import transaction
from trace.chain import ORIGIN, chain_hash
from trace.models import TracePlace, TraceRow
from trace.trees import Tree, grow

log = structlog.get_logger()

EVERY = 0.5
BATCH = 200
"""Rows in one transaction: a few milliseconds, for which everybody else in the process waits."""
BREATH = 0.005
"""Seconds left to the others between two batches of a backlog."""
LOCK = 7_270_002
"""PostgreSQL advisory lock: one sequencer at a time, whichever process it runs in."""
WINDOW = 20_000
"""On PostgreSQL a row may commit after one with a higher id: how far back each turn looks."""
SWEEP_SECONDS = 3600
HEAD_SECONDS = 60

_swept_at = float("-inf")
_told_at = float("-inf")


def place_rows() -> int:
    """Place every committed row that has none yet; returns how many. Safe to run anywhere."""
    placed = 0
    while _waiting():
        count = _place_batch()
        placed += count
        if count < BATCH:
            break
        time.sleep(BREATH)
    if placed:
        _tell_head()
    return placed


def _waiting() -> bool:
    with transaction(read_only=True) as running:
        return running.execute(_unplaced(running, 1)).first() is not None


def _place_batch() -> int:
    with transaction():
        if not database().sqlite:
            lock = text(f"SELECT pg_try_advisory_xact_lock({LOCK})")
            if not session().execute(lock).scalar():
                return 0
        rows = session().connection().execute(_unplaced(session(), BATCH)).all()
        if not rows:
            return 0
        place, previous = head(session())
        places = []
        for row in rows:
            place += 1
            previous = chain_hash(previous, place, row)
            places.append({"place": place, "trace_id": row.id, "hash": previous})
        session().execute(insert(TracePlace), places)
        grow(Tree.TRACE)
        return len(places)


def head(running: Session) -> tuple[int, bytes]:
    """The last place and its hash; (0, zero bytes) for an empty chain."""
    last = running.execute(
        select(TracePlace.place, TracePlace.hash).order_by(TracePlace.place.desc()).limit(1)
    ).first()
    return (last.place, last.hash) if last else (0, ORIGIN)


def _unplaced(running: Session, limit: int) -> Select[*tuple[Any, ...]]:
    """Rows without a place, in the order of their ids, without walking the whole trace.

    SQLite has one writer, so ids commit in order and everything above the highest placed id
    waits. PostgreSQL also looks WINDOW ids back each time, and everywhere once an hour.
    """
    global _swept_at
    highest = running.execute(select(func.max(TracePlace.trace_id))).scalar() or 0
    wanted = select(*TraceRow.__table__.columns).order_by(TraceRow.id).limit(limit)
    if database().sqlite:
        return wanted.where(TraceRow.id > highest)
    wanted = wanted.where(
        ~select(TracePlace.place).where(TracePlace.trace_id == TraceRow.id).exists()
    )
    if time.monotonic() - _swept_at > SWEEP_SECONDS:
        if limit == BATCH:
            _swept_at = time.monotonic()
        return wanted
    return wanted.where(TraceRow.id > highest - WINDOW)


def _tell_head() -> None:
    """Log the head now and then: kept off this machine, it shows any later cut (`--head`)."""
    global _told_at
    if time.monotonic() - _told_at < HEAD_SECONDS:
        return
    _told_at = time.monotonic()
    with transaction(read_only=True) as running:
        place, digest = head(running)
    log.info("trace_head", place=place, hash=digest.hex())
