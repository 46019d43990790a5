"""What a witness does, and how a network's operator appoints one."""

from __future__ import annotations

import time
from pathlib import Path

import click

from client.commands.base import commands, told_plainly


@commands.group("witness")
def witness() -> None:
    """Watch that a network's logs only grow, and sign what was seen."""


@witness.command("create")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where to write the witness's private key.",
)
@click.option("--name", help="What it signs as, such as witness.example.org; no spaces.")
@told_plainly
def create(out: Path, name: str | None) -> None:
    """Make a witness's key and print its public line for the network's operator."""
    from client.witness import WitnessKey

    key = WitnessKey.fresh(name)
    key.write(out)
    click.echo(key.verifier)


@witness.command("appoint")
@click.argument("public")
@click.option(
    "--key",
    "root_key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The file `cordee init` wrote.",
)
@click.option("--k", type=click.IntRange(0, 64), help="How many witnesses must cosign from now on.")
@told_plainly
def appoint(public: str, root_key: Path, k: int | None) -> None:
    """Name the witness with the PUBLIC line that `cordee witness create` printed."""
    from client.operator import RootKey
    from client.witness import appoint_witness, read_public

    appoint_witness(RootKey.read(root_key), read_public(public), k)
    click.echo("The witness is named in the network's policy. Start it with `cordee witness run`.")


@witness.command("run")
@click.option("--url", envvar="CORDEE_URL", required=True, help="The network's address.")
@click.option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The file `cordee witness create` wrote.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where to keep what was seen. Losing it lets the log take back the past.",
)
@click.option("--root", help="The network's root in base64; else the first one seen is held to.")
@click.option("--interval", type=click.FloatRange(1), default=3.0, show_default=True)
@click.option("--once", is_flag=True, help="Look once and end.")
@told_plainly
def run(
    url: str, key_file: Path, state: Path, *, root: str | None, interval: float, once: bool
) -> None:
    """Cosign every state of both logs that extends the one before. Exit code 3 when one does not:
    then the server has rewritten its past."""
    from client.errors import NetworkDown
    from client.transport import Transport
    from client.witness import Memory, Witness, WitnessKey
    from protocol.encoding import unb64
    from protocol.shapes import SIGN_KEY_SIZE

    pinned = unb64(root, SIGN_KEY_SIZE) if root else None
    watching = Witness(Transport(url), WitnessKey.read(key_file), Memory.read(state), pinned)
    while True:
        try:
            for tree, size in watching.watch().items():
                click.echo(f"{tree} log: {size} entries cosigned")
        except NetworkDown as down:
            if once:
                raise
            click.echo(f"no answer ({down}); trying again", err=True)
        if once:
            return
        time.sleep(interval)
