"""Cases of before circles get theirs: whoever held the key goes on reading."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from app.migrate import migrate

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def _insert(connection: Connection, of: str, /, **values: Any) -> None:
    table = sa.Table(of, sa.MetaData(), autoload_with=connection)
    connection.execute(sa.insert(table).values(values))


def _person(connection: Connection, mail: str) -> UUID:
    account, blank = uuid4(), b"\x00"
    table = sa.Table("account", sa.MetaData(), autoload_with=connection)
    samples = {
        sa.String: mail,
        sa.LargeBinary: blank,
        sa.JSON: {},
        sa.Boolean: False,
        sa.Integer: 0,
    }
    values: dict[str, Any] = {}
    for column in table.columns:
        if not column.nullable and column.name != "id":
            sample = next((v for k, v in samples.items() if isinstance(column.type, k)), AT)
            length = getattr(column.type, "length", None)
            values[column.name] = sample[:length] if isinstance(sample, str) else sample
    values |= {"id": _as(connection, account), "kind": "clinician", "mail": mail}
    connection.execute(sa.insert(table).values(values))
    return account


def _as(connection: Connection, one: UUID) -> UUID | str:
    """How this database keeps a UUID where a reflected table no longer knows it is one."""
    return one.hex if connection.dialect.name == "sqlite" else one


def _group(connection: Connection, kind: str) -> UUID:
    group = uuid4()
    _insert(
        connection,
        "care_group",
        id=_as(connection, group),
        kind=kind,
        name=kind,
        territory="Chablais",
        deadline_urgent=1,
        deadline_priority=2,
        deadline_routine=3,
        seq=0,
        epoch=0,
        created_at=AT,
    )
    return group


def _case(connection: Connection, opener: UUID, pool: UUID, team: UUID | None) -> UUID:
    case = uuid4()
    _insert(
        connection,
        "clinical_case",
        id=_as(connection, case),
        number=f"C-{case.hex[:6]}",
        pool_id=_as(connection, pool),
        care_team_id=_as(connection, team) if team else None,
        urgency=1,
        state="submitted",
        opened_by=_as(connection, opener),
        opened_at=AT,
        due_at=AT,
        last_sequence=0,
        last_activity_at=AT,
        generation=0,
    )
    return case


@pytest.mark.parametrize("with_team", [True, False])
def test_every_case_gets_its_circle(empty_url: str, engine: Engine, with_team: bool) -> None:
    migrate(empty_url, "0007")
    with engine.begin() as connection:
        opener = _person(connection, "claire.favre@abondance.test")
        pool, team = _group(connection, "pool"), _group(connection, "care_team")
        cases = [_case(connection, opener, pool, team if with_team else None) for _ in range(3)]

    migrate(empty_url, "0008")

    with engine.begin() as connection:
        found = connection.execute(
            sa.text("SELECT case_id, holder_id, kind, role, left_at, place FROM case_party")
        ).all()
        due = connection.execute(sa.text("SELECT DISTINCT rekey_due FROM clinical_case")).all()
    circles: dict[UUID, set[tuple[UUID, str, str]]] = {}
    for case, holder, kind, role, left_at, place in found:
        assert (left_at, place) == (None, 0)
        circles.setdefault(UUID(str(case)), set()).add((UUID(str(holder)), kind, role))
    circle = {(opener, "account", "opener"), (pool, "group", "pool")}
    if with_team:
        circle.add((team, "group", "care_team"))
    assert circles == dict.fromkeys(cases, circle)
    assert due == [(0,)]
