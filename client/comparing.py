"""The code two people compare in person: equal on both screens, or somebody's keys were swapped."""

from __future__ import annotations

from client.cordee import CordeeClient
from client.directory import Person
from protocol import statement_hash
from protocol.safety import safety_code


def shared_code(client: CordeeClient, person: Person) -> str:
    """Eight groups of five digits over both people's key statements and the network's root.

    Both are verified first; the code is for what no log can tell: whether the registrar who vouched
    saw the person who now stands before one.
    """
    me = client.directory.person(client.account.id, refresh=True)
    sides = [
        (one.id, [statement_hash(statement) for statement in one.facts["statements"]])
        for one in (me, person)
    ]
    return safety_code(client.account.keys.root, *sides)
