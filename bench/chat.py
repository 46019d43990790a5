"""Messages a second at saturation, acknowledgement time at a fixed rate, memory of idle clients.

Each message is stored before its acknowledgement and delivered to the four others of its room.
Load is closed-loop for saturation (a fixed number outstanding) and open-loop for latency: times
count from the intended instant of sending, so that a stalled server cannot hide its stall.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.wire import SocketClient, connect

ROOM = 5
SEALED = base64.b64encode(b"\x28" + os.urandom(900)).decode()


@dataclass(frozen=True)
class Target:
    """A server under load: where it listens, which processes count, who each client is."""

    name: str
    port: int
    pids: tuple[int, ...]
    seats: list[tuple[str, str]]
    """(cookie, case id) for each client; five clients share a case."""


@dataclass(frozen=True)
class Figures:
    per_second: float
    delivered_share: float
    """Deliveries seen over deliveries owed; 1.0 means nothing was lost."""
    cpu_us_per_message: float
    ack_p50_ms: float
    ack_p99_ms: float
    kib_per_idle_client: float


def cpu_seconds(pids: tuple[int, ...]) -> float:
    """User and system time of the processes so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def pss_kib(pids: tuple[int, ...]) -> int:
    """Proportional set size of the processes."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def descendants(pid: int) -> tuple[int, ...]:
    """A process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (pid, *itertools.chain.from_iterable(descendants(int(child)) for child in children))


class Room:
    """Counts what its members should and do receive."""

    def __init__(self) -> None:
        self.delivered = 0

    def hear(self, name: str, _payload: Any) -> None:
        if name == "message:posted":
            self.delivered += 1


async def measure(target: Target, seconds: float = 8, window: int = 64, rate: int = 200) -> Figures:
    """Connect everyone, then idle, saturate, and run at a steady rate."""
    room = Room()
    before = pss_kib(target.pids)
    clients: list[SocketClient] = []
    for start in range(0, len(target.seats), 25):
        batch = target.seats[start : start + 25]
        clients += await asyncio.gather(*(connect(target.port, c, room.hear) for c, _ in batch))
    cases = [case for _, case in target.seats]
    for start in range(0, len(clients), 25):
        asked = zip(clients[start : start + 25], cases[start : start + 25], strict=True)
        answers = await asyncio.gather(*(c.ask("case:join", {"case": case}) for c, case in asked))
        refused = [a for a in answers if a.get("code") != "ok"]
        if refused:
            raise RuntimeError(f"{target.name}: join refused: {refused[0]}")
    await asyncio.sleep(1)
    idle = (pss_kib(target.pids) - before) / len(clients)
    await _saturate(clients, cases, 1.5, window)
    room.delivered = 0
    cpu = cpu_seconds(target.pids)
    posted, took = await _saturate(clients, cases, seconds, window)
    cpu = cpu_seconds(target.pids) - cpu
    await asyncio.sleep(1)
    owed = posted * (ROOM - 1)
    share = room.delivered / owed if owed else 0.0
    acks = await _steady(clients, cases, seconds, rate)
    for client in clients:
        client.transport.close()
    return Figures(
        per_second=posted / took,
        delivered_share=share,
        cpu_us_per_message=cpu / posted * 1e6,
        ack_p50_ms=_percentile(acks, 0.5),
        ack_p99_ms=_percentile(acks, 0.99),
        kib_per_idle_client=idle,
    )


def _message(case: str) -> dict[str, Any]:
    return {
        "case": case,
        "id": str(uuid.uuid4()),
        "kind": "text",
        "generation": 0,
        "sealed": SEALED,
        "attachments": [],
    }


async def _saturate(
    clients: list[SocketClient], cases: list[str], seconds: float, window: int
) -> tuple[int, float]:
    turns = itertools.cycle(range(len(clients)))
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    state = {"posted": 0, "open": 0}
    begin = time.perf_counter()
    end = begin + seconds

    def send() -> None:
        turn = next(turns)
        state["open"] += 1
        clients[turn].call("message:post", _message(cases[turn]), acknowledged)

    def acknowledged(answer: Any) -> None:
        if answer.get("code") != "ok" and not done.done():
            done.set_exception(RuntimeError(f"post refused: {answer}"))
            return
        state["posted"] += 1
        state["open"] -= 1
        if time.perf_counter() < end:
            send()
        elif not state["open"] and not done.done():
            done.set_result(None)

    for _ in range(window):
        send()
    await asyncio.wait_for(done, seconds + 60)
    return state["posted"], time.perf_counter() - begin


async def _steady(
    clients: list[SocketClient], cases: list[str], seconds: float, rate: int
) -> list[float]:
    times: list[float] = []
    begin = time.perf_counter()

    def noting(intended: float) -> Callable[[Any], None]:
        return lambda _answer: times.append((time.perf_counter() - intended) * 1000)

    for number in range(int(seconds * rate)):
        intended = begin + number / rate
        if (wait := intended - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        turn = number % len(clients)
        clients[turn].call("message:post", _message(cases[turn]), noting(intended))
    await asyncio.sleep(2)
    return sorted(times)


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
