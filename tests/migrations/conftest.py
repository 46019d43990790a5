"""An empty database of each kind, to be upgraded step by step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.db import make_engine


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres").empty_database())
    return f"sqlite:///{tmp_path / 'cordee.sqlite3'}"


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    opened = make_engine(empty_url)
    yield opened
    opened.dispose()
