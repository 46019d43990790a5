"""Group commit: many small writes share one transaction, so one fsync makes all of them durable.

A caller hands over its rows as a function and waits. Whoever comes first leads: it commits
everything that has gathered, wakes the others, and goes on while more has come. Each piece of
work has a savepoint of its own, so a bad row fails alone. On SQLite under gevent the batch runs
in one native thread, because its fsync would stop the event loop; PostgreSQL's driver waits
cooperatively and needs none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from app.db import Database, current_session, database, sqlite_writer
from app.transactions import NestedTransaction, speaking, tell

R = TypeVar("R")
log = structlog.get_logger()

MOST = 256
"""Works in one transaction: bounds how long the others, and SQLite's other writers, wait."""


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
        self.native = _native_thread() if db.sqlite else None

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
        if not self.db.sqlite:
            _write_batch(self.db, batch)
            return
        with sqlite_writer:
            if self.native is None:
                _write_batch(self.db, batch)
            else:
                self.native.apply(_write_batch, (self.db, batch))


def _native_thread() -> Any:
    """A pool of one native thread when gevent serves; None with plain threads."""
    from gevent.monkey import is_module_patched

    if not is_module_patched("threading"):
        return None
    from gevent.threadpool import ThreadPool

    return ThreadPool(1)


def _write_batch(db: Database, batch: list[_Work[Any]]) -> None:
    with db.sessions() as running:
        for work in batch:
            _write_one(running, work)
        running.commit()


def _write_one(running: Session, work: _Work[Any]) -> None:
    try:
        with running.begin_nested(), speaking(running, work.facts):
            work.result = work.write()
    except Exception as fault:
        work.fault = fault


_committer: _Committer | None = None
_binding = threading.Lock()


def commit_together(key: UUID, write: Callable[[], R]) -> R:
    """Run `write` in a transaction shared with whoever else writes now; return once it is durable.

    `key` names what it locks (a case); works of one key keep their order. `write` is short and
    finds the session where any service does; what it raises reaches the caller and undoes only
    its own rows. Facts it announces are told after the commit.
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
