"""A past that was rewritten with all its hashes still differs from what was signed of it."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app import clock
from app.db import database
from app.transactions import transaction
from protocol.merkle import LogKind
from tests.unit.trace.test_trees import bound  # noqa: F401 (the database of each test)
from trace import Action, record, signing
from trace.chain import ORIGIN, chain_hash, verify_chain
from trace.checking import verify_log
from trace.checkpoints import sign_now
from trace.keylog import append_leaf
from trace.models import TraceRow
from trace.sequencer import place_rows
from trace.trees import Tree


def own(*statements: tuple[str, tuple[object, ...]]) -> None:
    """What somebody does who owns the database: drop the guards, change, put them back."""
    with sqlite3.connect(str(database().engine.url.database)) as connection:
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement, values in statements:
            connection.execute(statement, values)
        for _, sql in guards:
            connection.execute(sql)
    connection.close()


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both logs with thirty entries and some states of theirs signed."""
    monkeypatch.setattr("trace.checkpoints._witnesses", list)
    own(
        (
            "INSERT INTO network (id, name, root, created_at) VALUES (?, 'n', x'00', '2026-01-01')",
            (uuid4().hex,),
        )
    )
    for number in range(30):
        with transaction():
            record(None, Action.CASE_LIST, ("case", str(number)))
            append_leaf(LogKind.ACCOUNT, UUID(int=number), 0, number.to_bytes(32, "big"))
        place_rows()
        if number % 7 == 0:
            sign_now(Tree.KEY)
            sign_now(Tree.TRACE, pause=timedelta())


def words(tree: Tree) -> list[str]:
    with transaction(read_only=True):
        return [f"{fault.kind}: {fault.words}" for fault in verify_log(tree)]


def chain_is_sound() -> bool:
    with transaction(read_only=True) as running:
        return verify_chain(running, now=clock.now()).sound


def test_honest_logs_are_sound(signed: None) -> None:
    assert words(Tree.KEY) == words(Tree.TRACE) == []


def test_states_signed_with_an_earlier_key_are_still_compared(
    signed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "_key", Ed25519PrivateKey.generate())
    assert words(Tree.KEY) == []
    own(('UPDATE log_leaf SET hash = ? WHERE "index" = 3', (bytes(32),)))
    assert words(Tree.KEY) != []


def test_a_trace_chained_anew_differs_from_its_signed_states(signed: None) -> None:
    """The chain alone cannot tell: every hash fits again."""
    own(("UPDATE trace SET result = 'denied' WHERE id = 12", ()))
    assert not chain_is_sound()
    rewritten, previous = [], ORIGIN
    with database().engine.connect() as connection:
        for place, row in enumerate(connection.execute(TraceRow.__table__.select()), start=1):
            previous = chain_hash(previous, place, row)
            change = "UPDATE trace_place SET hash = ? WHERE place = ?"
            rewritten.append((change, (previous, place)))
    own(*rewritten, ("DELETE FROM tree_node WHERE tree = 'trace'", ()))
    assert chain_is_sound()
    assert words(Tree.TRACE) == [
        f"rewritten: the first {size} entries of the trace log are not those that were signed"
        for size in (15, 22, 29)
    ]


def test_a_key_log_with_another_leaf(signed: None) -> None:
    own(('UPDATE log_leaf SET hash = ? WHERE "index" = 3', (bytes(32),)))
    found = words(Tree.KEY)
    assert "changed: node 3/0 of the key log is not what its leaves give" in found
    assert any("first 8 entries" in one for one in found)


def test_a_log_whose_end_was_cut(signed: None) -> None:
    own(('DELETE FROM log_leaf WHERE "index" > 20', ()))
    assert any(
        one.startswith("cut: the key log was signed with 29 entries") for one in words(Tree.KEY)
    )


def test_a_signed_state_that_was_changed(signed: None) -> None:
    own(("UPDATE checkpoint SET root = x'00' WHERE tree = 'key' AND size = 8", ()))
    found = words(Tree.KEY)
    assert "changed: the state of the key log at 8 entries is not as it was signed" in found
