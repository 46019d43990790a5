"""A backup of a server as a custodian reads it: a copy of the database, and a folder of blobs.

Plain SQL on plain tables, read-only, without a line of the server's own code: what is read here is
twenty years from now perhaps all that is left. Nothing read is believed before it is verified.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from client.errors import CordeeError

_ID, _JSON, _BYTES = sa.Uuid(), sa.JSON(), sa.LargeBinary()
_AT = sa.DateTime(timezone=True)


def _table(name: str, /, **columns: Any) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, kind) for column, kind in columns.items()))


_NETWORK = _table("network", id=_ID, name=sa.String(), root=_BYTES)
_POLICY = _table("policy_statement", seq=sa.Integer(), statement=_JSON)
_ACCOUNT = _table("account_statement", account_id=_ID, seq=sa.Integer(), statement=_JSON)
_GROUP = _table("group_statement", group_id=_ID, seq=sa.Integer(), statement=_JSON)
_CASE = _table(
    "clinical_case",
    id=_ID,
    number=sa.String(),
    state=sa.String(),
    opened_at=_AT,
    last_sequence=sa.Integer(),
)
_EVENT = _table("case_event", case_id=_ID, n=sa.Integer(), statement=_JSON)
_GRANT = _table(
    "case_grant",
    case_id=_ID,
    generation=sa.Integer(),
    recipient=sa.String(),
    wrapped=_BYTES,
)
_PREVIOUS = _table("case_previous", case_id=_ID, generation=sa.Integer(), sealed=_BYTES)
_HEADER = _table(
    "case_header",
    case_id=_ID,
    version=sa.Integer(),
    generation=sa.Integer(),
    author_id=_ID,
    sealed=_BYTES,
)
_MESSAGE = _table(
    "message",
    id=_ID,
    case_id=_ID,
    sequence=sa.Integer(),
    author_id=_ID,
    kind=sa.String(),
    generation=sa.Integer(),
    sealed=_BYTES,
    posted_at=_AT,
)


class BackupUnreadable(CordeeError):
    """The database or the folder is not a backup of a Cordée server, or lacks the case."""


class Backup:
    """One backup, open for reading."""

    def __init__(self, connection: sa.Connection, blobs: Path) -> None:
        self._connection = connection
        self._blobs = blobs

    @classmethod
    @contextmanager
    def open(cls, database: str, blobs: Path) -> Iterator[Backup]:
        """``database`` is a SQLite file or a PostgreSQL address. Raises ``BackupUnreadable``."""
        engine = sa.create_engine(_address(database))
        try:
            with engine.connect() as connection:
                yield cls(connection, blobs)
        except sa.exc.SQLAlchemyError as error:
            raise BackupUnreadable("the backup's database cannot be read") from error
        finally:
            engine.dispose()

    def network(self) -> dict[str, Any]:
        """Id, name and root, as the backup says."""
        return self._one(sa.select(_NETWORK), "the backup holds no network")

    def policies(self) -> list[dict[str, Any]]:
        chain = sa.select(_POLICY.c.statement).order_by(_POLICY.c.seq)
        return list(self._connection.scalars(chain))

    def account_chain(self, account: str) -> list[dict[str, Any]]:
        chain = sa.select(_ACCOUNT.c.statement).where(_ACCOUNT.c.account_id == UUID(account))
        return list(self._connection.scalars(chain.order_by(_ACCOUNT.c.seq)))

    def group_chain(self, group: str) -> list[dict[str, Any]]:
        chain = sa.select(_GROUP.c.statement).where(_GROUP.c.group_id == UUID(group))
        return list(self._connection.scalars(chain.order_by(_GROUP.c.seq)))

    def case(self, case: str) -> dict[str, Any]:
        try:
            wanted = sa.select(_CASE).where(_CASE.c.id == UUID(case))
        except ValueError as error:
            raise BackupUnreadable(f"{case} is not the identifier of a case") from error
        return self._one(wanted, f"the backup holds no case {case}")

    def events(self, case: str) -> list[dict[str, Any]]:
        chain = sa.select(_EVENT.c.statement).where(_EVENT.c.case_id == UUID(case))
        return list(self._connection.scalars(chain.order_by(_EVENT.c.n)))

    def grants(self, case: str) -> Sequence[dict[str, Any]]:
        return self._all(sa.select(_GRANT).where(_GRANT.c.case_id == UUID(case)))

    def links(self, case: str) -> dict[int, bytes]:
        """Generation → the key of the one before, sealed."""
        rows = self._all(sa.select(_PREVIOUS).where(_PREVIOUS.c.case_id == UUID(case)))
        return {row["generation"]: row["sealed"] for row in rows}

    def headers(self, case: str) -> Sequence[dict[str, Any]]:
        wanted = sa.select(_HEADER).where(_HEADER.c.case_id == UUID(case))
        return self._all(wanted.order_by(_HEADER.c.version))

    def messages(self, case: str) -> Sequence[dict[str, Any]]:
        wanted = sa.select(_MESSAGE).where(_MESSAGE.c.case_id == UUID(case))
        return self._all(wanted.order_by(_MESSAGE.c.sequence))

    def blob(self, attachment: str) -> Path:
        """Where the ciphertext of a file lies, in the folder of the server or in its `blobs`."""
        name = Path(attachment[:2]) / attachment
        for place in (self._blobs / "blobs" / name, self._blobs / name):
            if place.is_file():
                return place
        raise FileNotFoundError(attachment)

    def _all(self, wanted: sa.Select[Any]) -> list[dict[str, Any]]:
        return [_told(row) for row in self._connection.execute(wanted).mappings()]

    def _one(self, wanted: sa.Select[Any], missing: str) -> dict[str, Any]:
        found = self._connection.execute(wanted).mappings().first()
        if found is None:
            raise BackupUnreadable(missing)
        return _told(found)


def _told(row: sa.RowMapping) -> dict[str, Any]:
    """Ids and instants as they travel: lower-case text, RFC 3339 in UTC."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        at = value if value.tzinfo else value.replace(tzinfo=UTC)
        text = at.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    return value


def _address(database: str) -> str:
    if database.startswith(("postgresql://", "postgres://")):
        return "postgresql+psycopg://" + database.split("://", 1)[1]
    if database.startswith("postgresql+"):
        return database
    path = Path(database.removeprefix("sqlite:///")).absolute()
    if not path.is_file():
        raise BackupUnreadable(f"{path} is not there")
    return f"sqlite:///file:{path}?mode=ro&uri=true"
