"""The stored trees against the one in memory, whatever sizes they grow by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app import db, sealing
from app.config import Config
from app.db import database, session
from app.transactions import transaction
from protocol.encoding import b64
from protocol.log import GrowingTree, inclusion_proof, root_at
from protocol.merkle import LogKind, log_leaf
from tests.support.statements import statements_sent
from trace import Action, record, signing, trees
from trace.checkpoints import (
    consistency,
    inclusion,
    prove_consistency,
    prove_inclusion,
    sign_now,
)
from trace.errors import CheckpointNotFound
from trace.keylog import LeafContradicted, append_leaf
from trace.models import TreeNode
from trace.sequencer import place_rows
from trace.trees import Tree


@pytest.fixture(autouse=True)
def bound(tmp_path: Path, migrated_template: Path) -> Iterator[None]:
    file = tmp_path / "cordee.sqlite3"
    file.write_bytes(migrated_template.read_bytes())
    config = Config(
        base_url="http://localhost",
        secret_key="a secret for the tests, long enough to pass",
        database_url=f"sqlite:///{file}",
        blob_url=f"file://{tmp_path}",
    )
    sealing.bind(config.secret_key)
    signing.bind(config)
    db.bind(config)
    yield
    database().engine.dispose()


def subject(number: int) -> UUID:
    return UUID(int=number)


def log_one(number: int) -> bytes:
    digest = number.to_bytes(32, "big")
    append_leaf(LogKind.ACCOUNT, subject(number), number % 3, digest)
    return log_leaf(LogKind.ACCOUNT, str(subject(number)), number % 3, digest)


def test_every_state_of_a_growing_log_is_provable() -> None:
    model = GrowingTree()
    for number in range(70):
        with transaction():
            model.append(log_one(number))
    with transaction(read_only=True):
        for size in range(1, 71):
            assert root_at(size, lambda *at: trees.subtree(Tree.KEY, *at)) == model.root(size)
            expected = inclusion_proof(size // 2, size, model.subtree)
            assert inclusion(Tree.KEY, size // 2, size) == expected
        assert consistency(Tree.KEY, 33, 70)


def test_a_leaf_costs_a_quarter_of_a_node_and_a_proof_few_questions() -> None:
    with transaction():
        for number in range(512):
            log_one(number)
        count = session().execute(sa.select(sa.func.count()).select_from(TreeNode)).scalar_one()
    assert count == 512 // 8 * 2 - 1
    with statements_sent() as asked, transaction(read_only=True):
        inclusion(Tree.KEY, 301, 509)
    assert len(asked) < 25


def test_the_same_statement_again_is_one_leaf_and_another_is_refused() -> None:
    with transaction():
        append_leaf(LogKind.GROUP, subject(1), 0, bytes(32))
        append_leaf(LogKind.GROUP, subject(1), 0, bytes(32))
        assert trees.leaf_count(Tree.KEY) == 1
    with pytest.raises(LeafContradicted), transaction():
        append_leaf(LogKind.GROUP, subject(1), 0, b"\x01" * 32)


def test_a_transaction_that_fails_leaves_no_leaf() -> None:
    with pytest.raises(RuntimeError), transaction():
        log_one(1)
        raise RuntimeError
    with transaction(read_only=True):
        assert trees.leaf_count(Tree.KEY) == 0


def test_the_trace_grows_its_tree_with_its_places() -> None:
    for batch in (3, 17, 60):
        with transaction():
            for number in range(batch):
                record(None, Action.CASE_LIST, ("case", str(number)))
        place_rows()
    model = GrowingTree()
    with transaction(read_only=True):
        for leaf in trees.leaves(Tree.TRACE, 0, 80):
            model.append(leaf)
        assert len(model) == trees.leaf_count(Tree.TRACE) == 80
        assert root_at(77, lambda *at: trees.subtree(Tree.TRACE, *at)) == model.root(77)


def test_a_trace_of_before_the_log_is_taken_up_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction():
        session().execute(
            sa.text(
                "INSERT INTO network (id, name, root, created_at) "
                "VALUES (:id, 'n', x'00', '2026-01-01')"
            ),
            {"id": uuid4().hex},
        )
        for number in range(100):
            record(None, Action.CASE_LIST, ("case", str(number)))
    with monkeypatch.context() as before:
        before.setattr("trace.sequencer.grow", lambda _: True)
        place_rows()
    monkeypatch.setattr(trees, "MOST_BLOCKS", 5)
    monkeypatch.setattr("trace.checkpoints._witnesses", list)
    with transaction(read_only=True):
        before_it = root_at(100, lambda *at: trees.subtree(Tree.TRACE, *at))
    # Whoever asked for a proof now would have all of it hashed, each time.
    with pytest.raises(CheckpointNotFound):
        prove_inclusion(Tree.TRACE, 0, 100)
    with pytest.raises(CheckpointNotFound):
        prove_consistency(Tree.TRACE, 8, 100)
    note = sign_now(Tree.TRACE)
    assert note.checkpoint.size == 100
    assert prove_inclusion(Tree.TRACE, 0, 100)
    assert prove_consistency(Tree.TRACE, 8, 100)
    assert b64(note.checkpoint.root) == b64(before_it)
    with transaction(read_only=True):
        count = session().execute(sa.select(sa.func.count()).select_from(TreeNode)).scalar_one()
    assert count == 12 + 6 + 3 + 1
