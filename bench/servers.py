"""The servers under measure, each in processes of its own, none tuned for the occasion."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from bench.chat import Target
from bench.sending import Order
from bench.world import SECRET, File, World, fill
from tests.support.ports import free_port, stop, wait_for_port
from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.serving import ROOT, ServedApp

PEERS = Path(__file__).parent / "peers"
UNLIMITED = {
    "CORDEE_SECRET_KEY": SECRET,
    # All clients share one address here and each posts more than a hand could.
    "CORDEE_RATE_LIMITS": "0",
    "CORDEE_DAILY_UPLOAD_BYTES": str(1 << 40),
    "CORDEE_LOG_LEVEL": "WARNING",
}


@contextmanager
def own_on_sqlite(
    folder: Path, people: int, files: int = 0, size: int = 0
) -> Iterator[tuple[Target, World]]:
    """Cordée as `make run` starts it: one process, SQLite, clocks and outbox inside."""
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'cordee.sqlite3'}"
    world = fill(url, folder, people, files, size)
    served = ServedApp(folder, url, **UNLIMITED)
    try:
        yield Target(served.port, served.process.pid, world.seats), world
    finally:
        served.stop()


@contextmanager
def own_on_postgres(
    folder: Path, postgres: PostgresServer, redis: RedisServer, people: int
) -> Iterator[Target]:
    """Cordée's one process on PostgreSQL, fsync on, with Redis between it and its siblings."""
    url = postgres.migrated_database()
    world = fill(url, folder, people)
    served = ServedApp(folder, url, CORDEE_REDIS_URL=redis.url, **UNLIMITED)
    try:
        yield Target(
            served.port, served.process.pid, world.seats,
            helpers=(postgres.process.pid, redis.process.pid),
        )  # fmt: skip
    finally:
        served.stop()


@contextmanager
def databases() -> Iterator[tuple[PostgresServer, RedisServer]]:
    postgres = PostgresServer(durable=True)
    redis = RedisServer()
    try:
        yield postgres, redis
    finally:
        redis.stop()
        postgres.stop()


@contextmanager
def node_chat(folder: Path, world: World) -> Iterator[Target]:
    """Node, socket.io, one SQLite commit a message; the same clients and rooms."""
    folder.mkdir(parents=True)
    port = free_port()
    with _running(
        node_binary(), str(PEERS / "chat.mjs"), str(port), str(folder / "chat.sqlite3"), port=port
    ) as pid:
        yield Target(port, pid, world.seats)


def own_order(port: int, file: File, pace: int | None = None) -> Order:
    """An upload to Cordée, as the announced file's author."""
    said = {"case": file.seat.case, "attachment": file.attachment}
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
    return Order(
        port=port,
        size=file.size,
        headers={"Cookie": file.seat.cookie, "X-CSRF-Token": file.seat.csrf},
        create="/api/v1/uploads",
        metadata=metadata,
        bytes_per_second=pace,
    )


@contextmanager
def tus_peer(folder: Path, size: int) -> Iterator[tuple[int, Order]]:
    """`@tus/server` with its file store: its process and an upload to it."""
    folder.mkdir(parents=True)
    port = free_port()
    with _running(node_binary(), str(PEERS / "tus.mjs"), str(port), str(folder), port=port) as pid:
        yield pid, Order(port=port, size=size, create="/files")


@contextmanager
def file_sink(folder: Path, size: int) -> Iterator[tuple[int, Order]]:
    """The least there is: body to file, fsync."""
    folder.mkdir(parents=True)
    port = free_port()
    with _running(sys.executable, str(PEERS / "sink.py"), str(port), str(folder), port=port) as pid:
        yield pid, Order(port=port, size=size, path=f"/{uuid4()}")


def node_binary() -> str:
    """Node itself: what lies on the path may be a wrapper that ends without its child."""
    asked = ["node", "-p", "process.execPath"]
    return subprocess.run(asked, text=True, check=True, capture_output=True).stdout.strip()


@contextmanager
def _running(*command: str, port: int) -> Iterator[int]:
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        wait_for_port(port, process)
        yield process.pid
    finally:
        stop(process)
