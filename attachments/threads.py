"""Disk and hashing work, done off the event loop so that chat never waits for a photo."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import gevent
import gevent.monkey

P = ParamSpec("P")
R = TypeVar("R")


def served_by_gevent() -> bool:
    """Whether this process runs greenlets on one thread (served), or plain threads (tests, CLI)."""
    return bool(gevent.monkey.is_module_patched("socket"))


def off_loop(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking file work in gevent's pool of native threads; at once where there is no loop."""
    if not served_by_gevent():
        return function(*args, **kwargs)
    result: R = gevent.get_hub().threadpool.apply(function, args, kwargs)
    return result


def beside_loop(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Callable[[], R]:
    """Start blocking file work and go on; call the result to wait for it, as often as one likes."""
    if not served_by_gevent():
        done = function(*args, **kwargs)
        return lambda: done
    started = gevent.get_hub().threadpool.spawn(function, *args, **kwargs)
    return lambda: cast(R, started.get())
