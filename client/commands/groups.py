"""Who belongs to a pool or care team, and doing what one owes to its people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from client.commands.base import as_json, commands, show, signed_in, told_plainly
from client.commands.travelling import find_person

if TYPE_CHECKING:
    from client.cordee import CordeeClient
    from client.directory import CareGroup


@commands.command("members")
@click.argument("group")
@click.option("--add", multiple=True, metavar="PERSON", help="Let somebody in.")
@click.option("--remove", multiple=True, metavar="PERSON", help="Take somebody out.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="When the stay of those added ends by itself, in local time.",
)
@click.option("--manager", multiple=True, metavar="PERSON", help="Let somebody govern as well.")
@click.option("--now", is_flag=True, help="On a removal, change the keys of open cases at once.")
@as_json
@told_plainly
def members(group: str, until: datetime | None, now: bool, as_json: bool, **named: Any) -> None:
    """Show, or as one of its managers change, who belongs to GROUP (name or id)."""
    from client.groups import Change

    if until and not named["add"]:
        raise click.UsageError("--until goes with --add")
    with signed_in() as client:
        found = _group(client, group)
        if any(named.values()):
            new = tuple(find_person(client, name).id for name in named["add"])
            governors = [find_person(client, name).id for name in named["manager"]]
            change = Change(
                add=new,
                remove=tuple(_member(client, found, name) for name in named["remove"]),
                managers=tuple(dict.fromkeys([*found.managers, *governors])),
                until=dict.fromkeys(new, until.astimezone()) if until else {},
                now=now,
            )
            found = client.governing.change(found.id, change)
            client.heal()
        people = client.directory.people([*found.members, *found.managers])
    value = {
        "group": found.id,
        "name": found.name,
        "epoch": found.epoch,
        "members": [
            {"id": ident, "name": people[ident].name, "until": found.until.get(ident)}
            for ident in found.members
        ],
        "managers": [{"id": ident, "name": people[ident].name} for ident in found.managers],
    }
    lines = [f"{found.name}:"]
    for ident in found.members:
        end_date = found.until.get(ident)
        lines.append(f"  {people[ident].name}" + (f" until {end_date}" if end_date else ""))
    lines.append("governed by " + ", ".join(people[ident].name for ident in found.managers))
    show(value, as_json, "\n".join(lines))


@commands.command("heal")
@as_json
@told_plainly
def heal(as_json: bool) -> None:
    """Do what others wait for: keys for newcomers, links, removals that fell due, new keys."""
    from client.verdicts import sentence, verdict_of

    with signed_in() as client:
        healed = client.heal()
    counts = {
        "grants": healed.grants,
        "links": healed.links,
        "departures": healed.departures,
        "cases": healed.cases,
        "regrants": healed.regrants,
    }
    told = [f"{number} {name}" for name, number in counts.items() if number]
    text = ", ".join(told) if told else "Nothing was owed to anybody."
    text = "\n".join([text, *(sentence(broken) for broken in healed.broken)])
    show({**counts, "broken": list(map(verdict_of, healed.broken))}, as_json, text)


def _group(client: CordeeClient, name_or_id: str) -> CareGroup:
    wanted = name_or_id.casefold()
    fits = [one for one in client.directory.groups() if wanted in (one.id, one.name.casefold())]
    if len(fits) != 1:
        raise LookupError(f"{len(fits)} groups are called “{name_or_id}”")
    return fits[0]


def _member(client: CordeeClient, group: CareGroup, name_or_id: str) -> str:
    """A member by id or name, whoever else of the network has that name."""
    wanted = name_or_id.casefold()
    people = client.directory.people(group.members).values()
    fits = [person.id for person in people if wanted in (person.id, person.name.casefold())]
    if len(fits) != 1:
        raise LookupError(f"{len(fits)} members are called “{name_or_id}”")
    return fits[0]
