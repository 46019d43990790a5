"""The key log of a real network, with a server that shows one person another log than the rest."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from client.errors import LogForked, LogRolledBack, NotInLog, StatementWithheld
from protocol.log import GrowingTree
from protocol.merkle import LEAF_SIZE
from protocol.note import Checkpoint, Note, log_signature, read_note
from tests.unit.client.conftest import REQUEST, LyingServer, Village
from trace import signing

Rewrite = Callable[[list[bytes]], list[bytes]]


def fork(server: LyingServer, rewrite: Rewrite) -> None:
    """Show this person's device another log, whole and signed by the log's own key."""
    honest = server.honest

    def leaves_now() -> list[bytes]:
        with httpx.Client(transport=honest, base_url="http://localhost/api/v1") as http:
            size = read_note(http.get("/log/checkpoint").text).checkpoint.size
            raw = http.get("/log/leaves", params={"start": 0, "end": size}).content
        return rewrite([raw[at : at + LEAF_SIZE] for at in range(0, len(raw), LEAF_SIZE)])

    def checkpoint(true: bytes) -> bytes:
        tree = GrowingTree()
        for leaf in leaves_now():
            tree.append(leaf)
        origin = read_note(true.decode()).checkpoint.origin
        point = Checkpoint(origin, len(tree), tree.root())
        line = log_signature(origin, signing.public_key(), signing.sign(point.text()))
        return Note(point, point.text(), (line,)).written().encode()

    server.byte_lies["/log/checkpoint"] = checkpoint
    server.byte_lies["/log/leaves"] = lambda _: b"".join(leaves_now())


def swapped(leaves: list[bytes]) -> list[bytes]:
    return [*leaves[:-2], leaves[-1], leaves[-2]]


@pytest.fixture(scope="module")
def case(village: Village) -> str:
    """A case in which Dr Favre said something, and with it which log she saw."""
    favre = village.people["favre"]
    opened = favre.cases.open_case("dermatology", REQUEST)
    favre.thread.post(opened.id, "Bonjour.")
    return opened.id


def test_honest_devices_agree(village: Village, case: str) -> None:
    device, _ = village.lying_to("blanc")
    assert [message.text for message in device.thread.read(case)] == ["Bonjour."]
    assert device.log.latest_checkpoint() is not None


def test_a_fork_shows_in_a_colleagues_message(village: Village, case: str) -> None:
    """The forked log holds every statement and bears every signature; only gossip tells."""
    device, server = village.lying_to("blanc")
    fork(server, swapped)
    assert device.directory.groups("pool")
    with pytest.raises(LogForked, match="a colleague saw another log"):
        device.thread.read(case)


def test_a_shorter_log_than_a_colleague_saw(village: Village, case: str) -> None:
    device, server = village.lying_to("blanc")
    device.directory.group(village.pool)
    size = (device.log.latest_checkpoint() or {})["size"]
    device, server = village.lying_to("blanc")
    device.network.policy()
    fork(server, lambda leaves: leaves[: size - 1])
    with pytest.raises(LogRolledBack):
        device.log.refresh()


def test_a_group_that_only_one_person_is_shown(village: Village) -> None:
    """A log from which the pool's statement was dropped, say to plant another later."""
    device, server = village.lying_to("favre")
    group = bytes.fromhex(village.pool.replace("-", ""))
    fork(server, lambda leaves: [leaf for leaf in leaves if leaf[1:17] != group])
    device.log._sleep = lambda _: None
    ticks = iter(range(10_000))
    device.log._clock = lambda: float(next(ticks))
    with pytest.raises(NotInLog):
        device.directory.group(village.pool)


def test_a_group_statement_held_back(village: Village) -> None:
    device, server = village.lying_to("favre")
    group = bytes.fromhex(village.care_team.replace("-", ""))

    def later(leaves: list[bytes]) -> list[bytes]:
        (leaf,) = (leaf for leaf in leaves if leaf[1:17] == group)
        return [*leaves, leaf[:17] + (1).to_bytes(4, "big") + bytes(32)]

    fork(server, later)
    with pytest.raises(StatementWithheld):
        device.directory.group(village.care_team)
