"""Writes docs/benchmarks.md from one run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.figures import Line, table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"

METHOD = """\
## What is measured, and how

Ours and each peer run on the same machine, in the same run, in turn, one at a time; a ratio
compares the two of the same round, and the one shown is the median of these, not the quotient of
the medians: where rounds differ much, look at the brackets. Figures are medians over the rounds,
with the least and the most in brackets. The load generator (`bench/wire.py`, `bench/chat.py`)
shares the machine's cores
with the server, for ours and for the peers alike, so absolute figures are lower than those of a
server that has the machine to itself: read the ratios.

- **Messages a second**: people in cases of five, each message 901 sealed bytes, 64 outstanding at
  any time. Ours checks the session, the role and the circle of the case afresh for each message,
  and commits the message, its trace row and its line of the notification outbox with fsync before
  it acknowledges; the dispatcher and the trace's sequencer run meanwhile. The Node peer
  (`bench/peers/chat.mjs`) commits the message with fsync and does nothing else. Every delivery is
  counted: *lost or twice* is the number of deliveries that were missing or came again. Readers
  send no receipts here, which would add to ours and to nothing of the peer's. ejabberd, prosody
  and Synapse are not part of this run.
- **Acknowledgement times** are taken at a fixed rate whatever the server does and count from the
  instant at which a message was meant to be sent, so a stall shows in full.
- **CPU** is user and system time of the server's own processes, divided by messages. On
  PostgreSQL, the database's and Redis' share is given apart.
- **Memory** of an idle client is the growth of the proportional set size (PSS) over all clients.
  After a silence all lines are cut at once and everybody comes back and joins their case again.
- **Uploads** are tus PATCHes of 8 MiB parts over one connection. The sink
  (`bench/peers/sink.py`) only writes and fsyncs; `@tus/server` (`bench/peers/tus.mjs`) writes
  without fsync. Ours checks session, CSRF token and permission, computes the SHA-256, counts its
  checkpoint in the database and fsyncs each part. Peak memory is the highest resident size above
  the one before.
- Rate limits are off (all clients share one address and post faster than a hand); nothing else is
  changed from what `make run` starts. Logs are at WARNING.
"""


def write_page(
    command: str, rounds: int, load: float, sections: dict[str, list[Line]], notes: list[str]
) -> str:
    """The whole page; `sections` are tables by heading, `notes` are said plainly below them."""
    described = "\n".join(f"- {name}: {value}" for name, value in machine.describe())
    tables = "\n\n".join(f"### {head}\n\n{table(lines)}" for head, lines in sections.items())
    said = "\n".join(f"- {note}" for note in notes)
    return f"""\
# Benchmarks

Written by `{command}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, revision {machine.commit()}, \
{rounds} round{"s" if rounds != 1 else ""}. Run it again with `make bench`.

{described}
- Other work on the machine when the run began: load average {load:.1f}

## Figures

{tables}

{said}

{METHOD}"""


def replace_section(title: str, text: str) -> None:
    """Put `text` under the heading `title` in place of what stood there; at the end if nothing."""
    head, _, rest = PAGE.read_text().partition(f"\n## {title}\n")
    _, heading, after = rest.partition("\n## ")
    PAGE.write_text(f"{head.rstrip()}\n\n## {title}\n\n{text.rstrip()}\n{heading}{after}")


def kept_section(title: str) -> str:
    """The section and those after it, as they stand, for a page that is written anew."""
    page = PAGE.read_text() if PAGE.exists() else ""
    _, heading, text = page.partition(f"\n## {title}\n")
    return heading + text
