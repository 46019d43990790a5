"""Proofs over a log that only grows: RFC 6962 sections 2.1.1 and 2.1.2, checked as in RFC 9162.

A tree is read through ``subtree(level, index)``, the hash of the complete subtree over the leaves
from ``index * 2**level`` on, ``2**level`` of them: from memory (``GrowingTree``) or a database.
Every function asks for a number of subtrees that grows with the logarithm of the size only.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

from protocol.errors import ConsistencyWrong, InclusionWrong, ProofOutOfRange
from protocol.shapes import HASH_SIZE

Subtree = Callable[[int, int], bytes]

EMPTY_ROOT = sha256(b"").digest()
MAX_PROOF = 64
"""Hashes in one proof: no tree has more than 2**63 leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class GrowingTree:
    """A tree in memory that is appended to: two hashes a leaf, every earlier root still at hand.

    Keeps each complete subtree's hash, 64 bytes a leaf in all.
    """

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        node, level = leaf_hash(leaf), 0
        while True:
            if level == len(self._levels):
                self._levels.append([])
            row = self._levels[level]
            row.append(node)
            if len(row) % 2:
                return
            node, level = node_hash(row[-2], row[-1]), level + 1

    def copy(self) -> "GrowingTree":
        """Another tree of the same leaves, to try what comes next on."""
        other = GrowingTree()
        other._levels = [list(row) for row in self._levels]
        return other

    def subtree(self, level: int, index: int) -> bytes:
        return self._levels[level][index]

    def root(self, size: int | None = None) -> bytes:
        """The root as it was at ``size`` leaves; today's by default."""
        wanted = len(self) if size is None else size
        _within(0 <= wanted <= len(self), f"there are {len(self)} leaves, not {wanted}")
        return root_at(wanted, self.subtree)


def root_at(size: int, subtree: Subtree) -> bytes:
    """The root over the first ``size`` leaves."""
    return _range(0, size, subtree) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """PATH(index, D[size]): the siblings from the leaf up (RFC 6962 section 2.1.1)."""
    _within(0 <= index < size, f"leaf {index} is not below {size}")
    proof: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_range(middle, high, subtree))
            high = middle
        else:
            proof.append(_range(low, middle, subtree))
            low = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, subtree: Subtree) -> list[bytes]:
    """PROOF(old, D[size]): that the first ``old`` leaves are still those (section 2.1.2).

    Nothing needs proving from an empty tree, nor of a tree to itself: then it is empty.
    """
    _within(0 <= old <= size, f"a tree of {size} leaves does not extend one of {old}")
    if old in (0, size):
        return []
    proof: list[bytes] = []
    low, high, whole = 0, size, True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(_range(middle, high, subtree))
            high = middle
        else:
            proof.append(_range(low, middle, subtree))
            low, whole = middle, False
    if not whole:
        proof.append(_range(low, high, subtree))
    return proof[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf with hash ``leaf`` stands at ``index`` (RFC 9162 section 2.1.3.2).

    Raises ``InclusionWrong`` and ``ProofOutOfRange``. Caller's duty: ``size`` and ``root`` come
    from a checkpoint whose signatures were checked.
    """
    _within(0 <= index < size and len(proof) <= MAX_PROOF, f"leaf {index} is not below {size}")
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise InclusionWrong("the proof is longer than the tree is high")
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last or found != root:
        raise InclusionWrong(f"leaf {index} is not what the tree of {size} leaves holds there")


def verify_consistency(
    old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the later tree extends the earlier one (RFC 9162 section 2.1.4.2).

    Raises ``ConsistencyWrong`` and ``ProofOutOfRange``. Caller's duty as for ``verify_inclusion``.
    """
    _within(0 <= old <= size and len(proof) <= MAX_PROOF, f"{size} leaves do not extend {old}")
    if old in (0, size):
        unchanged = old_root == (root if old else EMPTY_ROOT)
        if proof or not unchanged:
            raise ConsistencyWrong("two roots at one size")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise ConsistencyWrong("the proof is empty")
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for node in path[1:]:
        if last == 0:
            raise ConsistencyWrong("the proof is longer than the tree is high")
        if place & 1 or place == last:
            before, after = node_hash(node, before), node_hash(node, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, node)
        place, last = place >> 1, last >> 1
    if last or before != old_root or after != root:
        raise ConsistencyWrong(f"the tree of {size} leaves does not extend the one of {old}")


def check_hashes(values: Sequence[bytes]) -> list[bytes]:
    """A proof as received: at most ``MAX_PROOF`` hashes of 32 bytes."""
    _within(len(values) <= MAX_PROOF, f"a proof has at most {MAX_PROOF} hashes")
    _within(all(len(value) == HASH_SIZE for value in values), "a hash has 32 bytes")
    return list(values)


def _range(low: int, high: int, subtree: Subtree) -> bytes:
    """The hash over leaves low…high of one node of the tree; only its right edge is incomplete."""
    pending: list[bytes] = []
    while True:
        width = high - low
        if width & (width - 1) == 0:
            node = subtree(width.bit_length() - 1, low // width)
            break
        middle = _split(width)
        pending.append(subtree(middle.bit_length() - 1, low // middle))
        low += middle
    while pending:
        node = node_hash(pending.pop(), node)
    return node


def _split(width: int) -> int:
    """The largest power of two below ``width``, where the RFC divides a node."""
    return 1 << (width - 1).bit_length() - 1


def _within(holds: bool, words: str) -> None:
    if not holds:
        raise ProofOutOfRange(words)
