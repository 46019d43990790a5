"""``seal`` and ``unseal``: Tink's AES256-GCM-HKDF streaming format with 1 MiB segments.

``28 ‖ salt32 ‖ prefix7 ‖ segments``: the segment key is HKDF-SHA256(key, salt, info=context), the
nonce is ``prefix ‖ uint32 index ‖ last``. Index and last flag in the nonce refuse reordered, cut or
spliced segments; the context refuses a blob moved elsewhere. A fresh salt at each call makes
sealing again safe (https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming).

The streaming variants hold two segments in memory whatever the size. What ``unseal_chunks``
yields is authentic but the end is not yet proven: the caller must not act on the beginning of a
file before the iterator has ended without raising.
"""

import os
from collections.abc import Iterator
from io import RawIOBase
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from client.crypto.derive import derive
from protocol.encoding import check_size
from protocol.errors import SealBroken, SealedHeaderUnknown, SealedLengthImpossible, SealedTooShort
from protocol.shapes import (
    FIRST_PLAIN,
    HEADER_SIZE,
    KEY_SIZE,
    NEXT_PLAIN,
    PREFIX_SIZE,
    SALT_SIZE,
    SEGMENT_SIZE,
    TAG_SIZE,
    check_sealed,
    sealed_size,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Readable(Protocol):
    """A binary source: an open file, a ``BytesIO``, a socket's file."""

    def read(self, size: int, /) -> bytes: ...


class _Segments:
    """The cipher of one blob: its segment key, nonce prefix and a counter."""

    def __init__(self, key: bytes, context: str, salt: bytes, prefix: bytes) -> None:
        check_size(key, KEY_SIZE, "sealing key")
        self._cipher = AESGCM(derive(key, context.encode("utf-8"), salt))
        self._prefix = prefix
        self._index = 0

    def _nonce(self, last: bool) -> bytes:
        nonce = self._prefix + self._index.to_bytes(4, "big") + bytes([last])
        self._index += 1
        return nonce

    def seal(self, plain: bytes | memoryview, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last), plain, None)

    def unseal(self, sealed: bytes | memoryview, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(last), sealed, None)
        except InvalidTag as error:
            raise SealBroken("wrong key, wrong place, or changed bytes") from error


def seal(key: bytes, context: str, plain: bytes | bytearray | memoryview) -> bytes:
    """Seal ``plain`` under a 32-byte key, bound to its place."""
    return seal_with(key, context, plain, os.urandom(SALT_SIZE), os.urandom(PREFIX_SIZE))


def seal_with(
    key: bytes, context: str, plain: bytes | bytearray | memoryview, salt: bytes, prefix: bytes
) -> bytes:
    """``seal`` with a given salt and prefix, for frozen vectors only.

    Reusing a salt and prefix with another plaintext gives away both plaintexts and the key that
    authenticates them.
    """
    header = bytes([HEADER_SIZE]) + check_size(salt, SALT_SIZE, "salt")
    header += check_size(prefix, PREFIX_SIZE, "nonce prefix")
    segments = _Segments(key, context, salt, prefix)
    view = memoryview(plain)
    size = len(view)
    pieces = [header, segments.seal(view[:FIRST_PLAIN], size <= FIRST_PLAIN)]
    for start in range(FIRST_PLAIN, size, NEXT_PLAIN):
        end = start + NEXT_PLAIN
        pieces.append(segments.seal(view[start:end], end >= size))
    return b"".join(pieces)


def unseal(key: bytes, context: str, sealed: bytes | bytearray | memoryview) -> bytes:
    """Open what ``seal`` made for this key and place, or raise; never part of it."""
    view = memoryview(sealed)
    check_sealed(bytes(view[:1]), len(view))
    segments = _opener(key, context, bytes(view[:HEADER_SIZE]))
    total = len(view)
    starts = [HEADER_SIZE, *range(SEGMENT_SIZE, total, SEGMENT_SIZE)]
    ends = [*starts[1:], total]
    return b"".join(
        segments.unseal(view[start:end], end == total)
        for start, end in zip(starts, ends, strict=True)
    )


def seal_chunks(key: bytes, context: str, source: Readable) -> Iterator[bytes]:
    """Seal a source of unknown length; yields the header with the first segment, then segments."""
    salt, prefix = os.urandom(SALT_SIZE), os.urandom(PREFIX_SIZE)
    segments = _Segments(key, context, salt, prefix)
    head = bytes([HEADER_SIZE]) + salt + prefix
    piece = _read(source, FIRST_PLAIN)
    following = _read(source, NEXT_PLAIN)
    yield head + segments.seal(piece, not following)
    while following:
        piece, following = following, _read(source, NEXT_PLAIN)
        yield segments.seal(piece, not following)


def unseal_chunks(key: bytes, context: str, source: Readable) -> Iterator[bytes]:
    """Open a source segment by segment; see the module about acting before the end."""
    head = _read(source, HEADER_SIZE)
    segments = _opener(key, context, head)
    piece = _read(source, SEGMENT_SIZE - HEADER_SIZE)
    if len(piece) < TAG_SIZE:
        raise SealedTooShort("no room for an authentication tag")
    following = _read(source, SEGMENT_SIZE)
    yield segments.unseal(piece, not following)
    while following:
        if len(following) <= TAG_SIZE:
            raise SealedLengthImpossible("a last segment holds no plaintext")
        piece, following = following, _read(source, SEGMENT_SIZE)
        yield segments.unseal(piece, not following)


class SealingReader(RawIOBase):
    """A readable file of the sealed bytes of ``source``: hand it to an HTTP client as a body."""

    def __init__(self, key: bytes, context: str, source: Readable, size: int | None = None) -> None:
        """``size`` of the plaintext, when known, gives ``len()`` to the sealed file."""
        super().__init__()
        self._chunks = seal_chunks(key, context, source)
        self._rest = memoryview(b"")
        self._size = None if size is None else sealed_size(size)

    def __len__(self) -> int:
        if self._size is None:
            raise TypeError("the size of the source was not given")
        return self._size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        return _fill(self, buffer)


class UnsealingReader(RawIOBase):
    """A readable file of the plaintext behind ``source``; a broken seal raises while reading."""

    def __init__(self, key: bytes, context: str, source: Readable) -> None:
        super().__init__()
        self._chunks = unseal_chunks(key, context, source)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        return _fill(self, buffer)


def _fill(reader: SealingReader | UnsealingReader, buffer: "WriteableBuffer") -> int:
    view = memoryview(buffer).cast("B")
    while not reader._rest:
        chunk = next(reader._chunks, None)
        if chunk is None:
            return 0
        reader._rest = memoryview(chunk)
    count = min(len(view), len(reader._rest))
    view[:count] = reader._rest[:count]
    reader._rest = reader._rest[count:]
    return count


def _opener(key: bytes, context: str, head: bytes) -> _Segments:
    if len(head) < HEADER_SIZE:
        raise SealedTooShort("no room for a header")
    if head[0] != HEADER_SIZE:
        raise SealedHeaderUnknown("the first byte is not the header length of the format")
    return _Segments(key, context, head[1 : 1 + SALT_SIZE], head[1 + SALT_SIZE :])


def _read(source: Readable, size: int) -> bytes:
    """Exactly ``size`` bytes, or all that is left: raw sources may give less at a time."""
    piece = source.read(size)
    while len(piece) < size and (more := source.read(size - len(piece))):
        piece += more
    return piece
