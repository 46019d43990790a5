"""A server that holds the log's own key, and shows two people two logs, an old one, or one that
nobody witnessed. Dropped, reordered and forged entries one by one: ``test_key_log``."""

from __future__ import annotations

from typing import Any

from auth.service.network import install_policy
from client import CordeeClient
from client.crypto import kem_public, random_key
from client.errors import (
    CheckpointForged,
    LogForked,
    LogRolledBack,
    PolicyNotTrusted,
    StatementWithheld,
)
from client.operator import next_policy
from client.thread import Unreadable
from client.witness import WitnessKey
from protocol.encoding import b64
from protocol.log import GrowingTree
from protocol.merkle import LEAF_SIZE
from protocol.note import Checkpoint, Note, key_log_origin, log_signature, read_signature
from tests.unit.client.conftest import REQUEST, LyingServer, Village
from tests.unit.client.dishonest.conftest import refused
from trace import signing

FORKED = (
    "The server shows you another log of keys than before, or than it shows a colleague; nothing "
    "new was trusted or sent."
)
OLDER = (
    "The server shows an older log of keys than you or a colleague have already seen; nothing new "
    "was trusted or sent."
)
WITHHELD = (
    "The server holds back a change of keys or members that the public log knows; nothing was sent."
)


def signed(village: Village, leaves: bytes, *cosignatures: str) -> bytes:
    """A state of the log over these leaves, signed by the log's true key."""
    tree = GrowingTree()
    for start in range(0, len(leaves), LEAF_SIZE):
        tree.append(leaves[start : start + LEAF_SIZE])
    origin = key_log_origin(village.root.net)
    point = Checkpoint(origin, len(tree), tree.root())
    line = log_signature(origin, signing.public_key(), signing.sign(point.text()))
    lines = (line, *map(read_signature, cosignatures))
    return Note(point, point.text(), lines).written().encode()


def shown_log(
    village: Village, device: CordeeClient, server: LyingServer, leaves: bytes, *cosigned: str
) -> None:
    """From now on this device is shown a log of these leaves, well signed."""
    server.byte_lies["/log/checkpoint"] = lambda _: signed(village, leaves, *cosigned)
    begin = (device.log.latest_checkpoint() or {"size": 0})["size"]
    server.byte_lies["/log/leaves"] = lambda _: leaves[begin * LEAF_SIZE :]


def true_leaves(village: Village) -> bytes:
    favre = village.people["favre"]
    return favre.transport.send("GET", "/log/leaves", params={"start": 0, "end": 20_000}).content


def a_leaf_of(village: Village, person: str) -> int:
    """Where the log holds somebody's keys."""
    ident = bytes.fromhex(village.people[person].account.id.replace("-", ""))
    leaves = true_leaves(village)
    places = range(0, len(leaves), LEAF_SIZE)
    return next(place for place in places if leaves[place + 1 : place + 17] == ident)


def test_a_fork_shown_to_two_people_shows_in_their_messages(village: Village, case: str) -> None:
    """Dr Favre is shown a log in which Dr Mermet has other keys. What others signed tells her, and
    what she signs tells them."""
    fresh = village.people["favre"].cases.open_case("dermatology", REQUEST).id
    leaves, place = true_leaves(village), a_leaf_of(village, "mermet")
    forked = leaves[: place + 21] + bytes(32) + leaves[place + LEAF_SIZE :]
    favre, hers = village.lying_to("favre")
    shown_log(village, favre, hers, forked)
    with refused(LogForked, FORKED, hers, match="another log"):
        favre.thread.read(case)
    favre.thread.post(fresh, "Écrit devant un autre journal")

    blanc, server = village.lying_to("blanc")
    with refused(LogForked, FORKED, server, match="another log"):
        blanc.thread.read(fresh)
    [told] = blanc.thread.readable(fresh)
    assert isinstance(told, Unreadable) and type(told.broken) is LogForked
    assert len(blanc.thread.read(case)) == 3, "the rest is there"


def test_a_log_rolled_back(village: Village) -> None:
    device, server = village.lying_to("favre")
    device.network.policy()
    leaves = true_leaves(village)
    shown_log(village, device, server, leaves[: -3 * LEAF_SIZE])
    device.log._seen_at = float("-inf")
    with refused(LogRolledBack, OLDER, server):
        device.cases.open_case("dermatology", REQUEST)


def test_an_old_log_shown_to_a_new_device_is_told_by_a_colleague(village: Village) -> None:
    """A device that never saw the log has nothing to compare with but what colleagues signed."""
    favre = village.people["favre"]
    opened = favre.cases.open_case("dermatology", REQUEST)
    leaves = true_leaves(village)
    village.administrator.governing.set_managers(
        village.care_team, [village.administrator.account.id]
    )
    favre.log.refresh()
    favre.thread.post(opened.id, "J’ai vu un journal plus long")
    device, server = village.lying_to("blanc")
    shown_log(village, device, server, leaves)

    def as_it_was(_: str, answer: Any) -> Any:
        for row in answer.get("items", [answer]):
            if row["id"] == village.care_team:
                row["statements"] = row["statements"][:1]
        return answer

    server.lies["/groups"] = as_it_was
    with refused(LogRolledBack, OLDER, server, match="a colleague saw"):
        device.thread.read(opened.id)


def test_a_stale_policy_without_the_custodian(village: Village) -> None:
    """The organisation named a custodian; the server shows the rules of before, to keep cases from
    being wrapped to it."""
    known, lying_to_known = village.lying_to("favre")
    before = village.people["favre"].transport.get("/network")["policy"]
    today = village.people["favre"].network.policy(refresh=True)
    custodian = b64(kem_public(random_key()))
    install_policy(next_policy(village.root, today, custodians=[custodian]))
    assert known.network.policy(refresh=True).payload.custodians == (custodian,)

    def stale(_: str, network: Any) -> Any:
        return {**network, "policy": before}

    device, server = village.lying_to("favre")
    server.lies["/network"] = stale
    with refused(StatementWithheld, WITHHELD, server, match="policy"):
        device.cases.open_case("dermatology", REQUEST)
    lying_to_known.lies["/network"] = stale
    said = (
        "The network's rules are not signed by its root, or are older than those known here; "
        "nothing was sent."
    )
    with refused(PolicyNotTrusted, said, match="older"):
        known.network.policy(refresh=True)

    case = village.people["favre"].cases.open_case("dermatology", REQUEST)
    assert "custodian:0" in village.people["favre"].cases.keys_of(case.id).chain.recipients


def test_a_forged_witness(village: Village) -> None:
    """From here on a witness must have cosigned; the server signs in its place."""
    witness = WitnessKey.fresh()
    today = village.people["favre"].network.policy(refresh=True)
    install_policy(next_policy(village.root, today, witnesses=[b64(witness.public)], k=1))
    leaves = true_leaves(village)
    text = signed(village, leaves).decode().rpartition("\n\n")[0] + "\n"
    true_line = witness.cosign(text, 1_790_000_000)
    head, encoded = true_line.rsplit(" ", 1)
    forged = f"{head} {encoded[:40]}{'A' if encoded[40] != 'A' else 'B'}{encoded[41:]}"

    device, server = village.lying_to("favre")
    shown_log(village, device, server, leaves, forged)
    said = (
        "The public log of keys, or one of its witnesses, did not sign what the server shows; "
        "nothing new was trusted or sent."
    )
    with refused(CheckpointForged, said, server, match="CosignatureWrong"):
        device.cases.open_case("dermatology", REQUEST)

    honest, server = village.lying_to("favre")
    shown_log(village, honest, server, leaves, true_line)
    assert honest.network.policy().payload.k == 1
