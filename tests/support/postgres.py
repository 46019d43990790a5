"""A real PostgreSQL of the tests' own, on a free loopback port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

from app.migrate import migrate
from tests.support.ports import free_port, stop, wait_for_port

TEMPLATE = "cordee_template"


class PostgresServer:
    """One cluster per test run; a fresh database is copied from a migrated template."""

    def __init__(self, durable: bool = False) -> None:
        """`durable` keeps fsync on: tests need none, measurements do."""
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="cordee-pg-"))
        self.numbers = count(1)
        binaries = max(
            Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name)
        )
        self._as_owner = _unprivileged(self.folder)
        data = self.folder / "data"
        self._run(binaries / "initdb", "-D", data, "-U", "cordee", "--auth=trust", "-E", "UTF8")
        self.process = subprocess.Popen(
            [
                *self._as_owner, str(binaries / "postgres"), "-D", str(data), "-p", str(self.port),
                "-h", "127.0.0.1", "-k", str(self.folder), "-c", f"fsync={'on' if durable else 'off'}", "-c", "max_connections=200",
            ],
            stdout=subprocess.DEVNULL, stderr=(self.folder / "log").open("wb"),
        )  # fmt: skip
        wait_for_port(self.port, self.process)
        self._wait_until_it_answers()
        self._create(TEMPLATE)
        migrate(self.url(TEMPLATE))

    def _run(self, *command: object) -> None:
        subprocess.run([*self._as_owner, *map(str, command)], check=True, stdout=subprocess.DEVNULL)

    def _wait_until_it_answers(self, seconds: float = 120) -> None:
        """It listens before it is ready ("the database system is starting up")."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def url(self, name: str) -> str:
        return f"postgresql://cordee@127.0.0.1:{self.port}/{name}"

    def _create(self, name: str, template: str | None = None) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            source = f' TEMPLATE "{template}"' if template else ""
            connection.execute(f'CREATE DATABASE "{name}"{source}'.encode())

    def migrated_database(self) -> str:
        """The address of a new database at the newest schema."""
        name = f"cordee_{os.getpid()}_{next(self.numbers)}"
        self._create(name, TEMPLATE)
        return self.url(name)

    def empty_database(self) -> str:
        """The address of a new database without tables."""
        name = f"empty_{os.getpid()}_{next(self.numbers)}"
        self._create(name)
        return self.url(name)

    def stop(self) -> None:
        """At once: asked politely, it waits for everybody to hang up first."""
        self.process.send_signal(signal.SIGQUIT)
        stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


def _unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: use Debian's `postgres` account there."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
