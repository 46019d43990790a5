"""The real application behind the real gunicorn, in processes of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from tests.support.nursery import Forked, Nursery
from tests.support.ports import free_port, stop, wait_for_http

ROOT = Path(__file__).resolve().parent.parent.parent


class ServedApp:
    """One gunicorn with one gevent worker, as `make run` starts it."""

    nursery: ClassVar[Nursery | None] = None
    """Where the tests' servers come from, but those that are to start the long way."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        port: int | None = None,
        the_long_way: bool = False,
        **settings: str,
    ) -> None:
        self.the_long_way = the_long_way
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.folder = folder
        self.database_url = database_url
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"server-{self.port}.log"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CORDEE_")},
            "CORDEE_BASE_URL": self.url,
            "CORDEE_INSTANCE": str(folder),
            "CORDEE_DATABASE_URL": database_url,
            "CORDEE_SECRET_KEY": "a secret for the tests, long enough to pass",
            "CORDEE_SMTP_URL": "smtp://127.0.0.1:9",
            "CORDEE_LOG_LEVEL": "INFO",
            **settings,
        }
        self.start()

    def start(self) -> None:
        arguments = [
            "wsgi:app", "-k", "gevent", "-w", "1",
            "--worker-connections", "20000", "--keep-alive", "75", "--graceful-timeout", "2",
            "-b", f"127.0.0.1:{self.port}",
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | Forked
        if self.nursery and not self.the_long_way:
            self.process = self.nursery.begin(arguments, self.environment, self.log)
        else:
            command = [sys.executable, "-m", "gunicorn", *arguments]
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stderr=log)
        try:
            wait_for_http(f"http://127.0.0.1:{self.port}/readyz", self.process)
        except BaseException:
            stop(self.process)
            raise

    def command(self, *arguments: str, given: str | None = None) -> str:
        """Run `cordee …` with this server's environment; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "protocol.command", *arguments],
            cwd=ROOT, env=self.environment, input=given, text=True, check=True, capture_output=True,
        )  # fmt: skip
        return done.stdout

    def stop(self) -> None:
        stop(self.process)

    def end(self) -> None:
        """After a test: at once, with nothing to be finished first."""
        if self.process.poll() is None:
            self.kill()

    def kill(self) -> None:
        """As a power cut would: no goodbye, neither of gunicorn nor of its worker."""
        pid = self.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self.process.kill()
        for worker in workers:
            os.kill(int(worker), signal.SIGKILL)
        self.process.wait(60)
