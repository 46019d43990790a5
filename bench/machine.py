"""What a run was measured on, and what processes cost: read from /proc."""

from __future__ import annotations

import itertools
import os
import platform
import resource
import subprocess
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path


def family(pid: int) -> tuple[int, ...]:
    """A process and all below it."""
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children = (task / "children").read_text().split()
            found += itertools.chain.from_iterable(family(int(child)) for child in children)
    return tuple(found)


def cpu_seconds(pids: tuple[int, ...]) -> float:
    """User and system time of the processes so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def memory_kib(pids: tuple[int, ...]) -> int:
    """Proportional set size: shared pages count once, however many processes hold them."""
    return sum(_number(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in pids)


def forget_peak(pids: tuple[int, ...]) -> int:
    """Start the high-water mark afresh at what is resident now; says how much that is (KiB)."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return sum(_number(f"/proc/{pid}/status", "VmRSS:") for pid in pids)


def peak_kib(pids: tuple[int, ...]) -> int:
    """The most that was resident since `forget_peak`."""
    return sum(_number(f"/proc/{pid}/status", "VmHWM:") for pid in pids)


def allow_many_connections(wanted: int) -> None:
    """Raise the limit of open files, for us and for the servers we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))


def describe() -> list[tuple[str, str]]:
    """Machine and versions, for the page."""
    cpu = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    memory = _number("/proc/meminfo", "MemTotal:") / 1024 / 1024
    packages = ("flask-socketio", "python-socketio", "gevent", "gunicorn", "sqlalchemy", "psycopg")
    return [
        ("Processor", f"{cpu}, {os.cpu_count()} cores"),
        ("Memory", f"{memory:.0f} GiB"),
        ("System", f"{platform.system()} {platform.release()}"),
        (
            "Python",
            f"{platform.python_version()}, " + ", ".join(f"{p} {version(p)}" for p in packages),
        ),
        ("Node", _said("node", "--version")),
        ("Databases", f"SQLite {_sqlite()}, {_said('psql', '--version')}, {_redis()}"),
    ]


def load() -> float:
    """How much other work there is: processes that want to run, averaged over a minute."""
    return os.getloadavg()[0]


def commit() -> str:
    """What was measured, if this is a working copy."""
    return _said("git", "describe", "--always", "--dirty")


def _sqlite() -> str:
    import sqlite3

    return sqlite3.sqlite_version


def _redis() -> str:
    words = _said("redis-server", "--version").split()
    return "Redis " + next((word[2:] for word in words if word.startswith("v=")), "unknown")


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _number(path: str, label: str) -> int:
    for line in Path(path).read_text().splitlines():
        if line.startswith(label):
            return int(line.split()[1])
    return 0
