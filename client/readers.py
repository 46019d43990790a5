"""Who is signed to hold a case's key: the custodians of the policy, and what the server shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from client.case_keys import read_event
from client.errors import About, CircleFalsified
from client.network import Network
from protocol import CaseChain
from protocol.contexts import custodian_recipient, parse_recipient
from protocol.encoding import unb64


def custodians(network: Network) -> dict[str, bytes]:
    """Recipient → public key of every custodian of today's policy."""
    keys = network.policy().payload.custodians
    return {custodian_recipient(index): unb64(key) for index, key in enumerate(keys)}


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
