"""How often a person or an address may knock: moving windows, in memory or in Redis."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time

import limits
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from app.config import Config
from app.errors import RateLimited
from auth.actor import Actor


class _Gatekeeper:
    """The counters of this process, or of all of them when Redis is there."""

    def __init__(self, config: Config) -> None:
        self.off = not config.rate_limits
        storage: Storage = RedisStorage(config.redis_url) if config.redis_url else MemoryStorage()
        self.limiter = MovingWindowRateLimiter(storage)


_gatekeeper: _Gatekeeper | None = None


def bind(config: Config) -> None:
    """Start counting afresh for this process."""
    global _gatekeeper
    _gatekeeper = _Gatekeeper(config)


def spend_key(scope: str, key: str, amount: int, *, per: int, cost: int = 1) -> None:
    """Count one knock by `key`; at most `amount` in any `per` seconds.

    Keys are hashed before they are stored. Raises RateLimited with the seconds to wait.
    """
    if _gatekeeper is None:
        raise RuntimeError("no application is bound")
    if _gatekeeper.off:
        return
    window = limits.RateLimitItemPerSecond(amount, per)
    name = _name(key)
    if _gatekeeper.limiter.hit(window, scope, name, cost=cost):
        return
    reset = _gatekeeper.limiter.get_window_stats(window, scope, name).reset_time
    raise RateLimited(retry_after=max(1, math.ceil(reset - time.time())))


def forgive_key(scope: str, key: str, amount: int, *, per: int) -> None:
    """Forget the knocks of `key`: it opened the door, so it was not guessing."""
    if _gatekeeper is not None and not _gatekeeper.off:
        window = limits.RateLimitItemPerSecond(amount, per)
        _gatekeeper.limiter.clear(window, scope, _name(key))


def enforced() -> bool:
    """False only where load is measured."""
    return _gatekeeper is not None and not _gatekeeper.off


def spend(actor: Actor, scope: str, amount: int, *, per: int, cost: int = 1) -> None:
    """Count one act of this session: `spend(actor, "message", 60, per=10)`."""
    spend_key(scope, str(actor.session_id), amount, per=per, cost=cost)


def spend_address(scope: str, address: str, amount: int, *, per: int) -> None:
    """Count one knock from a network address. A practice shares one: be generous."""
    spend_key(f"{scope}:address", neighbourhood(address), amount, per=per)


def neighbourhood(address: str) -> str:
    """What counts as one network address: an IPv4 address, or the /64 that one line has of IPv6
    (RFC 6177), whose 2^64 addresses whoever holds it may take in turn."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
