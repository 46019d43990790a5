"""The Merkle trees of the two logs, kept so that growing and proving touch few rows.

Complete subtrees of eight leaves and more are stored once and never change; smaller ones are hashed
from the leaves when asked for. A leaf costs a quarter of a row in all, a proof about two rows a
level. The leaves themselves are what the logs are of: key statements, and hashes of trace rows.
"""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from app.db import session
from protocol.log import leaf_hash, node_hash
from protocol.merkle import log_leaf
from trace.models import LogLeaf, TracePlace, TreeNode

BASE = 3
BLOCK = 1 << BASE
MOST_BLOCKS = 500
"""Blocks hashed in one transaction: what a database of before the log needs is done in steps."""


class Tree(StrEnum):
    """Which log: of keys, or of acts."""

    KEY = "key"
    TRACE = "trace"


def leaf_count(tree: Tree) -> int:
    """How many leaves stand in the log, inside a transaction."""
    if tree is Tree.KEY:
        highest = session().execute(sa.select(sa.func.max(LogLeaf.index))).scalar()
        return 0 if highest is None else highest + 1
    return session().execute(sa.select(sa.func.max(TracePlace.place))).scalar() or 0


def provable(tree: Tree) -> int:
    """How many leaves a proof may span: those under stored nodes, and the last begun block.

    Every signed state is; a log of before the tree is not, and would be hashed whole to prove it.
    """
    return min(leaf_count(tree), (_stored_blocks(tree) + 1) * BLOCK - 1)


def leaves(tree: Tree, start: int, end: int) -> list[bytes]:
    """The leaves from `start` up to but without `end`."""
    if tree is Tree.KEY:
        rows = session().execute(
            sa.select(LogLeaf.kind, LogLeaf.subject, LogLeaf.seq, LogLeaf.hash)
            .where(LogLeaf.index >= start, LogLeaf.index < end)
            .order_by(LogLeaf.index)
        )
        return [log_leaf(row.kind, str(row.subject), row.seq, row.hash) for row in rows]
    # The first place of the trace is 1.
    places = session().execute(
        sa.select(TracePlace.hash)
        .where(TracePlace.place > start, TracePlace.place <= end)
        .order_by(TracePlace.place)
    )
    return list(places.scalars())


def grow(tree: Tree) -> bool:
    """Store the nodes that new leaves complete; False while more remains to be done.

    Whoever calls holds the lock under which leaves are appended.
    """
    blocks = leaf_count(tree) // BLOCK
    first = _stored_blocks(tree)
    if first >= blocks:
        return True
    last = min(blocks, first + MOST_BLOCKS)
    hashes = [leaf_hash(leaf) for leaf in leaves(tree, first * BLOCK, last * BLOCK)]
    fresh: dict[tuple[int, int], bytes] = {}
    for block in range(first, last):
        here = (block - first) * BLOCK
        level, index, node = BASE, block, _folded(hashes[here : here + BLOCK])
        fresh[level, index] = node
        while index % 2:
            left = fresh.get((level, index - 1)) or stored(tree, level, index - 1)
            level, index, node = level + 1, index // 2, node_hash(left, node)
            fresh[level, index] = node
    session().execute(
        sa.insert(TreeNode),
        [
            {"tree": str(tree), "level": level, "index": index, "hash": node}
            for (level, index), node in fresh.items()
        ],
    )
    return last == blocks


def subtree(tree: Tree, level: int, index: int) -> bytes:
    """For `protocol.log`: the hash of a complete subtree."""
    if level >= BASE:
        return stored(tree, level, index)
    width = 1 << level
    return _folded([leaf_hash(leaf) for leaf in leaves(tree, index * width, (index + 1) * width)])


def stored(tree: Tree, level: int, index: int) -> bytes:
    """A node from its row; while `grow` has not come so far yet, from those below."""
    wanted = sa.select(TreeNode.hash).where(
        TreeNode.tree == str(tree), TreeNode.level == level, TreeNode.index == index
    )
    if found := session().execute(wanted).scalar():
        return found
    if level == BASE:
        begun = leaves(tree, index * BLOCK, (index + 1) * BLOCK)
        return _folded([leaf_hash(leaf) for leaf in begun])
    return node_hash(stored(tree, level - 1, 2 * index), stored(tree, level - 1, 2 * index + 1))


def _stored_blocks(tree: Tree) -> int:
    wanted = sa.select(sa.func.max(TreeNode.index)).where(
        TreeNode.tree == str(tree), TreeNode.level == BASE
    )
    highest = session().execute(wanted).scalar()
    return 0 if highest is None else highest + 1


def _folded(hashes: list[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]
