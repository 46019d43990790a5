"""Group commit: many small writes share one transaction, so one fsync makes all of them durable.

A caller hands over its rows as a function and waits. Whoever comes first leads: it commits
everything that has gathered, wakes the others, and goes on while more has come. A batch is tried
as a whole; if any of it fails, it is undone and each piece gets a savepoint of its own, so a bad
row fails alone. On SQLite under gevent the commit runs in a native thread, because its fsync would
stop the event loop; the rows themselves are written on the loop, since handing each statement to
another thread costs more than the statement. PostgreSQL's driver waits cooperatively.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import structlog
from sqlalchemy import Insert, Update
from sqlalchemy.orm import Session

from app.db import Database, current_session, database, session, sqlite_writer
from app.transactions import NestedTransaction, speaking, tell

R = TypeVar("R")
S = TypeVar("S")
log = structlog.get_logger()

MOST = 256
"""Works in one transaction: bounds how long the others, and SQLite's other writers, wait."""


@dataclass
class _Batch:
    """What the works of one attempt share."""

    keys: list[UUID]
    rows: dict[Insert | Update, dict[object, dict[str, Any]]] = field(default_factory=dict)
    seen: dict[object, dict[UUID, Any]] = field(default_factory=dict)


_batch: ContextVar[_Batch | None] = ContextVar("cordee_batch", default=None)


def insert_together(statement: Insert, row: dict[str, Any]) -> None:
    """Insert a row: with the others of its kind at the end of the batch, or now outside of one.

    For rows that nothing later in the same work refers to. `statement` is built once, at import.
    """
    _gather(statement, object(), row)


def update_together(statement: Update, key: UUID, row: dict[str, Any]) -> None:
    """Update what `key` names, in the same way; of several in one batch the last one counts."""
    _gather(statement, key, row)


def _gather(statement: Insert | Update, key: object, row: dict[str, Any]) -> None:
    batch = _batch.get()
    if batch is None:
        session().connection().execute(statement, row)
    else:
        batch.rows.setdefault(statement, {})[key] = row


def see_together(key: UUID, look: Callable[[list[UUID]], dict[UUID, S]]) -> dict[UUID, S]:
    """What `look` finds for the keys of all works of the batch, asked once; alone, for `key`.

    The mapping is shared by the batch: a work that changes what it names puts the new in.
    """
    batch = _batch.get()
    if batch is None:
        return look([key])
    if look not in batch.seen:
        batch.seen[look] = look(batch.keys)
    return batch.seen[look]


@dataclass
class _Work(Generic[R]):
    """One caller's rows and what became of them."""

    key: UUID
    write: Callable[[], R]
    result: R | None = None
    fault: BaseException | None = None
    facts: list[Any] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)


class _Committer:
    """The queue of one process and whoever leads it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.waiting: list[_Work[Any]] = []
        self.turn = threading.Lock()
        self.led = False

    def commit(self, work: _Work[Any]) -> None:
        with self.turn:
            self.waiting.append(work)
            lead, self.led = not self.led, True
        if lead:
            threading.Thread(target=self._lead, name="group-commit", daemon=True).start()
        work.done.wait()

    def _lead(self) -> None:
        while batch := self._take():
            try:
                self._write(batch)
            except BaseException as fault:
                for work in batch:
                    work.fault = work.fault or fault
            for work in batch:
                work.done.set()
            for work in batch:
                # In the order of the batch: readers see sequences rise.
                if work.fault is None:
                    tell(work.facts)

    def _take(self) -> list[_Work[Any]]:
        with self.turn:
            batch, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
            self.led = bool(batch)
            # Two processes that lock the same rows in the same order cannot wait for each other.
            return sorted(batch, key=lambda work: work.key)

    def _write(self, batch: list[_Work[Any]]) -> None:
        alone = sqlite_writer if self.db.sqlite else nullcontext()
        with alone, self.db.sessions() as running:
            if not _try_together(running, batch):
                running.rollback()
                for work in batch:
                    _write_alone(running, work)
            self.db.commit(running)


def _try_together(running: Session, batch: list[_Work[Any]]) -> bool:
    """Write all; False when one failed, and then nothing of it may be kept."""
    shared = _Batch(keys=list(dict.fromkeys(work.key for work in batch)))
    gathering = _batch.set(shared)
    try:
        for work in batch:
            with speaking(running, work.facts):
                work.result = work.write()
        for statement, rows in shared.rows.items():
            running.connection().execute(statement, list(rows.values()))
    except Exception:
        for work in batch:
            work.facts.clear()
        return False
    finally:
        _batch.reset(gathering)
    return True


def _write_alone(running: Session, work: _Work[Any]) -> None:
    try:
        with running.begin_nested(), speaking(running, work.facts):
            work.result = work.write()
    except Exception as fault:
        work.fault = fault


_committer: _Committer | None = None
_binding = threading.Lock()


def commit_together(key: UUID, write: Callable[[], R]) -> R:
    """Run `write` in a transaction shared with whoever else writes now; return once it is durable.

    `key` names what it locks (a case); works of one key keep their order. `write` is short, finds
    the session where any service does, and may run twice, the first time undone; what it raises
    reaches the caller and undoes only its own rows. Facts it announces are told after the commit.
    """
    global _committer
    if current_session.get() is not None:
        raise NestedTransaction("a transaction is already open")
    db = database()
    with _binding:
        if _committer is None or _committer.db is not db:
            _committer = _Committer(db)
        committer = _committer
    work = _Work(key, write)
    committer.commit(work)
    if work.fault is not None:
        raise work.fault
    return cast(R, work.result)
