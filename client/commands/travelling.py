"""Who reads a case, and how that changes: hand it on, bring somebody in, take somebody off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from client.commands.base import as_json, commands, show, signed_in, told_plainly

if TYPE_CHECKING:
    from client.cases import Case
    from client.cordee import CordeeClient
    from client.directory import Person

WAYS = {"named-expert": "named_expert", "doctor": "doctor"}


@commands.command("forward")
@click.argument("case")
@click.argument("pool")
@as_json
@told_plainly
def forward(case: str, pool: str, as_json: bool) -> None:
    """Hand CASE on to POOL (its name or specialty). The pool before goes on reading."""
    with signed_in() as client:
        found = client.circle.forward(client.cases.find(case).id, pool)
        _tell(client, found, as_json, f"Case {found.number} waits in {pool} now.")


@commands.command("second-opinion")
@click.argument("case")
@click.argument("pool")
@as_json
@told_plainly
def second_opinion(case: str, pool: str, as_json: bool) -> None:
    """Ask POOL for a second opinion on CASE, beside the pool that answers."""
    with signed_in() as client:
        found = client.circle.second_opinion(client.cases.find(case).id, pool)
        _tell(client, found, as_json, f"{pool} is asked about case {found.number} as well.")


@commands.command("bring-in")
@click.argument("case")
@click.argument("person")
@click.option(
    "--as",
    "way",
    type=click.Choice(list(WAYS)),
    required=True,
    help="An expert asked by name, or the patient's own doctor.",
)
@as_json
@told_plainly
def bring_in(case: str, person: str, way: str, as_json: bool) -> None:
    """Let PERSON (name or id) read and write in CASE."""
    with signed_in() as client:
        known = find_person(client, person)
        verb = getattr(client.circle, WAYS[way])
        found = verb(client.cases.find(case).id, known.id)
        _tell(client, found, as_json, f"{known.name} reads case {found.number} now.")


@commands.command("take-off")
@click.argument("case")
@click.argument("reader")
@as_json
@told_plainly
def take_off(case: str, reader: str, as_json: bool) -> None:
    """Take READER (a pool, team or person, by name or id) off CASE: its key changes."""
    with signed_in() as client:
        found = client.cases.find(case)
        wanted = reader.casefold()
        fits = [
            one
            for one in client.circle.readers(client.cases.read(found.id))
            if wanted in (one.id, one.name.casefold())
        ]
        if len(fits) != 1:
            raise LookupError(f"{len(fits)} readers of this case are called “{reader}”")
        found = client.circle.take_off(found.id, fits[0].id)
        _tell(client, found, as_json, f"{fits[0].name} no longer reads case {found.number}.")


@commands.command("circle")
@click.argument("case")
@as_json
@told_plainly
def circle(case: str, as_json: bool) -> None:
    """Say who can read CASE, as its signed history names them."""
    with signed_in() as client:
        _tell(client, client.cases.find(case), as_json)


def find_person(client: CordeeClient, name_or_id: str) -> Person:
    """A certified person by id or whole name, or the only one a search finds."""
    if name_or_id.count("-") == 4 and len(name_or_id) == 36:
        return client.directory.person(name_or_id)
    found = client.directory.search(name_or_id)
    exact = [person for person in found if person.name.casefold() == name_or_id.casefold()]
    fits = exact or found
    if len(fits) != 1:
        raise LookupError(f"{len(fits)} people are called “{name_or_id}”")
    return fits[0]


def _tell(client: CordeeClient, case: Case, as_json: bool, said: str = "") -> None:
    """What was done, then who reads the case now."""
    whole = case if case.facts.get("events") else client.cases.read(case.id)
    readers: list[dict[str, Any]] = [
        {"kind": one.kind, "id": one.id, "name": one.name, "role": one.role, "people": one.people}
        for one in client.circle.readers(whole)
    ]
    words = client.circle.in_words(whole)
    text = "\n".join([*([said] if said else []), *(f"  {line}" for line in words)])
    show({"case": whole.id, "state": whole.state, "circle": readers}, as_json, text)
