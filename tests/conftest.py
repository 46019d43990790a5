"""What every test stands on: a real migrated database, the real application, a clock one can move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock as app_clock
from app.config import Config
from app.factory import create_app
from app.migrate import migrate


class MovedClock:
    """The house's clock, moved by hand. It goes on running from wherever it was put."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def advance(self, **by: float) -> None:
        """Move forward, in the keywords of timedelta: `clock.advance(hours=2)`."""
        self.shift += timedelta(**by)


@pytest.fixture
def clock() -> Iterator[MovedClock]:
    moved = MovedClock()
    app_clock.use(moved)
    yield moved
    app_clock.use(None)


@pytest.fixture(scope="session")
def migrated_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest schema, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "cordee.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def config(tmp_path: Path, migrated_template: Path) -> Config:
    database = tmp_path / "cordee.sqlite3"
    database.write_bytes(migrated_template.read_bytes())
    return Config(
        base_url="http://localhost",
        secret_key="a secret for the tests, long enough to pass",
        database_url=f"sqlite:///{database}",
        blob_url=f"file://{tmp_path / 'blobs'}",
        worker_inline=False,
    )


@pytest.fixture
def app(config: Config) -> Flask:
    return create_app(config)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
