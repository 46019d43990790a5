"""Servers by the dozen: a process that has read the whole program once, and forks.

Starting Python and reading the program takes two seconds of a processor, a hundred and fifty times
in the tests; what comes after, the true gunicorn with the true application, takes a tenth of one.
Browser tests and `make run` start servers the long way.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any


class Forked:
    """A child of the nursery, with what we use of `subprocess.Popen`."""

    def __init__(self, pid: int, args: list[str]) -> None:
        self.pid, self.args = pid, args
        self.returncode: int | None = None
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """How it ended is its parent's to know: always 0. Raises TimeoutExpired."""
        ended = self._ended(timeout)
        if ended is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return ended

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._handle], [], [], seconds)[0]:
            self.returncode = 0
            os.close(self._handle)
        return self.returncode


class Nursery:
    """Starts servers quickly; begins itself with the first of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, arguments: list[str], environment: dict[str, str], log: Path) -> Forked:
        """What `python -m gunicorn` does with these arguments, in this environment."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.nursery"],
                cwd=self.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                env={**os.environ, "GEVENT_NOWAITPID": "1"},
            )  # fmt: skip
        asked = {"arguments": arguments, "environment": environment, "log": str(log)}
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        return Forked(int(self._process.stdout.readline()), arguments)

    def stop(self) -> None:
        if self._process is not None:
            self._process.communicate()


def _serve(asked: dict[str, Any]) -> None:
    """In the child: become gunicorn. Never returns."""
    from gunicorn.app.wsgiapp import run

    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDWR)
    for mine, theirs in ((nothing, 0), (nothing, 1), (log, 2)):
        os.dup2(mine, theirs)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["gunicorn", *asked["arguments"]]
    try:
        run()
    finally:
        os._exit(1)


def _wait_for_orders() -> None:
    """Fork for each line read; ended children are nobody's."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        pid = os.fork()
        if pid == 0:
            _serve(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    # As gunicorn's worker does, before anything else is read.
    from gevent import monkey

    # The master's own children stay its own affair, as when it is started alone.
    monkey.patch_all(signal=False)

    from app.factory import FEATURES

    for feature in map(import_module, FEATURES):
        for part in walk_packages(feature.__path__, f"{feature.__name__}."):
            import_module(part.name)
    _wait_for_orders()
