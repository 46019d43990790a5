"""Signed states of the two logs, the witnesses' word on them, and proofs between them."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from app import clock
from app.db import database, session
from app.transactions import transaction, transactional
from protocol.encoding import unb64
from protocol.errors import ProtocolError
from protocol.log import consistency_proof, inclusion_proof, root_at
from protocol.note import (
    Checkpoint,
    Note,
    cosigners,
    key_log_origin,
    log_signature,
    read_note,
    read_signature,
    trace_origin,
)
from trace import keylog, sequencer, signing, trees
from trace.errors import CheckpointNotFound, CosignatureRefused
from trace.models import CheckpointRow, Cosignature
from trace.rooms_above import network_id, todays_policy
from trace.trees import Tree

TRACE_PAUSE = timedelta(minutes=5)
"""Between two signed states of the act trace, which grows with every act: twenty years of them
should not weigh on the database. An export signs one of its own."""

_completed: object = None
"""The database whose statements of before the log were looked at by this process."""


def newest(tree: Tree, *, cosigned: bool = True) -> str:
    """The newest note to believe: with the k cosignatures today's policy asks for.

    Where k is 0, or with `cosigned=False`, it is signed now if the log has grown. While no state
    has k cosignatures yet, the newest there is: whoever asks for k will refuse it.
    """
    _catch_up(tree)
    with transaction(read_only=True):
        k = todays_policy().k if cosigned else 0
        found = _cosigned(tree, k) if k else None
        if found:
            return _with_cosignatures(found).written()
    return sign_now(tree).written()


def sign_now(tree: Tree, *, pause: timedelta | None = None) -> Note:
    """The log as it stands, signed; an earlier signature at this size is found again."""
    with transaction(read_only=True):
        size = trees.leaf_count(tree)
        last = _last(tree)
        wait = (TRACE_PAUSE if tree is Tree.TRACE else timedelta()) if pause is None else pause
        # A clock that was set back must not keep the log from being signed.
        if last and (last.size == size or timedelta() <= clock.now() - last.signed_at < wait):
            return _with_cosignatures(last)
    while True:
        # A log of before the tree takes many steps to grow: others write between two of them.
        with transaction():
            keylog.hold(keylog.LOCK if tree is Tree.KEY else sequencer.LOCK)
            if trees.grow(tree):
                return _with_cosignatures(_sign(tree, trees.leaf_count(tree)))


@transactional
def accept_cosignature(tree: Tree, size: int, line: str) -> None:
    """Keep a witness's word on a state of ours. Raises CheckpointNotFound, CosignatureRefused."""
    row = session().get(CheckpointRow, (str(tree), size), with_for_update=True)
    if row is None:
        raise CheckpointNotFound()
    try:
        signed = read_signature(line)
        known = cosigners(read_note(row.note).text, [signed], _witnesses())
    except ProtocolError as error:
        raise CosignatureRefused(reason=type(error).__name__) from error
    if not known:
        raise CosignatureRefused(reason="WitnessUnknown")
    for witness in known:
        if session().get(Cosignature, (str(tree), size, witness)) is None:
            session().add(
                Cosignature(
                    tree=str(tree),
                    size=size,
                    witness=witness,
                    line=line,
                    received_at=clock.now(),
                )
            )


@transactional(read_only=True)
def prove_consistency(tree: Tree, old: int, size: int) -> list[bytes]:
    """That the log of `size` leaves extends that of `old`. Raises CheckpointNotFound."""
    if not old <= size <= trees.provable(tree):
        raise CheckpointNotFound()
    return consistency(tree, old, size)


@transactional(read_only=True)
def prove_inclusion(tree: Tree, index: int, size: int) -> list[bytes]:
    """That leaf `index` is in the log of `size` leaves. Raises CheckpointNotFound."""
    if not index < size <= trees.provable(tree):
        raise CheckpointNotFound()
    return inclusion(tree, index, size)


@transactional(read_only=True)
def read_leaves(start: int, end: int) -> bytes:
    """Leaves of the key log as they are hashed, 53 bytes each."""
    return b"".join(trees.leaves(Tree.KEY, start, end))


def consistency(tree: Tree, old: int, size: int) -> list[bytes]:
    """Inside a transaction, within the leaves there are."""
    return consistency_proof(old, size, lambda level, index: trees.subtree(tree, level, index))


def inclusion(tree: Tree, index: int, size: int) -> list[bytes]:
    """Inside a transaction, within the leaves there are."""
    return inclusion_proof(index, size, lambda level, at: trees.subtree(tree, level, at))


def newest_cosigned(tree: Tree) -> Note | None:
    """The newest state with all k cosignatures, inside a transaction."""
    found = _cosigned(tree, todays_policy().k)
    return _with_cosignatures(found) if found else None


def _catch_up(tree: Tree) -> None:
    """Once in a process, log what was stored before there was a log; place what was just traced."""
    global _completed
    if tree is Tree.TRACE:
        sequencer.place_rows()
    elif _completed is not database():
        keylog.log_missing()
        _completed = database()


def _sign(tree: Tree, size: int) -> CheckpointRow:
    if found := session().get(CheckpointRow, (str(tree), size)):
        return found
    net = str(network_id())
    origin = key_log_origin(net) if tree is Tree.KEY else trace_origin(net)
    root = root_at(size, lambda level, index: trees.subtree(tree, level, index))
    point = Checkpoint(origin, size, root)
    line = log_signature(origin, signing.public_key(), signing.sign(point.text()))
    row = CheckpointRow(
        tree=str(tree),
        size=size,
        root=root,
        note=Note(point, point.text(), (line,)).written(),
        signed_at=clock.now(),
    )
    session().add(row)
    return row


def _last(tree: Tree) -> CheckpointRow | None:
    return session().scalars(_newest_first(tree).limit(1)).first()


def _cosigned(tree: Tree, k: int) -> CheckpointRow | None:
    count = (
        sa.select(sa.func.count())
        .where(
            Cosignature.tree == CheckpointRow.tree,
            Cosignature.size == CheckpointRow.size,
            Cosignature.witness.in_(_witnesses()),
        )
        .scalar_subquery()
    )
    return session().scalars(_newest_first(tree).where(count >= k).limit(1)).first()


def _newest_first(tree: Tree) -> sa.Select[CheckpointRow]:
    return (
        sa.select(CheckpointRow)
        .where(CheckpointRow.tree == str(tree))
        .order_by(CheckpointRow.size.desc())
    )


def _with_cosignatures(row: CheckpointRow) -> Note:
    note = read_note(row.note)
    lines = session().scalars(
        sa.select(Cosignature.line)
        .where(
            Cosignature.tree == row.tree,
            Cosignature.size == row.size,
            Cosignature.witness.in_(_witnesses()),
        )
        .order_by(Cosignature.witness)
    )
    return Note(note.checkpoint, note.text, (*note.signatures, *map(read_signature, lines)))


def _witnesses() -> list[bytes]:
    return [unb64(key) for key in todays_policy().witnesses]
