"""The server's share of a removal: a member leaves a pool, its open cases get their next keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from bench.founding import done, found_network
from client.crypto import key_commitment, random_key, seal, sign_statement, statement_hash, wrap
from protocol.contexts import case_context, case_prev_context
from protocol.encoding import b64
from tests.factories.care import SealedCase, SealedGroup
from tests.factories.people import Person


@dataclass(frozen=True)
class Removal:
    """What it took the server, by the clock on the wall."""

    members: int
    cases: int
    epoch_ms: float
    """To take in the group's next statement and mark the cases."""
    event_ms: float
    """To take in one case's next key, the mean of all."""

    @property
    def events_s(self) -> float:
        return self.event_ms * self.cases / 1000


def measure_removal(folder: Path, members: int, cases: int) -> Removal:
    """Found a pool, open cases, remove one member, rotate every case, on SQLite with fsync."""
    network = found_network(folder)
    people = [network.member(f"p{n}@pool.test", f"Membre {n}") for n in range(members)]
    requester = network.favre()
    pool = SealedGroup(network.net, "pool", "Dermatologie")
    done(pool.found(network.administrator, people))
    opened: list[tuple[SealedCase, bytes]] = []
    for _ in range(cases):
        case = SealedCase(network.net, requester, pool)
        body = case.body()
        done(requester.put(f"/cases/{case.id}", body))
        opened.append((case, statement_hash(body["event"])))

    staying = people[1:]
    link = pool.rotate()
    administrator = network.administrator
    statement = pool.statement(administrator, staying, [administrator])
    grants = {member.id: pool.grant(member) for member in staying}
    body = {"statement": statement, "grants": grants, "previous": link}
    epoch = _timed(lambda: administrator.post(f"/groups/{pool.id}/statements", body))
    pool.chain.append(statement)

    events = [(case, _rotation(case, first, staying[0])) for case, first in opened]
    taken = [
        _timed(partial(staying[0].post, f"/cases/{case.id}/events", event))
        for case, event in events
    ]
    return Removal(members, cases, epoch, sum(taken) / len(taken))


def _rotation(case: SealedCase, first: bytes, author: Person) -> dict[str, Any]:
    """The case's next key for those who stay, as a member's client makes it."""
    key = random_key()
    to = sorted(case.recipients())
    payload = {
        "v": 1, "net": case.net, "case": case.id, "n": 1, "event": "rotate", "generation": 1,
        "kc": b64(key_commitment(key)), "to": to, "by": author.id,
        "prev": b64(first),
    }  # fmt: skip
    return {
        "event": sign_statement("cordee1.case", payload, author.sign_seed),
        "grants": {
            name: b64(wrap(public, case_context(case.net, case.id, 1, name), key))
            for name, public in case.recipients().items()
        },
        "previous": b64(seal(key, case_prev_context(case.net, case.id, 1), case.key)),
        "purpose": "rekey",
    }


def _timed(send: Callable[[], TestResponse]) -> float:
    """Milliseconds until the answer."""
    start = time.perf_counter()
    done(send())
    return (time.perf_counter() - start) * 1000
