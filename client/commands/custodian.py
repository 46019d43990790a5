"""The archive key: made offline, named by the root, brought together to open one case."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from client.commands.base import BROKEN_SEAL, commands, told_plainly

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
CODES = ("patient_request", "heirs", "court_order", "service_ended", "keys_lost", "exercise")


@commands.group("custodian")
def custodian() -> None:
    """Keep the key that opens a case when nobody else can."""


@custodian.command("create")
@click.option("--out", type=FOLDER, required=True, help="A folder, on a machine off the network.")
@click.option("--shares", type=click.IntRange(2, 16), default=3, show_default=True)
@click.option("--threshold", type=click.IntRange(2, 16), default=2, show_default=True)
@click.option("--suite", type=click.Choice(["1", "2"]), default="1", show_default=True)
@told_plainly
def create(out: Path, shares: int, threshold: int, suite: str) -> None:
    """Make an archive key on a machine without network: its public half, and shares in words."""
    from client.custodian import create_custodian

    named = create_custodian(out, shares, threshold, int(suite))
    click.echo(f"Archive key {named}: {shares} shares in {out}, any {threshold} bring it back.")
    click.echo("Print each share for another person, then erase the files. Keep custodian.pub:")
    click.echo(f"  cordee custodian appoint --key ROOTKEY {out / 'custodian.pub'}")


@custodian.command("appoint")
@click.argument("public", type=FILE)
@click.option("--key", "root_key", type=FILE, required=True, help="The file `cordee init` wrote.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@told_plainly
def appoint(public: Path, root_key: Path, yes: bool) -> None:
    """Name the archive key of the file PUBLIC in the network's next policy."""
    from client.custodian import appoint_custodian, fingerprint, read_public
    from client.operator import RootKey

    key = read_public(public)
    click.echo(f"Key fingerprint: {fingerprint(key)}")
    if not yes:
        click.confirm("Is this the fingerprint on the shares?", abort=True)
    place = appoint_custodian(RootKey.read(root_key), key)
    click.echo(f"Custodian {place} is named. New cases are wrapped to it from now on.")


@custodian.command("open")
@click.option("--backup", required=True, help="A copy of the SQLite file, or a PostgreSQL address.")
@click.option(
    "--blobs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The backup's folder of files.",
)
@click.option("--share", "shares", type=FILE, multiple=True, required=True, help="Twice or more.")
@click.option("--case", required=True, help="The identifier of the case.")
@click.option("--reason", required=True, help="In words: kept beside the case, sent to nobody.")
@click.option("--out", type=FOLDER, required=True, help="An empty folder for the case.")
@click.option("--root", help="The network's public root key, in base64, to hold the backup to.")
@click.option("--record", type=click.Choice(CODES), help="Note the opening on this live server.")
@told_plainly
def open_case(
    *,
    backup: str,
    blobs: Path,
    shares: tuple[Path, ...],
    case: str,
    reason: str,
    out: Path,
    root: str | None,
    record: str | None,
) -> None:
    """Restore one case from a full backup; everything is verified before it is written."""
    from client.archive import Archive
    from client.backup import Backup
    from client.custodian import join_shares, read_share
    from client.operator import server_command
    from protocol.encoding import b64, unb64

    seed = join_shares([read_share(share) for share in shares])
    with Backup.open(backup, blobs) as opened:
        archive = Archive(opened, seed, unb64(root) if root else None)
        restored = archive.restore(case, out, reason)
    click.echo(
        f"Case {restored.number}: {len(restored.messages)} messages and "
        f"{len(restored.files)} files in {out}."
    )
    if not archive.root_given:
        click.echo(f"Taken on the backup's word, compare it: root {b64(archive.root)}")
    if record:
        server_command("record-opening", given={"case": case, "reason": record})
        click.echo("The opening is in the trace of the live server; its people are told.")
    else:
        click.echo("Note it on the live server, so that the people of the case are told:")
        given = json.dumps({"case": case, "reason": "CODE"})
        click.echo(f"  echo '{given}' | cordee server record-opening")
    for fault in restored.faults:
        click.secho(f"Left out: {fault.kind} {fault.id} ({fault.reason})", fg="red", err=True)
    if restored.faults:
        sys.exit(BROKEN_SEAL)
