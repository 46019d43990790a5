"""Checking the logs against the states this server signed: whoever rewrites the past must also
rewrite these, and cannot reach those that witnesses, clients and exports hold."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from app.db import session
from protocol.errors import LogRefused
from protocol.log import EMPTY_ROOT, leaf_hash, node_hash
from protocol.note import ED25519, key_id, read_note, verify_log_signature
from trace import signing, trees
from trace.chain import Fault
from trace.models import CheckpointRow, TreeNode
from trace.trees import BASE, Tree

BATCH = 5000


def verify_log(tree: Tree) -> list[Fault]:
    """Compute every node and every signed state again from the leaves, inside a transaction.

    Memory does not grow with the log. A rewritten or cut past shows as a state that its leaves no
    longer give, a changed node as itself.
    """
    faults = list(_signatures(tree))
    signed = {row.size: row.root for row in session().scalars(_states(tree))}
    stack: list[tuple[int, int, bytes]] = []
    size = 0
    faults += _compared(tree, signed, 0, EMPTY_ROOT)
    for leaf in _leaves(tree):
        level, index, node = 0, size, leaf_hash(leaf)
        while stack and stack[-1][0] == level:
            level, index, node = level + 1, index // 2, node_hash(stack.pop()[2], node)
            if level >= BASE and _kept(tree, level, index) not in (None, node):
                words = f"node {level}/{index} of the {tree} log is not what its leaves give"
                faults.append(Fault("changed", None, None, words))
        stack.append((level, index, node))
        size += 1
        if size in signed:
            faults += _compared(tree, signed, size, _folded(stack))
    for lost in sorted(where for where in signed if where > size):
        words = f"the {tree} log was signed with {lost} entries and has {size}: the last were cut"
        faults.append(Fault("cut", lost, None, words))
    return faults


def _signatures(tree: Tree) -> Iterator[Fault]:
    """States signed with another key than today's are left to those who knew that key."""
    for row in session().scalars(_states(tree)):
        try:
            note = read_note(row.note)
            origin = note.checkpoint.origin
            same = (note.checkpoint.size, note.checkpoint.root) == (row.size, row.root)
            ours = key_id(origin, ED25519, signing.public_key())
            if any(line.key_id == ours for line in note.signatures):
                verify_log_signature(note, origin, signing.public_key())
        except LogRefused:
            same = False
        if not same:
            words = f"the state of the {tree} log at {row.size} entries is not as it was signed"
            yield Fault("changed", row.size, None, words)


def _compared(tree: Tree, signed: dict[int, bytes], size: int, root: bytes) -> list[Fault]:
    if signed.get(size, root) == root:
        return []
    words = f"the first {size} entries of the {tree} log are not those that were signed"
    return [Fault("rewritten", size, None, words)]


def _states(tree: Tree) -> sa.Select[CheckpointRow]:
    wanted = sa.select(CheckpointRow).where(CheckpointRow.tree == str(tree))
    return wanted.order_by(CheckpointRow.size)


def _kept(tree: Tree, level: int, index: int) -> bytes | None:
    found = session().execute(
        sa.select(TreeNode.hash).where(
            TreeNode.tree == str(tree), TreeNode.level == level, TreeNode.index == index
        )
    )
    return found.scalar()


def _leaves(tree: Tree) -> Iterator[bytes]:
    """In order; one that is missing ends the walk: what follows cannot be what was signed."""
    count = trees.leaf_count(tree)
    for start in range(0, count, BATCH):
        batch = trees.leaves(tree, start, min(start + BATCH, count))
        yield from batch
        if len(batch) < min(BATCH, count - start):
            return


def _folded(stack: list[tuple[int, int, bytes]]) -> bytes:
    root = stack[-1][2]
    for _, _, left in reversed(stack[:-1]):
        root = node_hash(left, root)
    return root
