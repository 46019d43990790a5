"""The key log: what one reader is shown, all are (RFC 6962 section 2.1)."""

from collections.abc import Sequence
from enum import IntEnum
from hashlib import sha256

from protocol.contexts import Id
from protocol.encoding import check_size, check_uuid
from protocol.errors import ContextRefused
from protocol.shapes import HASH_SIZE

LEAF_SIZE = 1 + 16 + 4 + HASH_SIZE


class LogKind(IntEnum):
    """What a leaf of the key log speaks of; the subject of a policy is the network's id."""

    ACCOUNT = 1
    GROUP = 2
    POLICY = 3


def log_leaf(kind: int, subject: Id, seq: int, statement_hash: bytes) -> bytes:
    """The 53 bytes of a leaf: kind, UUID, big-endian sequence, hash of the statement."""
    if kind not in LogKind.__members__.values():
        raise ContextRefused(f"no kind of key log leaf is numbered {kind}")
    if not 0 <= seq < 2**32:
        raise ContextRefused("a sequence number in the key log fits 32 bits")
    ident = bytes.fromhex(check_uuid(subject).replace("-", ""))
    check_size(statement_hash, HASH_SIZE, "statement hash")
    return bytes([kind]) + ident + seq.to_bytes(4, "big") + statement_hash


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root of the tree over ``leaves``; of no leaf, the hash of nothing.

    A stack of (size, hash) replaces the recursive definition: 10 000 accounts stay flat. Pushing a
    leaf merges equal sizes, which keeps every left subtree the largest power of two, as the RFC's
    split asks; what remains is folded from the right.
    """
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        size, node = 1, sha256(b"\x00" + leaf).digest()
        while stack and stack[-1][0] == size:
            left_size, left = stack.pop()
            size, node = size + left_size, sha256(b"\x01" + left + node).digest()
        stack.append((size, node))
    if not stack:
        return sha256(b"").digest()
    _, root = stack.pop()
    while stack:
        _, left = stack.pop()
        root = sha256(b"\x01" + left + root).digest()
    return root
