"""Comparing keys in person."""

from __future__ import annotations

import click

from client.commands.base import as_json, commands, show, signed_in, told_plainly


@commands.command("compare")
@click.argument("name")
@as_json
@told_plainly
def compare(name: str, as_json: bool) -> None:
    """Show the code to compare with the colleague called NAME, who stands beside you."""
    from client.comparing import shared_code

    with signed_in() as client:
        found = [one for one in client.directory.search(name) if one.id != client.account.id]
        if len(found) != 1:
            raise LookupError(f"{len(found)} colleagues are called “{name}”")
        code = shared_code(client, found[0])
    value = {"account": found[0].id, "name": found[0].name, "code": code}
    show(value, as_json, f"{found[0].name}\n\n  {code}\n\nTheir screen must show the same digits.")
