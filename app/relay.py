"""What one process tells the others, through Redis; where there is none, nobody else is told.

A hint, never the truth: Redis delivers a publication at most once, and to those who listen then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from threading import Thread
from typing import Any
from uuid import uuid4

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.config import Config
from app.extensions import socketio

log = structlog.get_logger()

_program = str(uuid4())


def this_process() -> str:
    """How this process names itself to the others: also when it was forked with all it had read."""
    return f"{_program}/{os.getpid()}"


class Relay:
    """One channel: what is told here is heard by every process that listens, this one included."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._url: str | None = None

    def bind(self, config: Config, hear: Callable[[Any], None]) -> None:
        """Call `hear` with whatever is told, in a thread (a greenlet when served by gevent)."""
        url, self._url = self._url, config.redis_url
        if config.redis_url and config.redis_url != url:
            Thread(
                target=self._listen, args=(config.redis_url, hear), name=self.channel, daemon=True
            ).start()

    def tell(self, told: object) -> None:
        """Tell the others something that JSON can hold. A Redis that is down is only logged."""
        if self._url is None:
            return
        try:
            Redis.from_url(self._url).publish(self.channel, json.dumps(told))
        except RedisError:
            log.exception("relay_not_told", channel=self.channel)

    def _listen(self, url: str, hear: Callable[[Any], None]) -> None:
        while True:
            try:
                redis: Any = Redis.from_url(url)
                subscription = redis.pubsub(ignore_subscribe_messages=True)
                subscription.subscribe(self.channel)
                for heard in subscription.listen():
                    hear(json.loads(heard["data"]))
            except (RedisError, OSError, ValueError):
                log.exception("relay_not_heard", channel=self.channel)
                socketio.sleep(1)
