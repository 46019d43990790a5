"""Loopback ports and waiting for the servers behind them."""

from __future__ import annotations

import random
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 20_000
"""Below lie the ports that services are known by, and those that browsers refuse to visit."""


class Process(Protocol):
    """Something we started: `subprocess.Popen`, or a child of the nursery."""

    args: Any
    returncode: Any

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


_given: list[socket.socket] = []
"""A name held for each port given, until this process ends."""


def free_port() -> int:
    """A port nobody listens on at this moment, given to nobody else on this machine.

    From below those the system takes for outgoing connections: between this moment and the one
    when a server listens, and while it is started anew, one of hundreds of requests that other
    tests make could be sent from there.
    """
    below = _first_outgoing()
    while below > LOWEST + 1000:
        port = random.SystemRandom().randrange(LOWEST, below)
        if _is_free(port) and _is_ours(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _first_outgoing() -> int:
    try:
        return int(RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _is_ours(port: int) -> bool:
    """Take the port for this process: of the tests that run beside each other, only one can hold
    the name (an abstract one, unix(7): it leaves no file, and goes with the process)."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0cordee-test-port-{port}")
    except OSError:
        name.close()
        return False
    _given.append(name)
    return True


def wait_for_port(port: int, process: Process, seconds: float = 120) -> None:
    """Return once something listens; raise if the process ends first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port} after {seconds} s")


def wait_for_http(url: str, process: Process, seconds: float = 120) -> None:
    """Return once `url` answers 200; raise if the process ends first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=10):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{url} does not answer after {seconds} s")


def stop(process: Process) -> None:
    """End a process we started, firmly if it does not listen."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(60)
