"""Load on the uploads: MB/s of one file, peak memory, and what the chat feels of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass

from bench import machine
from bench.chat import Crowd, Steady, Target
from bench.sending import Order


@dataclass(frozen=True)
class Upload:
    size: int
    seconds: float
    rise_mib: float
    """The most the server's resident memory rose above where it stood."""
    cpu_seconds: float

    @property
    def mb_per_second(self) -> float:
        return self.size / self.seconds / 1e6


def measure_upload(pid: int, order: Order) -> Upload:
    """Send one file as fast as it goes, from a process of its own."""
    pids = machine.family(pid)
    before = machine.forget_peak(pids)
    cpu = machine.cpu_seconds(pids)
    done = subprocess.run(
        [sys.executable, "-m", "bench.sending"],
        input=order.as_json(), text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"upload failed: {done.stderr[-2000:]}")
    return Upload(
        size=order.size,
        seconds=float(done.stdout),
        rise_mib=(machine.peak_kib(pids) - before) / 1024,
        cpu_seconds=machine.cpu_seconds(pids) - cpu,
    )


@dataclass(frozen=True)
class Disturbance:
    alone: Steady
    beside: Steady
    mb_per_second: float
    """What the upload reached while the chat ran."""

    @property
    def ratio(self) -> float:
        return self.beside.p99_ms / self.alone.p99_ms


async def measure_disturbance(
    target: Target, order: Order, seconds: float, rate: int
) -> Disturbance:
    """Acknowledgement times at a steady rate, first alone, then while a file comes in."""
    crowd = Crowd(target)
    await crowd.gather()
    await crowd.steady(1, rate)
    alone = await crowd.steady(seconds, rate)
    sending = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.sending",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said = asyncio.create_task(sending.communicate(order.as_json().encode()))
    await asyncio.sleep(0.5)
    beside = await crowd.steady(seconds, rate)
    out, error = await said
    crowd.leave()
    if sending.returncode:
        raise RuntimeError(f"upload failed: {error.decode()[-2000:]}")
    return Disturbance(alone, beside, order.size / float(out) / 1e6)
