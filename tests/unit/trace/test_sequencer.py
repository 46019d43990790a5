"""The sequencer where several processes write at once: PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text

from app import clock, db, sealing
from app.config import Config
from app.db import database
from app.transactions import transaction
from tests.support.postgres import PostgresServer
from trace import Action, record
from trace.chain import verify_chain
from trace.sequencer import LOCK, place_rows


@pytest.fixture(autouse=True)
def bound(postgres: PostgresServer, tmp_path: Path) -> Iterator[None]:
    config = Config(
        base_url="http://localhost",
        secret_key="a secret for the tests, long enough to pass",
        database_url=postgres.migrated_database(),
        blob_url=f"file://{tmp_path}",
    )
    sealing.bind(config.secret_key)
    db.bind(config)
    yield
    database().engine.dispose()


def write(count: int = 1) -> None:
    with transaction():
        for number in range(count):
            record(None, Action.CASE_LIST, ("case", str(number)))


def sound() -> int:
    """Rows in the chain, once it is verified."""
    with transaction(read_only=True) as running:
        verdict = verify_chain(running, now=clock.now())
    assert verdict.sound, verdict.faults
    return verdict.last_place


def test_a_row_that_commits_late_is_placed_after_those_that_overtook_it() -> None:
    write()
    with database().engine.connect() as slow:
        slow.execute(
            text(
                "INSERT INTO trace (at, action, subject_kind, result) "
                "VALUES (now(), 'case:list', 'case', 'done')"
            )
        )
        write(3)
        assert place_rows() == 4
        slow.commit()
    assert place_rows() == 1
    assert sound() == 5


def test_two_sequencers_never_give_one_place_twice() -> None:
    write(1200)
    threads = [Thread(target=place_rows) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while place_rows():
        pass
    assert sound() == 1200


def test_a_sequencer_at_work_elsewhere_is_left_alone() -> None:
    write()
    with database().engine.connect() as elsewhere:
        elsewhere.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        assert place_rows() == 0
    assert place_rows() == 1
