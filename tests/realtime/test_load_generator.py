"""The load generator of bench/ counts right: everything posted reaches everybody, once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.chat import Crowd, Target
from bench.servers import own_on_sqlite
from bench.world import fill
from tests.support.serving import ServedApp


async def post_for_a_moment(target: Target) -> tuple[int, int, int]:
    crowd = Crowd(target)
    await crowd.gather()
    found = await crowd.saturate(1, window=4)
    crowd.leave()
    return found.posted, found.lost, found.twice


def post_apart(target: Target) -> tuple[int, int, int]:
    """In a thread of its own: the browser tests keep a loop running in this one."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, post_for_a_moment(target)).result()


def test_ten_clients_in_two_cases_hear_every_message_once(tmp_path: Path) -> None:
    with own_on_sqlite(tmp_path / "world", people=10) as (target, _):
        posted, lost, twice = post_apart(target)
    assert posted > 0
    assert (lost, twice) == (0, 0)


def test_a_seat_of_another_world_is_refused(tmp_path: Path, migrated_template: Path) -> None:
    stranger = fill(f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}", tmp_path, people=5).seats
    database = tmp_path / "cordee.sqlite3"
    database.write_bytes(migrated_template.read_bytes())
    served = ServedApp(tmp_path / "instance", f"sqlite:///{database}")
    try:
        with pytest.raises(ConnectionRefusedError, match="not_signed_in"):
            post_apart(Target(served.port, served.process.pid, stranger))
    finally:
        served.stop()
