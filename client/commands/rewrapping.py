"""Moving cases to today's keys and algorithms."""

from __future__ import annotations

import sys

import click

from client.commands.base import BROKEN_SEAL, as_json, commands, show, signed_in, told_plainly


@commands.command("move-group")
@click.argument("group")
@click.option("--suite", type=click.Choice(["1", "2"]), required=True, help="The algorithm.")
@told_plainly
def move_group(group: str, suite: str) -> None:
    """Begin a new epoch of GROUP (name or id) with a key of another algorithm."""
    from client.groups.governing import Change

    with signed_in() as client:
        fits = [one for one in client.directory.groups() if group in (one.id, one.name)]
        if len(fits) != 1:
            raise LookupError(f"{len(fits)} groups are called “{group}”")
        moved = client.governing.change(fits[0].id, Change(suite=int(suite)))
    click.echo(f"{moved.name} is in epoch {moved.epoch}. Its members now run `cordee rewrap`.")


@commands.command("rewrap")
@click.option("--limit", type=click.IntRange(1), help="Renew that many cases at most.")
@as_json
@told_plainly
def rewrap(limit: int | None, as_json: bool) -> None:
    """Give every case one can open a key wrapped to today's keys and algorithm."""
    with signed_in() as client:
        done = client.rewrapping.rewrap(limit)
    told = {
        "renewed": done.renewed,
        "current": done.current,
        "refused": done.refused,
        "broken": [str(broken) for broken in done.broken],
    }
    show(told, as_json, f"{len(done.renewed)} cases renewed, {done.current} as they should be.")
    if not as_json and done.refused:
        click.echo(f"{len(done.refused)} changed meanwhile, or are not for you: run it again.")
    for broken in done.broken:
        click.secho(f"Left as it is: {broken}", fg="red", err=True)
    if done.broken:
        sys.exit(BROKEN_SEAL)
