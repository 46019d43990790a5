"""Attachments: a file cut in parts of 8 MiB, each sealed in its own place.

Index and count are part of each context, so parts cannot be swapped and none can be dropped; the
signed manifest lists the SHA-256 of each part's ciphertext.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from client.crypto.stream import Readable, seal, unseal
from protocol.contexts import Id, attachment_context
from protocol.errors import SealBroken, SealedSizeChanged
from protocol.shapes import PART_SIZE, part_count


@dataclass(frozen=True)
class SealedPart:
    """One part as it goes to the server."""

    index: int
    count: int
    sealed: bytes

    @property
    def sha256(self) -> bytes:
        """Of the ciphertext, for the manifest."""
        return sha256(self.sealed).digest()


def sealed_parts(
    key: bytes, net: Id, case: Id, attachment: Id, source: Readable, *, size: int
) -> Iterator[SealedPart]:
    """Seal a source of exactly ``size`` bytes part by part; one part in memory at a time.

    The size is needed first because the number of parts is bound into each of them. A source that
    turns out shorter or longer raises, before its last part is handed over.
    """
    count = part_count(size)
    for index in range(count):
        wanted = min(PART_SIZE, size - index * PART_SIZE)
        plain = _exactly(source, wanted)
        if index == count - 1 and source.read(1):
            raise SealedSizeChanged("the source is longer than announced")
        context = attachment_context(net, case, attachment, index, count)
        yield SealedPart(index, count, seal(key, context, plain))


def unsealed_parts(
    key: bytes,
    net: Id,
    case: Id,
    attachment: Id,
    parts: Iterable[bytes],
    *,
    digests: list[bytes],
) -> Iterator[bytes]:
    """Open parts in order against the digests of the signed manifest; yields each plaintext.

    Raises at the first part that is not the one signed for, and at the end if parts are missing.
    """
    count = len(digests)
    index = 0
    for sealed in parts:
        if index == count:
            raise SealBroken("more parts than the manifest lists")
        if not compare_digest(sha256(sealed).digest(), digests[index]):
            raise SealBroken(f"part {index} is not the one the manifest lists")
        yield unseal(key, attachment_context(net, case, attachment, index, count), sealed)
        index += 1
    if index != count:
        raise SealBroken("fewer parts than the manifest lists")


def _exactly(source: Readable, size: int) -> bytes:
    pieces: list[bytes] = []
    missing = size
    while missing:
        piece = source.read(missing)
        if not piece:
            raise SealedSizeChanged("the source is shorter than announced")
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
