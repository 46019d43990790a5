"""What the keys cost: wraps, openings, a removal, the key log, in Python and in Chromium.

`python -m bench.keys` measures and writes the section "Keys" of docs/benchmarks.md. The client's
work needs no server and is measured without one; the server's share of a removal is measured on
its own, through the real routes, on SQLite.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.sync_api import sync_playwright

from bench import machine
from bench.figures import Line, Series, table
from bench.page import PAGE, replace_section
from bench.removal import Removal, measure_removal
from client.crypto import (
    group_kem_public,
    kem_public,
    key_commitment,
    log_leaf,
    merkle_root,
    random_key,
    seal,
    sign_statement,
    unwrap,
    wrap,
)
from protocol import contexts
from protocol.encoding import b64
from protocol.log import GrowingTree
from protocol.merkle import LogKind
from tests.support.browser import launch
from tests.support.harness import served_harness

NET = str(uuid4())
RECIPIENTS = (1, 10, 100)
POOL = 50
CASES = 1000
IN_A_CASE = 3
"""Who holds a case's key as a rule: the pool, the care team, the requester."""
LEAVES = 10_000
MORE = 100
"""What a week may add."""
PHONE = 4
"""How much slower than this machine a phone is taken to be."""

Timings = Callable[..., float]


def each(times: int, work: Callable[[], Any]) -> float:
    """Milliseconds of one run of `work`, the mean of `times`."""
    work()
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) * 1000 / times


class InPython:
    """The same work as tests/web/harness/timings.ts, by the Python client's own calls."""

    def wraps(self, count: int) -> float:
        keys = [kem_public(random_key()) for _ in range(count)]
        place = contexts.group_context(NET, uuid4(), 0, uuid4(), 0)
        secret = random_key()
        return 1000 * count / each(3, lambda: [wrap(key, place, secret) for key in keys])

    def opening(self, recipients: int, times: int) -> float:
        keys, seed = self._recipients(recipients), random_key()

        def work() -> None:
            case, key = str(uuid4()), random_key()
            header = sign_statement(
                "cordee1.header",
                {
                    "v": 1, "net": NET, "case": case, "version": 0, "g": 0, "by": NET,
                    "at": "2026-01-02T03:04:05.006Z", "body": {"question": "x" * 318},
                },
                seed,
            )  # fmt: skip
            seal(key, contexts.header_context(NET, case, 0, 0), json.dumps(header).encode())
            self._grants(case, 0, keys, key)
            self._event(case, 0, key, list(keys), seed)

        return each(times, work)

    def newEpoch(self, members: int, times: int) -> float:
        keys = self._recipients(members)

        def work() -> None:
            before, secret, group = random_key(), random_key(), str(uuid4())
            group_kem_public(secret)
            seal(secret, contexts.group_prev_context(NET, group, 1), before)
            for key in keys.values():
                wrap(key, contexts.group_context(NET, group, 1, uuid4(), 0), secret)

        return each(times, work)

    def rotation(self, recipients: int, times: int) -> float:
        keys, seed, own, case = self._recipients(recipients), random_key(), random_key(), uuid4()
        place = contexts.case_context(NET, case, 0, contexts.group_recipient(uuid4(), 0))
        wrapped = wrap(kem_public(own), place, random_key())

        def work() -> None:
            before, key = unwrap(own, place, wrapped), random_key()
            self._grants(str(case), 1, keys, key)
            seal(key, contexts.case_prev_context(NET, case, 1), before)
            self._event(str(case), 1, key, list(keys), seed)

        return each(times, work)

    def logRoot(self, leaves: int) -> float:
        log = self._leaves(leaves)
        return each(3, lambda: merkle_root(log))

    def logGrowth(self, leaves: int, more: int) -> float:
        held = self._leaves(leaves)
        added = self._leaves(more)

        def grown() -> float:
            tree = GrowingTree()
            for leaf in held:
                tree.append(leaf)
            start = time.perf_counter()
            for leaf in added:
                tree.append(leaf)
            tree.root()
            return (time.perf_counter() - start) * 1000

        return min(grown() for _ in range(3))

    def __call__(self, name: str, *given: int) -> float:
        return float(getattr(self, name)(*given))

    def _leaves(self, count: int) -> list[bytes]:
        return [log_leaf(LogKind.ACCOUNT, uuid4(), n, os.urandom(32)) for n in range(count)]

    def _recipients(self, count: int) -> dict[str, bytes]:
        return {
            contexts.group_recipient(uuid4(), 0): kem_public(random_key()) for _ in range(count)
        }

    def _grants(self, case: str, generation: int, keys: dict[str, bytes], key: bytes) -> None:
        for name, public in keys.items():
            wrap(public, contexts.case_context(NET, case, generation, name), key)

    def _event(self, case: str, generation: int, key: bytes, to: list[str], seed: bytes) -> None:
        payload = {
            "v": 1, "net": NET, "case": case, "n": generation,
            "event": "rotate" if generation else "open", "generation": generation,
            "kc": b64(key_commitment(key)), "to": to, "by": NET,
            "prev": b64(os.urandom(32)) if generation else None,
        }  # fmt: skip
        sign_statement("cordee1.case", payload, seed)


@contextmanager
def in_chromium() -> Iterator[tuple[Timings, Timings]]:
    """The same calls in a page, through the sealing worker; and with the page slowed to a phone.

    Chromium slows pages only, not workers: the second is for the key log, which the page follows.
    """
    with (
        tempfile.TemporaryDirectory(prefix="cordee-bench-") as site,
        served_harness(Path(site)) as address,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        page = browser.new_page()
        page.goto(address)
        page.wait_for_load_state("networkidle")

        def call(name: str, *given: int) -> float:
            asked = "([name, given]) => globalThis.harness[name](...given)"
            return float(page.evaluate(asked, [name, list(given)]))

        def slowly(name: str, *given: int) -> float:
            line = page.context.new_cdp_session(page)
            line.send("Emulation.setCPUThrottlingRate", {"rate": PHONE})
            try:
                return call(name, *given)
            finally:
                line.send("Emulation.setCPUThrottlingRate", {"rate": 1})

        yield call, slowly
        browser.close()


MEASURES: list[tuple[str, str, tuple[int, ...], int]] = [
    ("Keys wrapped in a second", "wraps", (50,), 0),
    *(
        (f"Opening a case with {count} recipient{'s' * (count > 1)}, ms", "opening", (count, 5), 1)
        for count in RECIPIENTS
    ),
    (f"Removing one of {POOL}: the next epoch, ms of client", "newEpoch", (POOL - 1, 3), 0),
    ("…then one open case's next key, ms of client", "rotation", (IN_A_CASE, 20), 1),
    (f"Key log of {LEAVES} leaves from nothing, ms", "logGrowth", (0, LEAVES), 0),
    (f"{MORE} leaves more in a log of {LEAVES}, ms", "logGrowth", (LEAVES, MORE), 1),
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.keys", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    options = parser.parse_args()

    load, python = machine.load(), InPython()
    own: dict[str, list[float]] = defaultdict(list)
    there: dict[str, list[float]] = defaultdict(list)
    phone: list[float] = []
    with in_chromium() as (chromium, slowed):
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
            for what, name, given, _ in MEASURES:
                own[what].append(python(name, *given))
                there[what].append(chromium(name, *given))
            phone.append(slowed("logGrowth", 0, LEAVES))
    lines = [
        Line(what, Series(own[what], digits), "Chromium", Series(there[what], digits))
        for what, _, _, digits in MEASURES
    ]
    slow = f"Key log of {LEAVES} leaves from nothing, Chromium at a {PHONE}th of its speed, ms"
    lines.append(Line(slow, Series(phone), goal=500, better="less"))
    with tempfile.TemporaryDirectory(prefix="cordee-bench-") as folder:
        removal = measure_removal(Path(folder), POOL, options.cases)
    tables = f"{table(lines)}\n\n{table(server_lines(removal))}"
    print(tables)
    if options.write:
        replace_section("Keys", section(tables, load, options))
        print(f"\nwritten to {PAGE}")
    return 0


def server_lines(removal: Removal) -> list[Line]:
    """The server's share of a removal."""
    what = f"pool of {removal.members}, {removal.cases} open cases"
    return [
        Line(f"Taking in the next epoch, ms of server ({what})", Series([removal.epoch_ms])),
        Line("Taking in one case's next key, ms of server", Series([removal.event_ms], 1)),
        Line("All of them, s of server", Series([removal.events_s], 1)),
    ]


def section(tables: str, load: float, options: argparse.Namespace) -> str:
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return f"""\
Written by `python -m bench.keys --rounds {options.rounds}` on {when}, revision {machine.commit()},
load of the machine before: {load:.1f}.

The left column is the Python client, the right one Chromium (headless, its worker included), the
same work one after the other in each round; the ratio is Python's figure to Chromium's. A case's
key goes to {IN_A_CASE} recipients as a rule: pool, care team, requester. The server's share is
timed at its routes, on SQLite with fsync, in process, so without a network.

{tables}"""


if __name__ == "__main__":
    raise SystemExit(main())
