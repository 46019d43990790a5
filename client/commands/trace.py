"""Exporting a case's trace and checking it anywhere, without the server."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from client.commands.base import BROKEN_SEAL, commands, signed_in, told_plainly


@commands.group("trace")
def trace() -> None:
    """Check the trace, export it, check an export."""


@trace.command("export")
@click.argument("case")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where to write."
)
@click.option(
    "--from-size", type=click.IntRange(0), help="Also prove growth from a state noted earlier."
)
@told_plainly
def export(case: str, out: Path, from_size: int | None) -> None:
    """Write the trace of CASE (its id) with all that proves it to a file. Administrators only."""
    from client.private_files import write_private
    from client.trace_export import fetch_export

    with signed_in() as client:
        found = fetch_export(client.transport, case, from_size)
    write_private(out, json.dumps(found, ensure_ascii=False, indent=1).encode())
    click.echo(f"{len(found['rows'])} rows written to {out}.")


@trace.command("verify-export")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--root", help="The network's root in base64.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead: a kept answer of GET /network, whose root is believed.",
)
@click.option("--noted", help="A state of the trace's log noted earlier, SIZE:ROOT in base64.")
@click.option(
    "--blobs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Sealed files to compare with, as a backup holds them.",
)
@told_plainly
def verify_export(
    file: Path, root: str | None, policy: Path | None, *, noted: str | None, blobs: Path | None
) -> None:
    """Check an exported trace, offline. Names what was altered; exit code 3 if anything was."""
    from client.trace_export import read_export
    from client.trace_export import verify_export as verify
    from protocol.encoding import b64

    report = verify(read_export(file), _root(root, policy), noted=_noted(noted), blobs=blobs)
    for fault in report.faults:
        click.echo(f"{fault.kind}: {fault.words}")
    if not report.sound:
        sys.exit(BROKEN_SEAL)
    click.echo(f"{report.rows} rows as they were recorded, in a log of {report.size} entries.")
    if report.witnesses:
        click.echo(f"{report.witnesses} witnesses saw the log at {report.witnessed_size} entries.")
    click.echo(f"Note this state, to compare a later export with: {report.size}:{b64(report.root)}")


def _root(root: str | None, policy: Path | None) -> bytes:
    from protocol.encoding import unb64
    from protocol.errors import EncodingRefused
    from protocol.shapes import SIGN_KEY_SIZE

    if (root is None) == (policy is None):
        raise click.UsageError("name the network's root: --root or --policy, one of them")
    try:
        text: Any = root or json.loads((policy or Path()).read_text())["root"]
        return unb64(text, SIGN_KEY_SIZE)
    except (EncodingRefused, ValueError, KeyError, TypeError) as error:
        raise click.UsageError("this is not a network's root") from error


def _noted(text: str | None) -> tuple[int, bytes] | None:
    from protocol.encoding import unb64
    from protocol.errors import EncodingRefused
    from protocol.shapes import HASH_SIZE

    if text is None:
        return None
    size, _, root = text.partition(":")
    try:
        return int(size), unb64(root, HASH_SIZE)
    except (ValueError, EncodingRefused) as error:
        raise click.BadParameter("expected SIZE:ROOT", param_hint="--noted") from error
