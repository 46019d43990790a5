"""One row for every table of a database, whatever its tables are: the data an upgrade must keep."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from sqlalchemy import Column, Connection, MetaData, Table

CHECKED: dict[tuple[str, str], Any] = {
    ("account", "kind"): "clinician",
    ("invitation", "kind"): "clinician",
    ("care_group", "kind"): "pool",
    ("clinical_case", "urgency"): 1,
    ("case_party", "kind"): "group",
    ("attachment", "size"): 12,
    ("attachment", "received"): 7,
}
"""Columns whose values a CHECK constraint limits."""

BOOKKEEPING = ("alembic_version",)


def tables(connection: Connection) -> list[Table]:
    """Every table of the database, those referred to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name not in BOOKKEEPING]


def fill(connection: Connection, but: frozenset[str] = frozenset()) -> dict[str, dict[str, Any]]:
    """Write one row into every table not in `but`; all rows of the database by table."""
    for table in tables(connection):
        if table.name not in but:
            row = {column.name: _value(table, column) for column in table.columns}
            connection.execute(sa.insert(table).values(row))
    return rows(connection)


def rows(connection: Connection) -> dict[str, dict[str, Any]]:
    """The row of every table that has one; the first, where an upgrade wrote more than one."""
    found = {}
    for table in tables(connection):
        row = connection.execute(sa.select(table)).mappings().first()
        if row is not None:
            found[table.name] = dict(row)
    return found


def _value(table: Table, column: Column[Any]) -> Any:
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        return _value(target.table, target)
    if (table.name, column.name) in CHECKED:
        return CHECKED[table.name, column.name]
    return _of_type(f"{table.name}.{column.name}", column.type)


def _of_type(name: str, kind: sa.types.TypeEngine[Any]) -> Any:
    identifier = uuid5(NAMESPACE_URL, name)
    match kind:
        case sa.CHAR(length=32):
            return identifier.hex  # how SQLite keeps a UUID
        case sa.UUID():
            return identifier
        case sa.JSON():
            return {"v": 1, "of": name}
        case sa.Boolean():
            return True
        case sa.Integer():
            return 1
        case sa.LargeBinary():
            return name.encode()
        case sa.DateTime() | sa.TIMESTAMP():
            return datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
        case sa.Date():
            return date(2026, 1, 2)
        case sa.String():
            return name[: kind.length]
    raise AssertionError(f"no value known for {name} of type {kind!r}")
