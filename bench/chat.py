"""Load on the chat: messages a second, acknowledgement times, what idle clients cost.

Each message is stored before its acknowledgement and delivered to the four others of its room;
every delivery is counted by message, so a lost one and one heard twice both show.
Load is closed-loop for saturation (a fixed number outstanding) and open-loop for latency: times
count from the intended instant of sending, so that a stalled server cannot hide its stall.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import machine
from bench.wire import SocketClient, connect
from bench.world import SEATS, Seat, sealed_blob

AT_ONCE = 25
SEALED = base64.b64encode(sealed_blob(845)).decode()
"""A message of about 150 words with its signature, sealed: 901 bytes."""
HEARD = b'42["message:posted"'


@dataclass(frozen=True)
class Target:
    """A server under load: where it listens, which processes count, who the clients are."""

    port: int
    pid: int
    seats: list[Seat]
    helpers: tuple[int, ...] = ()
    """Databases and queues beside it: their work is counted apart."""

    @property
    def pids(self) -> tuple[int, ...]:
        return machine.family(self.pid)

    @property
    def helper_pids(self) -> tuple[int, ...]:
        return tuple(pid for helper in self.helpers for pid in machine.family(helper))


@dataclass(frozen=True)
class Saturation:
    posted: int
    seconds: float
    cpu_seconds: float
    helper_cpu_seconds: float
    lost: int
    """Deliveries owed that never came."""
    twice: int
    """Deliveries beyond those owed."""

    @property
    def per_second(self) -> float:
        return self.posted / self.seconds

    @property
    def cpu_us(self) -> float:
        """Processor time of the server's processes for one message, in microseconds."""
        return self.cpu_seconds / self.posted * 1e6

    @property
    def helper_cpu_us(self) -> float:
        """The same for the databases and queues beside it."""
        return self.helper_cpu_seconds / self.posted * 1e6

    @property
    def share(self) -> float:
        """Deliveries seen over deliveries owed."""
        owed = self.posted * (SEATS - 1)
        return (owed - self.lost) / owed


@dataclass(frozen=True)
class Steady:
    p50_ms: float
    p99_ms: float
    worst_ms: float


@dataclass(frozen=True)
class Idle:
    clients: int
    kib_each: float
    cpu_percent: float
    dropped: int
    """Clients the server lost while nobody spoke."""
    back_seconds: float
    """From cutting every client at once until all are back in their case."""


class Crowd:
    """Everyone connected to one server, each in the room of their case."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.clients: list[SocketClient] = []
        self.heard: Counter[bytes] = Counter()
        self.posted_by: dict[bytes, SocketClient] = {}

    async def gather(self) -> None:
        """Connect and join everyone. Raises RuntimeError when somebody is refused."""
        seats = self.target.seats
        for start in range(0, len(seats), AT_ONCE):
            batch = seats[start : start + AT_ONCE]
            self.clients += await asyncio.gather(*map(self._seat, batch))

    async def _seat(self, seat: Seat) -> SocketClient:
        client = await connect(self.target.port, seat.cookie, self._hear)
        answer = await client.ask("case:join", {"case": seat.case})
        if answer.get("code") != "ok":
            raise RuntimeError(f"join refused: {answer}")
        return client

    def leave(self) -> None:
        """Cut every line, as a lost network does."""
        for client in self.clients:
            client.transport.abort()
        self.clients = []

    def _hear(self, client: SocketClient, packet: bytes) -> None:
        if packet.startswith(HEARD):
            at = packet.find(b'"id":"') + 6
            message = packet[at : at + 36]
            # The sender's own other tabs hear it too: that is no delivery owed.
            if self.posted_by.get(message) is not client:
                self.heard[message] += 1

    def post(self, turn: int, then: Callable[[Any], None]) -> None:
        """Send one message from the client whose turn it is."""
        number = turn % len(self.clients)
        client = self.clients[number]
        message = str(uuid.uuid4())
        self.posted_by[message.encode()] = client
        body = {
            "case": self.target.seats[number].case,
            "id": message,
            "kind": "text",
            "generation": 0,
            "sealed": SEALED,
            "attachments": [],
        }
        client.call("message:post", json.dumps(body).encode(), then)

    async def saturate(self, seconds: float, window: int = 64) -> Saturation:
        """Keep `window` messages outstanding for `seconds`."""
        self.heard.clear()
        self.posted_by.clear()
        cpu = machine.cpu_seconds(self.target.pids)
        helpers = machine.cpu_seconds(self.target.helper_pids)
        begin = time.perf_counter()
        posted = await self._closed_loop(begin + seconds, window)
        took = time.perf_counter() - begin
        cpu = machine.cpu_seconds(self.target.pids) - cpu
        helpers = machine.cpu_seconds(self.target.helper_pids) - helpers
        await self._settle(posted)
        counts = [self.heard[message] for message in self.posted_by]
        return Saturation(
            posted=posted,
            seconds=took,
            cpu_seconds=cpu,
            helper_cpu_seconds=helpers,
            lost=sum(max(0, SEATS - 1 - count) for count in counts),
            twice=sum(max(0, count - SEATS + 1) for count in counts),
        )

    async def _closed_loop(self, end: float, window: int) -> int:
        turns = itertools.count()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        posted, outstanding = 0, window

        def acknowledged(answer: Any) -> None:
            nonlocal posted, outstanding
            if answer.get("code") != "ok":
                if not done.done():
                    done.set_exception(RuntimeError(f"post refused: {answer}"))
                return
            posted += 1
            if time.perf_counter() < end:
                self.post(next(turns), acknowledged)
                return
            outstanding -= 1
            if not outstanding and not done.done():
                done.set_result(None)

        for _ in range(window):
            self.post(next(turns), acknowledged)
        await asyncio.wait_for(done, end - time.perf_counter() + 60)
        return posted

    async def _settle(self, posted: int) -> None:
        """Let the last deliveries arrive: until all are here, or nothing came for ten seconds."""
        quiet = 0
        while self.heard.total() < posted * (SEATS - 1) and quiet < 100:
            before = self.heard.total()
            await asyncio.sleep(0.1)
            quiet = quiet + 1 if self.heard.total() == before else 0

    async def steady(self, seconds: float, rate: int) -> Steady:
        """Post `rate` messages a second, whatever the server does."""
        times: list[float] = []
        refused: list[Any] = []
        begin = time.perf_counter()

        def noting(intended: float) -> Callable[[Any], None]:
            def note(answer: Any) -> None:
                times.append((time.perf_counter() - intended) * 1000)
                if answer.get("code") != "ok":
                    refused.append(answer)

            return note

        wanted = int(seconds * rate)
        for number in range(wanted):
            intended = begin + number / rate
            if (wait := intended - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            # A stride coprime to the crowd: neighbours in time sit in different cases.
            self.post(number * 7, noting(intended))
        for _ in range(300):
            if len(times) == wanted:
                break
            await asyncio.sleep(0.1)
        if refused or len(times) < wanted:
            raise RuntimeError(f"{wanted - len(times)} unanswered, refused: {refused[:1]}")
        times.sort()
        return Steady(percentile(times, 0.5), percentile(times, 0.99), times[-1])


async def measure_chat(target: Target, seconds: float, rate: int) -> tuple[Saturation, Steady]:
    """Saturation, then the steady rate, after a moment of warming up."""
    crowd = Crowd(target)
    await crowd.gather()
    await crowd.saturate(min(2.0, seconds))
    saturation = await crowd.saturate(seconds)
    steady = await crowd.steady(seconds, rate)
    crowd.leave()
    return saturation, steady


async def measure_idle(target: Target, seconds: float) -> Idle:
    """Connect everyone, let them be silent, then cut and bring back all at once."""
    before = machine.memory_kib(target.pids)
    crowd = Crowd(target)
    await crowd.gather()
    await asyncio.sleep(2)
    each = (machine.memory_kib(target.pids) - before) / len(crowd.clients)
    cpu = machine.cpu_seconds(target.pids)
    await asyncio.sleep(seconds)
    cpu = machine.cpu_seconds(target.pids) - cpu
    dropped = sum(client.lost for client in crowd.clients)
    clients = len(crowd.clients)
    crowd.leave()
    begin = time.perf_counter()
    await crowd.gather()
    back = time.perf_counter() - begin
    crowd.leave()
    return Idle(clients, each, 100 * cpu / seconds, dropped, back)


def percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
