"""Engine, declarative base and the session of the running transaction."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    create_engine,
    event,
)
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from app.config import Config


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. Stored as UTC, refused when naive: a clock without a zone is a bug."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables. Names of constraints are deterministic so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        UUID: SqlUuid(as_uuid=True),
        datetime: UtcDateTime(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


current_session: ContextVar[Session | None] = ContextVar("cordee_session", default=None)

sqlite_writer = threading.Lock()
"""One writer at a time, waited for cooperatively: SQLite's own lock would block the event loop."""


class OutsideTransaction(RuntimeError):
    """The database was asked for outside a transaction."""


class Database:
    """The engine of this process and its sessions."""

    def __init__(self, config: Config) -> None:
        self.sqlite = config.sqlite
        self.engine = make_engine(config.database_url)
        self.sessions = sessionmaker(self.engine, expire_on_commit=False, autoflush=True)
        self._native = _native_thread() if self.sqlite else None

    def reading(self) -> Connection:
        """A connection for a few queries that need no common snapshot: no BEGIN, no session.

        Close it at the end of a `with`. What is written over it is committed at once: do not.
        """
        if self.sqlite:
            return self.engine.connect().execution_options(statements_alone=True)
        return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def commit(self, running: Session) -> None:
        """Make what a session wrote durable, without stopping the process's other greenlets.

        SQLite waits for the disk inside its COMMIT, so under gevent that one statement runs in a
        native thread. PostgreSQL's driver waits cooperatively.
        """
        if self._native is not None:
            running.flush()
            # The driver's own commit: the session and the pool stay on the loop's thread.
            driver: Any = running.connection().connection.driver_connection
            self._native.apply(driver.commit)
        running.commit()


def _native_thread() -> Any:
    """A pool of one native thread when gevent serves; None with plain threads."""
    from gevent.monkey import is_module_patched

    if not is_module_patched("threading"):
        return None
    from gevent.threadpool import ThreadPool

    return ThreadPool(1)


_database: Database | None = None


def bind(config: Config) -> Database:
    """Open the database of this process. A process has one; binding again replaces it."""
    global _database
    if _database is not None:
        _database.engine.dispose()
    _database = Database(config)
    return _database


def database() -> Database:
    if _database is None:
        raise OutsideTransaction("no database is bound: create the application first")
    return _database


def session() -> Session:
    """The session of the running transaction. Raises OutsideTransaction when there is none."""
    running = current_session.get()
    if running is None:
        raise OutsideTransaction("open a transaction: call a @transactional service")
    return running


RESTED = 5.0
"""Seconds after which a connection is asked whether it still stands before it is used."""


def _ping_the_rested(engine: Engine) -> None:
    """Notice a database that was restarted, without a question before each transaction."""

    @event.listens_for(engine, "checkin")
    def _rest(_driver: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _wake(driver: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("rests_since", 0.0) < RESTED:
            return
        try:
            engine.dialect.do_ping(driver)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool hears this, opens a new one and tries again.
            raise DisconnectionError() from error


def make_engine(url: str) -> Engine:
    """An engine tuned as docs/architecture.md says: SQLite in WAL with full fsync, PostgreSQL
    with synchronous commit. Errors name the statement, never its values."""
    if not url.startswith("sqlite"):
        engine = create_engine(
            url.replace("postgresql://", "postgresql+psycopg://", 1),
            # No overflow: a connection opened for one statement costs more than the wait for one.
            pool_size=40,
            max_overflow=0,
            pool_use_lifo=True,
            hide_parameters=True,
            connect_args={"options": "-c synchronous_commit=on -c timezone=UTC"},
        )
        _ping_the_rested(engine)
        return engine
    engine = create_engine(
        url,
        pool_size=20,
        max_overflow=20,
        hide_parameters=True,
        connect_args={"timeout": 10, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=10000",
            "foreign_keys=ON",
            "cache_size=-65536",
            "wal_autocheckpoint=4000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        options = connection.get_execution_options()
        if options.get("statements_alone", False):
            return
        connection.exec_driver_sql("BEGIN" if options.get("read_only") else "BEGIN IMMEDIATE")

    return engine
