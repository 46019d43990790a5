"""The key log as a client follows it, against servers that lie about it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from client.crypto import random_key
from client.errors import (
    CheckpointForged,
    LogForked,
    LogRolledBack,
    NotInLog,
    StatementWithheld,
    WitnessMissing,
)
from client.key_log import KeyLog
from client.transport import Transport
from client.witness import Memory, Witness, WitnessFileUnusable, WitnessKey, read_public
from protocol import log as protocol_log
from protocol.encoding import b64
from protocol.merkle import LogKind, log_leaf
from tests.support.log_server import Clock, LogServer


@pytest.fixture
def server() -> LogServer:
    """A log of a policy and nine people."""
    made = LogServer()
    made.policy()
    for _ in range(9):
        made.person()
    return made


def following(server: LogServer, **options: Any) -> KeyLog:
    """A device that knows the policy and the log so far."""
    reader = server.reader(**options)
    reader.policy()  # type: ignore[attr-defined]
    return reader


# Honest servers


def test_an_honest_log_is_followed_by_what_is_new_only(server: LogServer) -> None:
    reader = following(server)
    first, chain = server.person()
    reader.require_logged("account", first, chain)
    assert reader.latest_checkpoint() == {"size": 11, "root": b64(server.tree().root())}
    leaves = [one for one in server.asked if one.startswith("/log/leaves")]
    assert leaves == ["/log/leaves?start=0&end=10", "/log/leaves?start=10&end=11"]


def test_no_log_key_means_no_log() -> None:
    server = LogServer()
    server.policy(log_key=None)
    reader = following(server)
    reader.require_logged("account", server.net, [])
    reader.check_gossip({"size": 5, "root": b64(bytes(32))})
    assert reader.latest_checkpoint() is None
    assert not any("/log" in one for one in server.asked)


def test_rules_of_before_the_log_are_refused_by_a_device_that_followed_it() -> None:
    server = LogServer()
    server.policy(log_key=None)
    server.policy()
    kept = following(server).kept()
    server.policies.pop()
    reader = server.reader()
    reader.remember(kept or b"")
    with pytest.raises(StatementWithheld, match="later policy"):
        reader.policy()  # type: ignore[attr-defined]


def test_a_colleagues_state_is_compared_at_any_size(server: LogServer) -> None:
    early = following(server)
    seen = early.latest_checkpoint()
    server.person()
    later = following(server)
    later.check_gossip(seen or {})
    early.check_gossip(later.latest_checkpoint() or {})


def test_a_statement_of_a_moment_ago_is_waited_for(server: LogServer) -> None:
    witness = WitnessKey.fresh()
    server.policy(witnesses=[b64(witness.public)], k=1)
    server.cosign(witness)
    clock = Clock(meanwhile=lambda: server.cosign(witness))
    reader = following(server, sleep=clock.sleep, clock=clock)
    ident, chain = server.person()
    reader.require_logged("account", ident, chain)
    assert 0 < clock.now < 10


def test_ten_thousand_people_then_one_more(
    server: LogServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first load only what is new is hashed: the count, not the clock, is held to."""
    server.leaves += [
        log_leaf(LogKind.ACCOUNT, f"{n:08x}-0000-4000-8000-000000000000", 0, n.to_bytes(32, "big"))
        for n in range(10_000)
    ]
    reader = following(server)
    ident, chain = server.person()
    kept = reader.kept() or b""
    counted = 0

    def counting(data: bytes) -> Any:
        nonlocal counted
        counted += 1
        return sha256(data)

    note, tree = server.note(), server.tree()
    server.notes = [note]
    monkeypatch.setattr(protocol_log, "sha256", counting)
    reader.require_logged("account", ident, chain)
    reader.check_gossip({"size": 9_000, "root": b64(tree.root(9_000))})
    assert counted < 100
    assert len(kept) < 10_100 * 53


# Servers that lie


def test_a_dropped_leaf(server: LogServer) -> None:
    server.notes = [server.note()]
    del server.leaves[4]
    server.leaves.append(server.leaves[-1])
    with pytest.raises(LogForked, match="do not give the root"):
        following(server)


def test_a_shortened_answer(server: LogServer) -> None:
    server.notes = [server.note()]
    del server.leaves[4]
    with pytest.raises(LogForked, match="bytes came"):
        following(server)


def test_reordered_leaves(server: LogServer) -> None:
    server.notes = [server.note()]
    server.leaves[3], server.leaves[4] = server.leaves[4], server.leaves[3]
    with pytest.raises(LogForked):
        following(server)


def test_a_log_rolled_back(server: LogServer) -> None:
    reader = following(server)
    server.notes = [server.note(7)]
    with pytest.raises(LogRolledBack, match="had 10 entries and now shows 7"):
        reader.refresh()
    assert (reader.latest_checkpoint() or {})["size"] == 10


def test_a_log_rolled_back_between_two_runs(server: LogServer) -> None:
    kept = following(server).kept() or b""
    server.notes = [server.note(7)]
    tomorrow = server.reader()
    tomorrow.remember(kept)
    with pytest.raises(LogRolledBack):
        tomorrow.policy()  # type: ignore[attr-defined]


def test_a_past_rewritten_between_two_runs(server: LogServer) -> None:
    kept = following(server).kept() or b""
    server.leaves[4] = log_leaf(LogKind.ACCOUNT, server.net, 0, bytes(32))
    server.person()
    for remembered in (kept, kept[:-53]):  # whole, or with its leaves damaged
        tomorrow = server.reader()
        tomorrow.remember(remembered)
        with pytest.raises(LogForked):
            tomorrow.policy()  # type: ignore[attr-defined]


def test_what_was_kept_saves_the_first_load(server: LogServer) -> None:
    kept = following(server).kept() or b""
    server.person()
    server.asked.clear()
    tomorrow = server.reader()
    tomorrow.remember(kept)
    tomorrow.policy()  # type: ignore[attr-defined]
    assert [one for one in server.asked if "leaves" in one] == ["/log/leaves?start=10&end=11"]


def test_a_memory_of_another_network_or_of_nothing_is_no_memory(server: LogServer) -> None:
    elsewhere = LogServer()
    elsewhere.policy()
    for memory in (following(elsewhere).kept() or b"", b"", b"{}\n", b"not JSON"):
        reader = server.reader()
        reader.remember(memory)
        reader.policy()  # type: ignore[attr-defined]
        assert (reader.latest_checkpoint() or {})["size"] == 10


def test_a_fork_shown_to_two_people_shows_in_their_messages(server: LogServer) -> None:
    """Each sees a log that is whole and signed; only comparing tells them apart."""
    other = server.forked()
    server.person()
    other.person()
    favre, blanc = following(server), following(other)
    with pytest.raises(LogForked, match="a colleague saw another log"):
        blanc.check_gossip(favre.latest_checkpoint() or {})
    server.person()
    favre.refresh()
    with pytest.raises(LogRolledBack, match="a colleague saw 12 entries"):
        blanc.check_gossip(favre.latest_checkpoint() or {})
    with pytest.raises(LogForked):
        favre.check_gossip(blanc.latest_checkpoint() or {})


def test_a_device_moved_onto_a_fork(server: LogServer) -> None:
    reader = following(server)
    server.leaves[-1] = log_leaf(LogKind.ACCOUNT, server.net, 0, bytes(32))
    server.person()
    with pytest.raises(LogForked):
        reader.refresh()


def test_a_state_signed_by_another_key(server: LogServer) -> None:
    server.notes = [server.note(seed=random_key())]
    with pytest.raises(CheckpointForged, match="NoteUnsigned"):
        following(server)


def test_a_state_of_another_log(server: LogServer) -> None:
    other = LogServer(log_seed=server.log_seed, leaves=server.leaves)
    server.notes = [other.note()]
    with pytest.raises(CheckpointForged, match="NoteForeign"):
        following(server)


def test_too_few_witnesses(server: LogServer) -> None:
    one, two = WitnessKey.fresh(), WitnessKey.fresh()
    server.policy(witnesses=[b64(one.public), b64(two.public)], k=2)
    server.cosign(one, one, WitnessKey.fresh())
    clock = Clock()
    with pytest.raises(WitnessMissing, match="1 of the 2"):
        following(server, sleep=clock.sleep, clock=clock)
    assert clock.now > 10


def test_a_forged_witness(server: LogServer) -> None:
    witness, forger = WitnessKey.fresh(), random_key()
    server.policy(witnesses=[b64(witness.public)], k=1)
    server.cosign(witness)
    (line,) = server.cosignatures[len(server.leaves)]
    text = server.note().rpartition("\n\n")[0] + "\n"
    theirs = WitnessKey(witness.name, forger).cosign(text, 1_790_000_000)
    head, encoded = line.rsplit(" ", 1)
    for forged in (
        head + " " + encoded[:6] + theirs.rsplit(" ", 1)[1][6:],
        head + " " + encoded[:40] + ("A" if encoded[40] != "A" else "B") + encoded[41:],
    ):
        server.cosignatures[len(server.leaves)] = [forged]
        with pytest.raises(CheckpointForged, match="CosignatureWrong"):
            following(server)


def test_a_statement_that_is_not_in_the_log(server: LogServer) -> None:
    clock = Clock()
    reader = following(server, sleep=clock.sleep, clock=clock)
    ident = "5a5f7c22-3b11-4b8f-8a5c-0a0a6a6c9f01"
    with pytest.raises(NotInLog, match="not in the log"):
        reader.require_logged("account", ident, [server.statement(ident, 0)])
    assert 10 < clock.now < 12


def test_witnesses_that_lag_behind_are_no_lie(server: LogServer) -> None:
    """What is logged and not witnessed is not believed, and not called forged either."""
    witness = WitnessKey.fresh()
    server.policy(witnesses=[b64(witness.public)], k=1)
    server.cosign(witness)
    clock = Clock()
    reader = following(server, sleep=clock.sleep, clock=clock)
    ident, chain = server.person()
    with pytest.raises(WitnessMissing, match="no witness has seen it yet"):
        reader.require_logged("account", ident, chain)


def test_another_statement_than_the_logged_one(server: LogServer) -> None:
    reader = following(server)
    ident, _ = server.person()
    with pytest.raises(NotInLog, match="another statement than shown"):
        reader.require_logged("account", ident, [server.statement(ident, 0)])


def test_a_newer_statement_held_back(server: LogServer) -> None:
    reader = following(server)
    ident, chain = server.person()
    server.log("account", ident, server.statement(ident, 1))
    with pytest.raises(StatementWithheld):
        reader.require_logged("account", ident, chain)


def test_a_newer_statement_is_noticed_after_half_a_minute_at_most(server: LogServer) -> None:
    clock = Clock()
    reader = following(server, sleep=clock.sleep, clock=clock)
    ident, chain = server.person()
    reader.require_logged("account", ident, chain)
    server.log("account", ident, server.statement(ident, 1))
    clock.now += 31
    with pytest.raises(StatementWithheld):
        reader.require_logged("account", ident, chain)


def test_two_statements_under_one_number(server: LogServer) -> None:
    reader = following(server)
    ident, chain = server.person()
    server.log("account", ident, server.statement(ident, 0))
    with pytest.raises(LogForked, match="two statements of one number"):
        reader.require_logged("account", ident, chain)


def test_an_older_policy_than_the_log_knows(server: LogServer) -> None:
    """Without its custodian, say: the log gives it away."""
    server.policy(minimum_client="0.0.1")
    server.policies.pop()
    with pytest.raises(StatementWithheld, match="policy"):
        following(server)


def test_a_policy_held_back_from_a_device_that_runs(server: LogServer) -> None:
    reader = following(server)
    held = server.policy(minimum_client="0.0.1")
    server.policies.pop()
    with pytest.raises(StatementWithheld, match="policy"):
        reader.refresh()
    server.policies.append(held)
    reader.refresh()


def test_new_witnesses_are_taken_from_the_new_policy(server: LogServer) -> None:
    reader = following(server)
    witness = WitnessKey.fresh()
    server.log_seed = random_key()
    server.policy(witnesses=[b64(witness.public)], k=1)
    server.cosign(witness)
    reader.refresh()
    assert (reader.latest_checkpoint() or {})["size"] == 11


# Witnesses


def watching(server: LogServer, folder: Path, key: WitnessKey) -> Witness:
    memory = Memory.read(folder / "seen.json")
    return Witness(Transport("http://log.test", server), key, memory)


class BothLogs(LogServer):
    """Answers for the trace log with the key log's tree, under its own name."""

    @property
    def origin(self) -> str:
        kind = "trace" if "tree=trace" in (self.asked or [""])[-1] else "log"
        return f"cordee.{kind}/{self.net}"


@pytest.fixture
def both() -> BothLogs:
    made = BothLogs()
    made.policy()
    for _ in range(5):
        made.person()
    return made


def test_a_witness_signs_what_grew_and_only_that(both: BothLogs, tmp_path: Path) -> None:
    key = WitnessKey.fresh()
    both.policy(witnesses=[b64(key.public)], k=1)
    witness = watching(both, tmp_path, key)
    assert witness.watch() == {"key": 7, "trace": 7}
    assert witness.watch() == {}
    both.person()
    assert watching(both, tmp_path, key).watch() == {"key": 8, "trace": 8}
    assert any("from=7&to=8" in one for one in both.asked)


def test_a_witness_does_not_sign_a_rewritten_past(both: BothLogs, tmp_path: Path) -> None:
    key = WitnessKey.fresh()
    watching(both, tmp_path, key).watch()
    both.leaves[2] = log_leaf(LogKind.ACCOUNT, both.net, 0, bytes(32))
    both.cosignatures.clear()
    for _ in range(2):  # at the same size, then longer
        with pytest.raises(LogForked, match=f"cordee.log/{both.net}"):
            watching(both, tmp_path, key).watch()
        both.person()
    assert both.cosignatures == {}


def test_a_witness_does_not_sign_a_log_rolled_back(both: BothLogs, tmp_path: Path) -> None:
    key = WitnessKey.fresh()
    watching(both, tmp_path, key).watch()
    del both.leaves[-1]
    with pytest.raises(LogRolledBack):
        watching(both, tmp_path, key).watch()


def test_a_witness_without_its_memory_stops(both: BothLogs, tmp_path: Path) -> None:
    key = WitnessKey.fresh()
    watching(both, tmp_path, key).watch()
    (tmp_path / "seen.json").write_text("{")
    with pytest.raises(WitnessFileUnusable):
        watching(both, tmp_path, key)


def test_a_witness_keys_file_is_read_back_and_never_overwritten(tmp_path: Path) -> None:
    key = WitnessKey.fresh("witness.example.org")
    key.write(tmp_path / "key")
    assert WitnessKey.read(tmp_path / "key") == key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert read_public(key.verifier) == read_public(b64(key.public)) == key.public
    with pytest.raises(WitnessFileUnusable):
        key.write(tmp_path / "key")
    with pytest.raises(WitnessFileUnusable):
        WitnessKey.fresh("a name")
    with pytest.raises(WitnessFileUnusable):
        read_public("not a key")
