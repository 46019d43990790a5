"""What can become of one attempt to tell somebody. Faults are codes of ours, never quotations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """Taken over by the mail server or push service."""


@dataclass(frozen=True)
class Needless:
    """They have seen it, or it no longer concerns them."""


@dataclass(frozen=True)
class Unknown:
    """The device has unsubscribed (RFC 8030 section 7.3: 404 or 410)."""


@dataclass(frozen=True)
class Retry:
    """It may work later; `after` seconds if the other side said so."""

    fault: str
    after: int | None = None


@dataclass(frozen=True)
class Useless:
    """It will never work as it is."""

    fault: str


Outcome = Sent | Needless | Unknown | Retry | Useless
