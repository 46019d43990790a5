"""A case opened and read through a real server, as few or as many as hold its key.

`python -m bench.openings` measures and writes that section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench import machine
from bench.figures import Line, Series, table
from bench.founding import address_in, done, found_network
from bench.page import PAGE, replace_section
from bench.world import SECRET
from client.crypto import group_kem_seed, kem_public, random_key, unwrap
from messaging.schemas import MAX_RECIPIENTS
from protocol.contexts import case_context
from protocol.encoding import unb64
from tests.factories.care import SealedGroup
from tests.factories.circles import TravellingCase
from tests.support.live import go_live
from tests.support.serving import ServedApp

TITLE = "Cases opened through the server"
LEAST = 2
"""Recipients of any case: the pool, and who opens it."""


@dataclass(frozen=True)
class Opening:
    """What one case took over HTTP on loopback, by the clock on the wall; medians."""

    recipients: int
    sealed_ms: float
    """The client's work: key, header, event, a wrap for each."""
    sent_ms: float
    """From the first byte of the sealed opening to the server's answer."""
    read_ms: float
    """From a reader's request to the case's key in their hand."""


def measure_openings(folder: Path, counts: Sequence[int], times: int) -> list[Opening]:
    """Open and read `times` cases of each count at gunicorn, on SQLite with fsync."""
    network = found_network(folder)
    favre, blanc = network.favre(), network.blanc()
    pool = SealedGroup(network.net, "pool", "Dermatologie")
    done(pool.found(network.administrator, [blanc]))
    seed = group_kem_seed(pool.secret)
    served = ServedApp(
        folder, address_in(folder), CORDEE_LOG_LEVEL="WARNING", CORDEE_SECRET_KEY=SECRET,
        CORDEE_RATE_LIMITS="0",
    )  # fmt: skip
    try:
        for person in (favre, blanc):
            go_live(person, served.url)
        found: list[Opening] = []
        for count in counts:
            archives = [kem_public(random_key()) for _ in range(count - LEAST)]
            network.name_custodians(*archives)
            sealed: list[float] = []
            sent: list[float] = []
            read: list[float] = []
            # The first warms the lines up.
            for _ in range(times + 1):
                case = TravellingCase(network.net, favre, pool, archives=archives)
                path, start = f"/cases/{case.id}", time.perf_counter()
                body = case.body()
                sealed.append((time.perf_counter() - start) * 1000)
                place = case_context(network.net, case.id, 0, pool.recipient)

                start = time.perf_counter()
                done(favre.put(path, body))
                sent.append((time.perf_counter() - start) * 1000)
                start = time.perf_counter()
                answer: Any = blanc.get(path)
                [grant] = answer.json["grants"]
                unwrap(seed, place, unb64(grant["wrapped"]))
                read.append((time.perf_counter() - start) * 1000)
            found.append(Opening(count, *(median(one[1:]) for one in (sealed, sent, read))))
        return found
    finally:
        served.stop()


def lines_of(rounds: Sequence[Sequence[Opening]]) -> list[Line]:
    """Three lines for each count of recipients; figures of every round."""
    lines: list[Line] = []
    for of_count in zip(*rounds, strict=True):
        holders = f"{of_count[0].recipients} recipients"
        for what, values in (
            (
                f"Sealing an opening for {holders}, ms of client",
                [one.sealed_ms for one in of_count],
            ),
            (f"Sending it, ms until the answer ({holders})", [one.sent_ms for one in of_count]),
            (f"Reading it to its key, ms ({holders})", [one.read_ms for one in of_count]),
        ):
            lines.append(Line(what, Series(values, 1)))
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.openings", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=30)
    options = parser.parse_args()
    load, rounds = machine.load(), list[list[Opening]]()
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="cordee-bench-") as folder:
            rounds.append(measure_openings(Path(folder), (LEAST, 10, 100), options.times))
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    nice = os.nice(0)
    text = f"""\
Written by `python -m bench.openings --rounds {options.rounds}` on {when}, revision
{machine.commit()}, load of the machine before: {load:.1f}{f", at nice {nice}" if nice else ""}.

Each case is sealed by the Python client, sent over HTTP on loopback to gunicorn (SQLite with
fsync) and read by a member of its pool, one after the other; figures are medians of
{options.times} cases, then of the rounds. At the server no case has fewer than {LEAST} recipients,
its pool and its requester, and none more than {MAX_RECIPIENTS}.

{table(lines_of(rounds))}"""
    replace_section(TITLE, text)
    print(f"{text}\n\nwritten to {PAGE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
