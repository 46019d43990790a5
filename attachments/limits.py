"""How much may be sent, as configured for this process."""

from __future__ import annotations

from dataclasses import dataclass

from app.config import Config


@dataclass(frozen=True)
class Limits:
    attachment_bytes: int
    daily_bytes: int


_limits: Limits | None = None


def bind(config: Config) -> None:
    global _limits
    _limits = Limits(config.attachment_bytes, config.daily_upload_bytes)


def limits() -> Limits:
    if _limits is None:
        raise RuntimeError("no limits are bound: create the application first")
    return _limits
