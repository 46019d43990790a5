"""Who is signed to hold a case's key: the custodians of the policy, and what the server shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from client.case_keys import read_event
from client.directory import Directory
from client.errors import About, CircleFalsified
from client.network import Network
from protocol import CaseChain
from protocol.contexts import (
    account_recipient,
    custodian_recipient,
    group_recipient,
    parse_recipient,
)
from protocol.encoding import unb64


def custodians(network: Network) -> dict[str, bytes]:
    """Recipient → public key of every custodian of today's policy."""
    keys = network.policy().payload.custodians
    return {custodian_recipient(index): unb64(key) for index, key in enumerate(keys)}


def todays_keys(
    directory: Directory, chain: CaseChain, without: str | None = None, *, refresh: bool = False
) -> dict[str, bytes]:
    """Today's recipients of a case's next generation with their public keys, sorted by name.

    The holders of this generation by their present epochs and certified keys, from memory unless
    ``refresh``, and every custodian of today's policy.
    """
    named = {(one.kind, one.id) for one in map(parse_recipient, chain.recipients)}
    people = {ident for kind, ident in named if kind == "account" and ident != without}
    publics = {
        account_recipient(ident, person.seq): person.kem_key
        for ident, person in directory.people(people, refresh).items()
    }
    for kind, ident in named:
        if kind == "group" and ident != without:
            group = directory.group(ident, refresh)
            publics[group_recipient(ident, group.epoch)] = group.group.kem_key
    return dict(sorted((publics | custodians(directory.network)).items()))


def is_held_today(chain: CaseChain, todays: Collection[str]) -> bool:
    """Whether exactly today's recipients hold the key: nobody is missing, and nobody holds it under
    a former key as well, as after it was handed on to renewed ones."""
    return set(chain.recipients) == set(todays)


def check_circle(facts: Mapping[str, Any], chain: CaseChain) -> None:
    """Compare the readers the server shows with those signed for. Raises ``CircleFalsified``.

    Somebody whose new keys wait for certification is shown though this generation leaves them out:
    so nobody may be shown whom no event names, and nobody hidden who holds the current key.
    """
    if "circle" not in facts:
        return
    shown = {
        str(party["id"])
        for party in facts["circle"]
        if party["kind"] != "custodian" and not party.get("left")
    }
    ever: set[str] = set()
    for event in facts["events"]:
        ever |= {holder.id for holder in map(parse_recipient, read_event(event).to)}
    about = About("case", str(facts["id"]), name=str(facts.get("number", "")))
    holders = {holder.id for holder in map(parse_recipient, chain.recipients) if holder.id}
    if ghosts := shown - ever:
        raise CircleFalsified(f"case {facts['id']}: no event names {min(ghosts)}", about)
    if hidden := holders - shown:
        raise CircleFalsified(f"case {facts['id']}: {min(hidden)} reads and is hidden", about)
