"""Whether a person is looking at a case right now, in whichever process their socket is."""

from __future__ import annotations

from uuid import UUID

import structlog
from redis import Redis, RedisError

from app.config import Config
from messaging.presence import everyone_present, present_in

PUBLISH_SECONDS = 5.0
REMEMBERED = 12
"""Seconds for which another process's word is good: two of its turns and a little."""

log = structlog.get_logger()
_redis: Redis | None = None


def bind(config: Config) -> None:
    """With several processes, Redis carries what each one's sockets show."""
    global _redis
    _redis = Redis.from_url(config.redis_url) if config.redis_url else None


def is_looking(account_id: UUID | None, case_id: UUID | None) -> bool:
    if account_id is None or case_id is None:
        return False
    if account_id in present_in(case_id):
        return True
    if _redis is None:
        return False
    try:
        return bool(_redis.exists(_key(case_id, account_id)))
    except RedisError:
        # Better told once too often than not at all.
        log.warning("presence_unknown")
        return False


def publish_presence() -> int:
    """Let the other processes know who looks at what here; how many looks there are."""
    if _redis is None:
        return 0
    looks = everyone_present()
    with _redis.pipeline(transaction=False) as batch:
        for case_id, account_id in looks:
            batch.set(_key(case_id, account_id), b"1", ex=REMEMBERED)
        batch.execute()
    return len(looks)


def _key(case_id: UUID, account_id: UUID) -> str:
    return f"cordee:looking:{case_id}:{account_id}"
