"""A public service function is one transaction: returning commits, raising rolls back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar, overload

import structlog
from sqlalchemy.orm import Session

from app import announcements
from app.db import current_session, database, sqlite_writer

P = ParamSpec("P")
R = TypeVar("R")
log = structlog.get_logger()


class NestedTransaction(RuntimeError):
    """A service called another public service: split the inner rule out of its transaction."""


_regrets: ContextVar[list[Callable[[], object]] | None] = ContextVar("cordee_regrets", default=None)


def after_rollback(work: Callable[[], object]) -> None:
    """Run `work` once the running transaction has rolled back, for what a refusal must leave.

    It opens a transaction of its own. Nothing runs if the transaction commits.
    """
    regrets = _regrets.get()
    if regrets is None:
        raise RuntimeError("no transaction is open")
    regrets.append(work)


@contextmanager
def transaction(read_only: bool = False) -> Iterator[Session]:
    """Open the one transaction of this piece of work.

    Never yield to the network inside: SQLite has one writer, and it waits for you.
    """
    if current_session.get() is not None:
        raise NestedTransaction("a transaction is already open")
    regrets: list[Callable[[], object]] = []
    mine = _regrets.set(regrets)
    try:
        with _attempt(read_only) as running:
            yield running
    except BaseException:
        for work in regrets:
            work()
        raise
    finally:
        _regrets.reset(mine)


@contextmanager
def _attempt(read_only: bool) -> Iterator[Session]:
    db = database()
    facts: list[Any] = []
    alone = sqlite_writer if db.sqlite and not read_only else nullcontext()
    with alone, db.sessions() as running:
        if read_only:
            running.connection(execution_options={"read_only": True})
        try:
            with speaking(running, facts):
                yield running
            if read_only:
                running.commit()
            else:
                db.commit(running)
        except BaseException:
            running.rollback()
            raise
    tell(facts)


@contextmanager
def speaking(running: Session, facts: list[Any]) -> Iterator[None]:
    """Make `running` the session of the work inside, and collect what it announces."""
    said = announcements.pending.set(facts)
    mine = current_session.set(running)
    try:
        yield
    finally:
        current_session.reset(mine)
        announcements.pending.reset(said)


def tell(facts: list[Any]) -> None:
    try:
        announcements.tell(facts)
    except Exception:
        # Committed is committed: clients that miss a hint fetch by sequence.
        log.exception("announcement_not_told")


@overload
def transactional(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def transactional(*, read_only: bool) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def transactional(function: Callable[..., Any] | None = None, /, *, read_only: bool = False) -> Any:
    """Run a service function in a transaction of its own; nesting raises NestedTransaction."""

    def wrap(inner: Callable[P, R]) -> Callable[P, R]:
        @wraps(inner)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with transaction(read_only):
                return inner(*args, **kwargs)

        return run

    return wrap(function) if function else wrap
