"""Moving cases to today's keys: another algorithm, new epochs, a custodian named since.

A group moves to another KEM with its next epoch, a person with their next keys, the archive with
the next custodian of the policy; then every case whose key is still wrapped as before gets a new
one, sealed links keeping the past open. Whoever can open a case can do it, as often as they like:
what is as it should be is left alone.

An archive key is never replaced in its place in the policy, since a place names one key for good:
the next one is named after it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from client.circle import Circle
from client.directory import Directory
from client.errors import BrokenSeal, Refused, StillOutdated
from client.readers import is_held_today, todays_keys
from client.transport import Transport
from client.verdicts import Reporting
from protocol import CaseChain
from protocol.contexts import parse_recipient

Progress = Callable[[int], None]
"""Called with the number of cases looked at."""


@dataclass
class Rewrapped:
    """What a run found and did, by the cases' ids."""

    renewed: list[str] = field(default_factory=list)
    current: int = 0
    """Cases that needed nothing."""
    refused: list[str] = field(default_factory=list)
    """Somebody else was quicker, or it is not for this person: a later run will see."""
    broken: list[BrokenSeal] = field(default_factory=list)


class Rewrapping(Reporting):
    """Gives outdated cases a key wrapped to today's recipients."""

    def __init__(self, transport: Transport, directory: Directory, circle: Circle) -> None:
        self._transport = transport
        self._directory = directory
        self._circle = circle
        self._known: set[str] = set()

    def rewrap(self, limit: int | None = None, progress: Progress | None = None) -> Rewrapped:
        """Look through every case this person sees; renew those outdated, ``limit`` at most.

        A case whose seals are broken is reported and left as it is.
        """
        self._known.clear()
        self._directory.network.policy(refresh=True)
        self._directory.groups(refresh=True)
        done = Rewrapped()
        cases = [str(facts["id"]) for facts in self._transport.pages("/cases", box="all")]
        for number, case in enumerate(cases, 1):
            if limit is not None and len(done.renewed) >= limit:
                break
            self._look_at(case, done)
            if progress:
                progress(number)
        return done

    def outdated(self, chain: CaseChain) -> bool:
        """Whether the key is wrapped to anybody else than today's recipients of the same circle."""
        return not is_held_today(chain, self._todays(chain))

    def _look_at(self, case: str, done: Rewrapped) -> None:
        try:
            if not self.outdated(self._circle.cases.renew_keys(case).chain):
                done.current += 1
                return
            self._circle.rekey(case)
            done.renewed.append(case)
        except BrokenSeal as broken:
            self.report(broken)
            done.broken.append(broken)
        except (Refused, StillOutdated):
            done.refused.append(case)

    def _todays(self, chain: CaseChain) -> Collection[str]:
        holders = map(parse_recipient, chain.recipients)
        people = {holder.id for holder in holders if holder.kind == "account"}
        if unseen := people - self._known:
            self._directory.people(unseen, refresh=True)
            self._known |= unseen
        return todays_keys(self._directory, chain)
