"""What the logs need of rooms that stand above this one, read from their tables by name.

This room is imported by the others and imports none of them: it knows four of their tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db import UtcDateTime, session
from protocol.merkle import LogKind
from protocol.statement import parse_payload, statement_payload
from protocol.statements import PolicyPayload, read_payload
from trace.errors import NetworkNotFounded

_NETWORK = sa.table("network", sa.column("id", sa.Uuid()), sa.column("root", sa.LargeBinary()))


def _statements(name: str, *columns: sa.ColumnClause[Any]) -> sa.TableClause:
    return sa.table(
        name,
        *columns,
        sa.column("seq", sa.Integer()),
        sa.column("hash", sa.LargeBinary()),
        sa.column("statement", sa.JSON()),
        sa.column("received_at", UtcDateTime()),
    )


_POLICIES = _statements("policy_statement")
_ACCOUNTS = _statements("account_statement", sa.column("account_id", sa.Uuid()))
_GROUPS = _statements("group_statement", sa.column("group_id", sa.Uuid()))


def network_id() -> UUID:
    """Inside a transaction. Raises NetworkNotFounded before `cordee init`."""
    found = session().execute(sa.select(_NETWORK.c.id)).scalar()
    if found is None:
        raise NetworkNotFounded()
    return UUID(str(found))


def policy_chain() -> list[dict[str, Any]]:
    """The policy statements, first to last."""
    rows = session().execute(sa.select(_POLICIES.c.statement).order_by(_POLICIES.c.seq))
    return [_json(row.statement) for row in rows]


def todays_policy() -> PolicyPayload:
    """What the last policy says; it was verified when it was stored."""
    wanted = sa.select(_POLICIES.c.statement).order_by(_POLICIES.c.seq.desc()).limit(1)
    found = session().execute(wanted).scalar()
    if found is None:
        raise NetworkNotFounded()
    return read_payload(PolicyPayload, parse_payload(statement_payload(_json(found))))


def stored_statements() -> Iterator[tuple[LogKind, UUID, int, bytes, datetime]]:
    """Every statement kept: kind, subject, sequence, hash, when it came; policies first, then
    people, then groups, each in the order they came, so that nobody is named before being known."""
    net = network_id()
    for kind, table, subject in (
        (LogKind.POLICY, _POLICIES, None),
        (LogKind.ACCOUNT, _ACCOUNTS, _ACCOUNTS.c.account_id),
        (LogKind.GROUP, _GROUPS, _GROUPS.c.group_id),
    ):
        columns: list[sa.ColumnElement[Any]] = [table.c.seq, table.c.hash, table.c.received_at]
        if subject is not None:
            columns.append(subject.label("subject"))
        order = [table.c.received_at, *([subject] if subject is not None else []), table.c.seq]
        for row in session().execute(sa.select(*columns).order_by(*order)).all():
            owner = net if subject is None else UUID(str(row.subject))
            yield kind, owner, row.seq, row.hash, row.received_at


def _json(value: Any) -> dict[str, Any]:
    return json.loads(value) if isinstance(value, str) else dict(value)
