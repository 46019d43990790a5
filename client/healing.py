"""Doing what is owed to others while one is online: keys, links, removals, new generations.

The server lists what may be owed; each duty is judged by the signed statements before it is done.
One duty that cannot be believed, or that somebody else did meanwhile, leaves the others to be done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from client.circle import Circle
from client.errors import (
    BrokenSeal,
    KeyPending,
    NotCertified,
    NotSignedIn,
    Refused,
    StillOutdated,
)
from client.groups.owed import Owed
from client.transport import Transport
from client.verdicts import Reporting

ROUNDS = 20
"""The server lists at most fifty of each kind at a time."""


@dataclass
class Healed:
    """How much of each kind was done, and what was refused."""

    grants: int = 0
    links: int = 0
    departures: int = 0
    cases: int = 0
    regrants: int = 0
    broken: list[BrokenSeal] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.grants + self.links + self.departures + self.cases + self.regrants


class Healing(Reporting):
    """All that is owed, one round after another until a round does nothing."""

    def __init__(self, transport: Transport, owed: Owed, circle: Circle) -> None:
        self._transport = transport
        self._owed = owed
        self._circle = circle
        self._lock = Lock()
        self._tried: set[str] = set()

    def heal(self) -> Healed:
        """Do everything; raises only when nothing can be asked (not signed in, no line)."""
        with self._lock:
            healed = Healed()
            self._tried = set()
            for _ in range(ROUNDS):
                before = healed.done
                self._round(healed)
                if healed.done == before:
                    break
            return healed

    def _round(self, healed: Healed) -> None:
        pending = self._transport.get("/pending-grants")
        for item in pending["items"]:
            key = f"grant {item['group']} {item['epoch']} {item['member']}"
            healed.grants += self._try(healed, key, self._grant, item)
        for item in pending.get("links", []):
            key = f"link {item['group']} {item['epoch']}"
            healed.links += self._try(healed, key, self._link, item)
        for item in pending.get("departures", []):
            key = f"departure {item['group']} {sorted(item['members'])}"
            healed.departures += self._try(healed, key, self._let_go, item)
        for case in pending.get("cases", []):
            healed.cases += self._try(healed, f"case {case}", self._rekey, case)
        for item in pending.get("regrants", []):
            key = f"regrant {item['case']} {item['account']} {item['seq']}"
            healed.regrants += self._try(healed, key, self._regrant, item)

    def _try(self, healed: Healed, key: str, duty: Callable[[Any], bool], owed: Any) -> int:
        """Do one duty, each at most once in a run; 1 when it was done."""
        if key in self._tried:
            return 0
        self._tried.add(key)
        try:
            return int(duty(owed))
        except BrokenSeal as broken:
            self.report(broken)
            healed.broken.append(broken)
        except (NotSignedIn, NotCertified):
            raise
        except (Refused, StillOutdated, KeyPending):
            pass  # somebody else was quicker, or it is not for us
        return 0

    def _grant(self, item: dict[str, Any]) -> bool:
        return self._owed.grant(item)

    def _link(self, item: dict[str, Any]) -> bool:
        self._owed.link(str(item["group"]), int(item["epoch"]))
        return True

    def _let_go(self, item: dict[str, Any]) -> bool:
        return self._owed.let_go(str(item["group"]), map(str, item["members"]))

    def _rekey(self, case: str) -> bool:
        self._circle.rekey(str(case))
        return True

    def _regrant(self, item: dict[str, Any]) -> bool:
        self._circle.regrant(str(item["case"]), str(item["account"]))
        return True
