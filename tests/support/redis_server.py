"""A real Redis of the tests' own, on a free loopback port, keeping nothing."""

from __future__ import annotations

import subprocess
import time
from typing import Any, cast

from redis import Redis

from tests.support.ports import free_port, stop, wait_for_port

CHANNELS = (
    "flask-socketio",
    "cordee:cases-left",
    "cordee:departures",
    "cordee:evictions",
    "cordee:rooms",
)
"""Where processes tell each other what sockets are to hear."""


class RedisServer:
    def __init__(self) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [
                "redis-server",
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ],
            stdout=subprocess.DEVNULL,
        )
        wait_for_port(self.port, self.process)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def wait_for_listeners(self, count: int, seconds: float = 60) -> None:
        """Return once so many processes listen on every channel: whoever begins to listen later
        never hears what was said before."""
        deadline = time.monotonic() + seconds
        with Redis.from_url(self.url) as redis:
            while True:
                listening = cast(list[tuple[Any, int]], redis.pubsub_numsub(*CHANNELS))
                if all(found == count for _, found in listening):
                    return
                assert time.monotonic() < deadline, f"{count} should listen: {listening}"
                time.sleep(0.01)

    def stop(self) -> None:
        stop(self.process)
