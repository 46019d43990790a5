"""Group commit: one fsync for many, and a bad row fails alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, event, func, insert, select
from sqlalchemy.exc import IntegrityError

from app import announcements, db
from app.config import Config
from app.group_commit import commit_together, insert_together
from app.transactions import NestedTransaction, transaction

METADATA = MetaData()
LINES = Table(
    "line", METADATA, Column("id", Integer, primary_key=True), Column("word", String, unique=True)
)
INSERT = insert(LINES)
KEY = UUID(int=1)


class Written:
    """A fact for these tests."""

    def __init__(self, word: str) -> None:
        self.word = word


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> Iterator[db.Database]:
    config = Config("http://localhost", "x" * 32, f"sqlite:///{tmp_path}/x.sqlite3", "memory://")
    bound = db.bind(config)
    METADATA.create_all(bound.engine)
    yield bound
    bound.engine.dispose()


def write(word: str) -> str:
    insert_together(INSERT, {"word": word})
    announcements.announce_on_commit(Written(word))
    return word


def words() -> list[str]:
    with transaction(read_only=True) as running:
        return list(running.scalars(select(LINES.c.word).order_by(LINES.c.id)))


def test_many_writers_share_few_commits(database: db.Database) -> None:
    commits = []
    event.listen(database.engine, "commit", commits.append)
    gate = threading.Barrier(16)

    def one(number: int) -> str:
        gate.wait()
        return commit_together(uuid4(), lambda: write(f"mot {number}"))

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(one, range(16)))
    assert sorted(words()) == sorted(said)
    assert len(commits) < 16


def test_a_bad_row_fails_alone() -> None:
    """Whether the fault comes with the work itself or with the rows gathered from all."""
    commit_together(KEY, lambda: write("pris"))
    gate = threading.Barrier(12)

    def fail() -> str:
        raise ValueError("mal né")

    def one(number: int) -> str:
        gate.wait()
        try:
            if number == 3:
                return commit_together(KEY, fail)
            return commit_together(KEY, lambda: write("pris" if number == 5 else f"mot {number}"))
        except (ValueError, IntegrityError) as fault:
            return type(fault).__name__

    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(one, range(12)))
    assert said[3] == "ValueError" and said[5] == "IntegrityError"
    good = {word for word in said if word.startswith("mot")}
    assert len(good) == 10
    assert set(words()) == good | {"pris"}


def test_facts_are_told_once_after_the_commit_and_in_order() -> None:
    told: list[str] = []
    seen: list[int] = []

    def hear(fact: Written) -> None:
        told.append(fact.word)
        with transaction(read_only=True) as running:
            seen.append(running.scalar(select(func.count()).select_from(LINES)) or 0)

    announcements.on_commit(Written, hear)
    try:
        for number in range(5):
            commit_together(KEY, lambda number=number: write(f"mot {number}"))  # type: ignore[misc]
        with pytest.raises(IntegrityError):
            commit_together(KEY, lambda: write("mot 0"))
    finally:
        end = time.monotonic() + 30
        while len(told) < 5 and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.1)  # for what would be told once too often
        announcements._tellers[Written].remove(hear)
    assert told == [f"mot {number}" for number in range(5)]
    assert seen == sorted(seen) and seen[0] >= 1


def test_it_does_not_nest() -> None:
    with transaction(), pytest.raises(NestedTransaction):
        commit_together(KEY, lambda: write("dedans"))
