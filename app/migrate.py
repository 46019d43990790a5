"""Bring the database to the newest schema. Run by `cordee server migrate` and by the tests."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import make_url, text

from app.db import make_engine
from app.pages import ROOT

LOCK = 7_270_001


def migrate(database_url: str, revision: str = "head") -> None:
    """Apply the migrations up to `revision`. Two processes at once: the second waits.

    The folder of an SQLite file is made when it is missing.
    """
    place = make_url(database_url)
    if place.get_backend_name() == "sqlite" and place.database:
        Path(place.database).parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(database_url)
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(ROOT / "migrations"))
    with engine.begin() as connection:
        if not database_url.startswith("sqlite"):
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)
    engine.dispose()
