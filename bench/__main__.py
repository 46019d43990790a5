"""`python -m bench`: measure, print, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import signal
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine
from bench.chat import Idle, Saturation, Steady, measure_chat, measure_idle
from bench.figures import Line, Series, table
from bench.page import PAGE, kept_section, write_page
from bench.servers import (
    databases,
    file_sink,
    node_chat,
    own_on_postgres,
    own_on_sqlite,
    own_order,
    tus_peer,
)
from bench.uploads import Disturbance, Upload, measure_disturbance, measure_upload
from bench.world import fill

VENV = Path(sys.executable).parent
PACE = 50_000_000
"""Bytes a second of the upload beside which the chat is timed."""


@dataclass
class Run:
    """What is asked for, and what came out so far."""

    options: argparse.Namespace
    folder: Path
    chats: dict[str, list[tuple[Saturation, Steady]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    uploads: dict[str, list[Upload]] = field(default_factory=lambda: defaultdict(list))
    disturbances: list[Disturbance] = field(default_factory=list)
    idles: dict[str, Idle] = field(default_factory=dict)
    made: int = 0

    def place(self) -> Path:
        """A folder nobody has used."""
        self.made += 1
        return self.folder / str(self.made)


def main() -> int:
    options = parse_options()
    # Asked to end, we end the servers we started too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["PATH"] = f"{VENV}:{os.environ['PATH']}"
    machine.allow_many_connections(2 * options.idle_clients + 4096)
    with tempfile.TemporaryDirectory(prefix="cordee-bench-") as folder:
        run = Run(options, Path(folder))
        load = machine.load()
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}")
            asyncio.run(chat_round(run))
            upload_round(run)
            asyncio.run(disturbance_round(run))
        asyncio.run(idle_round(run))
    sections = lines_of(run)
    for head, lines in sections.items():
        print(f"\n{head}\n{table(lines)}")
    if options.write:
        command = command_of(sys.argv[1:], options.note)
        notes = [*filter(None, [options.note]), *notes_of(sections)]
        page = write_page(command, options.rounds, load, sections, notes)
        PAGE.write_text(page + kept_section("Keys"))
        print(f"\nwritten to {PAGE}")
    return 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small, written nowhere")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of each measure")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--rate", type=int, default=200, help="messages a second for latency")
    parser.add_argument("--idle-clients", type=int, default=2000, help="up to 10000 on one machine")
    parser.add_argument("--megabytes", type=int, default=500, help="of the uploaded file")
    parser.add_argument("--note", default="", help="what else the reader should know of this run")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.clients = 1, 1, 50
        options.rate, options.idle_clients, options.megabytes = 50, 100, 40
        options.write = False
    return options


def command_of(arguments: list[str], note: str) -> str:
    """What to type for the same run; the note stands below the figures."""
    kept = [word for word in arguments if word != "--note" and not (note and note in word)]
    return shlex.join(["python", "-m", "bench", *kept])


async def chat_round(run: Run) -> None:
    """Ours on SQLite, Node, ours on PostgreSQL: one after the other, each fresh."""
    options = run.options
    with own_on_sqlite(run.place(), options.clients) as (target, _):
        run.chats["sqlite"].append(await measure_chat(target, options.seconds, options.rate))
    tell_chat(run, "sqlite")
    place = run.place()
    place.mkdir()
    world = fill(f"sqlite:///{place / 'seats.sqlite3'}", place, options.clients)
    with node_chat(run.place(), world) as target:
        run.chats["node"].append(await measure_chat(target, options.seconds, options.rate))
    tell_chat(run, "node")
    with (
        databases() as (postgres, redis),
        own_on_postgres(run.place(), postgres, redis, options.clients) as target,
    ):
        run.chats["postgres"].append(await measure_chat(target, options.seconds, options.rate))
    tell_chat(run, "postgres")


def upload_round(run: Run) -> None:
    """The same file to ours, to the sink and to `@tus/server`."""
    size = run.options.megabytes * 1_000_000
    with own_on_sqlite(run.place(), 5, files=1, size=size) as (target, world):
        order = own_order(target.port, world.files[0])
        run.uploads["own"].append(measure_upload(target.pid, order))
    with file_sink(run.place(), size) as (pid, order):
        run.uploads["sink"].append(measure_upload(pid, order))
    with tus_peer(run.place(), size) as (pid, order):
        run.uploads["tus"].append(measure_upload(pid, order))
    for name, uploads in run.uploads.items():
        say(f"  upload {name}: {uploads[-1].mb_per_second:.0f} MB/s")


async def disturbance_round(run: Run) -> None:
    """Chat alone, then beside an upload at a steady pace that outlasts the measure."""
    options = run.options
    size = min(int(PACE * (options.seconds + 2)), 600 * 1024 * 1024)
    with own_on_sqlite(run.place(), options.clients, files=1, size=size) as (target, world):
        order = own_order(target.port, world.files[0], pace=PACE)
        found = await measure_disturbance(target, order, options.seconds, options.rate)
    run.disturbances.append(found)
    say(f"  chat p99 {found.alone.p99_ms:.1f} ms alone, {found.beside.p99_ms:.1f} ms beside")


async def idle_round(run: Run) -> None:
    clients = run.options.idle_clients
    with own_on_sqlite(run.place(), clients) as (target, world):
        run.idles["own"] = await measure_idle(target, run.options.seconds)
    with node_chat(run.place(), world) as target:
        run.idles["node"] = await measure_idle(target, run.options.seconds)
    for name, idle in run.idles.items():
        say(f"  {clients} idle on {name}: {idle.kib_each:.0f} KiB each")


def tell_chat(run: Run, name: str) -> None:
    saturation, steady = run.chats[name][-1]
    say(
        f"  chat {name}: {saturation.per_second:.0f}/s, {saturation.cpu_us:.0f} µs each, "
        f"p99 {steady.p99_ms:.1f} ms at {run.options.rate}/s"
    )


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def lines_of(run: Run) -> dict[str, list[Line]]:
    """The tables of the page."""
    options, node = run.options, "Node, commit each"

    def posted(name: str) -> Series:
        return Series([one.per_second for one, _ in run.chats[name]])

    def steady(name: str, field_: str) -> Series:
        return Series([getattr(one, field_) for _, one in run.chats[name]], 1)

    def cpu(name: str, field_: str = "cpu_us") -> Series:
        return Series([getattr(one, field_) for one, _ in run.chats[name]])

    chat = []
    for name, words in (("sqlite", "SQLite"), ("postgres", "PostgreSQL and Redis")):
        faults = Series([one.lost + one.twice for one, _ in run.chats[name]])
        chat += [
            Line(f"Messages/s at saturation, {words}", posted(name), node, posted("node"), 1),
            Line(f"CPU µs a message, {words}", cpu(name), goal=400, better="less"),
            Line(f"Lost or twice, {words}", faults, goal=0, better="less"),
            Line(
                f"Ack p50 ms at {options.rate}/s, {words}",
                steady(name, "p50_ms"), node, steady("node", "p50_ms"),
            ),
            Line(
                f"Ack p99 ms at {options.rate}/s, {words}",
                steady(name, "p99_ms"), node, steady("node", "p99_ms"),
            ),
        ]  # fmt: skip
    chat.append(Line("CPU µs a message in PostgreSQL and Redis", cpu("postgres", "helper_cpu_us")))
    chat.append(Line("CPU µs a message, Node", cpu("node")))

    def speed(name: str) -> Series:
        return Series([one.mb_per_second for one in run.uploads[name]])

    def rise(name: str) -> Series:
        return Series([one.rise_mib for one in run.uploads[name]])

    p99 = Series([one.beside.p99_ms for one in run.disturbances], 1)
    alone = Series([one.alone.p99_ms for one in run.disturbances], 1)
    uploads = [
        Line("Upload MB/s", speed("own"), "file and fsync", speed("sink"), 0.5),
        Line("Upload MB/s", speed("own"), "@tus/server", speed("tus"), 1.3),
        Line(
            f"Peak memory while {options.megabytes} MB arrive, MiB more",
            rise("own"), "@tus/server", rise("tus"),
        ),
        Line(
            f"Ack p99 ms at {options.rate}/s beside an upload at 50 MB/s",
            p99, "without", alone, 5, "less",
        ),
        Line(
            "MB/s that upload reached", Series([one.mb_per_second for one in run.disturbances])
        ),
    ]  # fmt: skip
    own, peer = run.idles["own"], run.idles["node"]
    idle = [
        Line(
            "Memory of an idle client, KiB", Series([own.kib_each]), "Node", Series([peer.kib_each])
        ),
        Line("CPU of the idle server, %", Series([own.cpu_percent], 1), goal=8, better="less"),
        Line("Clients dropped in silence", Series([own.dropped]), goal=0, better="less"),
        Line("Seconds until all are back", Series([own.back_seconds], 1), goal=30, better="less"),
    ]
    return {
        f"Chat, {options.clients} clients in cases of 5": chat,
        "Uploads": uploads,
        f"{own.clients} idle clients on one process": idle,
    }


def notes_of(sections: dict[str, list[Line]]) -> list[str]:
    """What falls short, in plain words."""
    short = [line for lines in sections.values() for line in lines if line.met is False]
    if not short:
        return ["Every goal of this table was met in this run."]
    return [
        f"Short of its goal in this run: {line.what}"
        + (f", against {line.peer_name}" if line.peer_name else "")
        + "."
        for line in short
    ]


if __name__ == "__main__":
    raise SystemExit(main())
