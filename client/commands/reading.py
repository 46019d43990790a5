"""Listing and reading cases, and saving their files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from client.commands.base import BROKEN_SEAL, as_json, commands, show, signed_in, told_plainly

if TYPE_CHECKING:
    from client.cordee import CordeeClient


@commands.command("cases")
@click.option(
    "--box",
    type=click.Choice(["unclaimed", "mine", "waiting", "done", "all"]),
    default="all",
    show_default=True,
)
@click.option("--urgency", type=click.Choice(["urgent", "priority", "routine"]))
@as_json
@told_plainly
def cases(box: str, urgency: str | None, as_json: bool) -> None:
    """List cases, most pressing first."""
    from client.showing import case_json, case_line

    with signed_in() as client:
        found = list(client.cases.in_box(box, urgency=urgency))
    text = "\n".join(map(case_line, found)) or "No case here."
    show([case_json(case) for case in found], as_json, text)


@commands.command("read")
@click.argument("case")
@click.option(
    "--save",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also save the case's files in this directory.",
)
@as_json
@told_plainly
def read(case: str, save: Path | None, as_json: bool) -> None:
    """Read a case, everything verified, and tell the others that one has.

    A message whose seal is broken is named in its place, and the command ends with code 3.
    """
    from client.sealing import Message
    from client.showing import case_json, case_page, message_json

    with signed_in() as client:
        found = client.cases.find(case)
        shown = client.thread.readable(found.id)
        messages = [entry for entry in shown if isinstance(entry, Message)]
        if messages:
            client.cases.mark_read(found.id, messages[-1].sequence)
        if save:
            _save_files(client, found, messages, save)
    value = {**case_json(found), "messages": [message_json(entry) for entry in shown]}
    show(value, as_json, case_page(found, shown))
    if len(messages) < len(shown):
        sys.exit(BROKEN_SEAL)


def _save_files(client: CordeeClient, case: Any, messages: list[Any], target: Path) -> None:
    """Save every file of a case; a name that exists gets a number, nothing is overwritten."""
    target.mkdir(parents=True, exist_ok=True)
    manifests = list(case.header.attachments)
    manifests += [manifest for message in messages for manifest in message.attachments]
    for manifest in manifests:
        path = _free_name(target / Path(manifest.name).name)
        partial = path.with_name(path.name + ".partial")
        try:
            with partial.open("xb") as file:
                client.attachments.download(case.id, manifest, file)
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        click.echo(f"Saved {path}", err=True)


def _free_name(path: Path) -> Path:
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free
