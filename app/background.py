"""Clocks: small jobs that run again and again, in this process or in `cordee worker`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

import structlog

log = structlog.get_logger()


@dataclass(frozen=True)
class Clock:
    name: str
    seconds: float
    job: Callable[[], object]
    wake: Event


_clocks: dict[str, Clock] = {}


def every(seconds: float, name: str, job: Callable[[], object]) -> None:
    """Register a job. It must be idempotent: another process may run it at the same moment."""
    _clocks[name] = Clock(name, seconds, job, Event())


def wake(name: str) -> None:
    """Run a job soon rather than at its next turn."""
    if clock := _clocks.get(name):
        clock.wake.set()


def start() -> None:
    """Run every registered clock in a thread (a greenlet when served by gevent)."""
    for clock in _clocks.values():
        Thread(target=_run, args=(clock,), name=f"clock-{clock.name}", daemon=True).start()


def run_once(name: str) -> object:
    """Run one job now, in the caller: for tests and the command line."""
    return _clocks[name].job()


def run_forever() -> None:
    """Run the clocks and nothing else (`cordee worker`)."""
    start()
    Event().wait()


def _run(clock: Clock) -> None:
    while True:
        clock.wake.wait(clock.seconds)
        clock.wake.clear()
        try:
            clock.job()
        except Exception:
            log.exception("clock_failed", clock=clock.name)
