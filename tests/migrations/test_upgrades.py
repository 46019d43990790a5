"""Each migration applied to a database that has been in use, on SQLite and on PostgreSQL."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from app.db import Base, make_engine
from app.factory import FEATURES
from app.migrate import migrate
from app.pages import ROOT
from tests.migrations import rows


def _revisions() -> list[str]:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(ROOT / "migrations"))
    scripts = ScriptDirectory.from_config(settings).walk_revisions()
    return [script.revision for script in scripts][::-1]


REVISIONS = _revisions()


@pytest.fixture(scope="module", autouse=True)
def every_model() -> None:
    """The tables of all rooms, in `Base.metadata`."""
    for feature in FEATURES:
        importlib.import_module(f"{feature}.models")


def test_the_migrations_are_one_line() -> None:
    assert sorted(REVISIONS) == REVISIONS
    numbers = [path.name[:4] for path in sorted((ROOT / "migrations/versions").glob("*.py"))]
    assert numbers == REVISIONS


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_upgrade_keeps_every_row(empty_url: str, engine: Engine, revision: str) -> None:
    before = REVISIONS[: REVISIONS.index(revision)]
    if before:
        migrate(empty_url, before[-1])
    with engine.begin() as connection:
        kept = rows.fill(connection)

    migrate(empty_url, revision)

    with engine.begin() as connection:
        found = rows.rows(connection)
        for name, row in kept.items():
            shared = {column: found[name][column] for column in row if column in found[name]}
            assert shared == {column: row[column] for column in shared}
        rows.fill(connection, but=frozenset(found))  # what is new can be used beside what was there


def test_migrating_again_changes_nothing(empty_url: str, engine: Engine) -> None:
    migrate(empty_url)
    with engine.begin() as connection:
        kept = rows.fill(connection)
    migrate(empty_url)
    with engine.begin() as connection:
        assert rows.rows(connection) == kept


def test_the_migrated_schema_is_the_one_the_models_say(empty_url: str, engine: Engine) -> None:
    migrate(empty_url)
    with engine.begin() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrated_checks_are_those_of_the_models(
    empty_url: str, engine: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Alembic does not compare CHECK constraints, so each is compared with a created one."""
    created_url = f"sqlite:///{tmp_path / 'created.sqlite3'}"
    if engine.dialect.name == "postgresql":
        created_url = request.getfixturevalue("postgres").empty_database()
    created = make_engine(created_url)
    Base.metadata.create_all(created)
    migrate(empty_url)
    assert _checks(engine) == _checks(created)
    created.dispose()


def _checks(engine: Engine) -> set[tuple[str, str | None, str]]:
    inspector = sa.inspect(engine)
    return {
        (table, check["name"], check["sqltext"])
        for table in inspector.get_table_names()
        for check in inspector.get_check_constraints(table)
    }


@pytest.mark.parametrize("table", ["trace", "trace_place"])
@pytest.mark.parametrize(
    "change",
    ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"],
    ids=["update", "delete", "truncate"],
)
def test_the_database_refuses_to_change_the_trace(
    empty_url: str, engine: Engine, table: str, change: str
) -> None:
    if change.startswith("TRUNCATE") and engine.dialect.name == "sqlite":
        change = "DELETE FROM {table} WHERE 1"  # what SQLite has for it
    migrate(empty_url)
    with engine.begin() as connection:
        kept = rows.fill(connection)
    column = {"trace": "actor_id", "trace_place": "hash"}[table]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.text(change.format(table=table, column=column)))
    with engine.begin() as connection:
        assert rows.rows(connection) == kept


@pytest.mark.parametrize("table", ["trace", "trace_place"])
def test_replacing_a_trace_row_is_refused_too(tmp_path: Path, table: str) -> None:
    """SQLite's REPLACE deletes before it inserts, and fires no DELETE trigger by default."""
    url = f"sqlite:///{tmp_path / 'cordee.sqlite3'}"
    migrate(url)
    engine = make_engine(url)
    with engine.begin() as connection:
        kept = rows.fill(connection)
    replace = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.text(replace))
    with engine.begin() as connection:
        assert rows.rows(connection) == kept
    engine.dispose()
