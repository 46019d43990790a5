"""A network founded in process for a measurement, on SQLite with fsync."""

from __future__ import annotations

from pathlib import Path

from werkzeug.test import TestResponse

from app.config import Config
from app.factory import create_app
from app.migrate import migrate
from bench.world import SECRET
from tests.factories.people import FoundedNetwork


def address_in(folder: Path) -> str:
    """Of the measurement's database."""
    return f"sqlite:///{folder / 'cordee.sqlite3'}"


def found_network(folder: Path) -> FoundedNetwork:
    """With its administrator, no rate limits and no clocks."""
    migrate(address_in(folder))
    config = Config(
        base_url="http://localhost",
        secret_key=SECRET,
        database_url=address_in(folder),
        blob_url=f"file://{folder / 'blobs'}",
        worker_inline=False,
        rate_limits=False,
        log_level="WARNING",
    )
    return FoundedNetwork(create_app(config))


def done(answer: TestResponse) -> None:
    """Measure nothing that was refused."""
    if answer.status_code not in (200, 201, 204):
        raise RuntimeError(f"{answer.status_code}: {answer.text}")
