"""Sealing: frozen vectors, round trips at segment edges, and every way to break a seal."""

import tracemalloc
from hashlib import sha256
from io import BytesIO, RawIOBase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.crypto import SealingReader, UnsealingReader, seal, seal_chunks, unseal, unseal_chunks
from client.crypto.stream import seal_with
from protocol.encoding import unb64
from protocol.errors import (
    SealBroken,
    SealedHeaderUnknown,
    SealedLengthImpossible,
    SealedTooShort,
    WrongLength,
)
from protocol.shapes import FIRST_PLAIN, NEXT_PLAIN, SEGMENT_SIZE, sealed_size
from tests.vectors.load import pattern, vectors

KEY = bytes(range(32))
HERE = "cordee1|header|here|0|0"
EDGES = [0, 1, FIRST_PLAIN - 1, FIRST_PLAIN, FIRST_PLAIN + 1, FIRST_PLAIN + NEXT_PLAIN,
         FIRST_PLAIN + NEXT_PLAIN + 1]  # fmt: skip
SEALS = vectors("cordee1")["seal"]


@pytest.fixture(scope="module")
def three_segments() -> bytes:
    return seal(KEY, HERE, pattern(FIRST_PLAIN + NEXT_PLAIN + 500, 3))


@pytest.mark.parametrize("vector", SEALS, ids=lambda vector: vector["name"])
def test_frozen_seals_both_ways(vector):
    key, context = unb64(vector["key"]), vector["ctx"]
    plain = pattern(vector["plain_len"], vector["k"])
    assert sha256(plain).hexdigest() == vector["plain_sha256"]
    sealed = seal_with(key, context, plain, unb64(vector["salt"]), unb64(vector["prefix"]))
    assert len(sealed) == vector["sealed_len"] == sealed_size(len(plain))
    assert sha256(sealed).hexdigest() == vector["sealed_sha256"]
    if "sealed" in vector:
        assert sealed == unb64(vector["sealed"])
    assert unseal(key, context, sealed) == plain
    assert b"".join(unseal_chunks(key, context, BytesIO(sealed))) == plain


@pytest.mark.parametrize("size", EDGES)
def test_streamed_and_whole_seals_open_each_other(size):
    plain = pattern(size, 7)
    streamed = b"".join(seal_chunks(KEY, HERE, BytesIO(plain)))
    assert len(streamed) == sealed_size(size)
    assert unseal(KEY, HERE, streamed) == plain
    assert UnsealingReader(KEY, HERE, BytesIO(seal(KEY, HERE, plain))).readall() == plain
    reader = SealingReader(KEY, HERE, BytesIO(plain), size)
    assert len(reader) == sealed_size(size)
    assert unseal(KEY, HERE, reader.readall()) == plain


@settings(max_examples=60, deadline=None)
@given(
    key=st.binary(min_size=32, max_size=32),
    context=st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    plain=st.binary(max_size=4096),
)
def test_round_trip(key, context, plain):
    assert unseal(key, context, seal(key, context, plain)) == plain


@given(sizes=st.lists(st.integers(1, 70_000), min_size=1, max_size=8))
@settings(max_examples=15, deadline=None)
def test_sources_that_give_little_at_a_time(sizes):
    class Trickle(RawIOBase):
        def __init__(self, content: bytes) -> None:
            self.source, self.turn = BytesIO(content), 0

        def read(self, size: int = -1, /) -> bytes:
            self.turn += 1
            return self.source.read(min(size, sizes[self.turn % len(sizes)]))

    plain = pattern(FIRST_PLAIN + 1000, 9)
    if min(sizes) < 500:
        plain = plain[:20_000]
    sealed = b"".join(seal_chunks(KEY, HERE, Trickle(plain)))
    assert b"".join(unseal_chunks(KEY, HERE, Trickle(sealed))) == plain


def test_sealing_twice_shares_nothing():
    assert len({seal(KEY, HERE, b"same")[1:40] for _ in range(50)}) == 50


def test_memory_does_not_grow_with_the_file():
    class Zeros:
        def __init__(self, size: int) -> None:
            self.left = size

        def read(self, size: int, /) -> bytes:
            size = min(size, self.left)
            self.left -= size
            return bytes(size)

    tracemalloc.start()
    try:
        total = 0
        sealing = SealingReader(KEY, HERE, Zeros(48 * SEGMENT_SIZE))
        for piece in unseal_chunks(KEY, HERE, sealing):
            total += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 48 * SEGMENT_SIZE
    assert peak < 10 * SEGMENT_SIZE


def refuse(error, sealed, key=KEY, context=HERE):
    """Whole and streamed opening refuse alike."""
    with pytest.raises(error):
        unseal(key, context, sealed)
    with pytest.raises(error):
        for _ in unseal_chunks(key, context, BytesIO(sealed)):
            pass


def test_another_key_or_place(three_segments):
    refuse(SealBroken, three_segments, key=bytes(32))
    refuse(SealBroken, three_segments, context="cordee1|header|here|0|1")
    refuse(SealBroken, three_segments, context="")


REGIONS = {
    "salt": [1, 16, 32],
    "prefix": [33, 39],
    "first byte of the first segment": [40],
    "inside the first segment": [500_000],
    "tag of the first segment": [SEGMENT_SIZE - 16, SEGMENT_SIZE - 1],
    "second segment": [SEGMENT_SIZE, SEGMENT_SIZE + 70_000],
    "last segment": [2 * SEGMENT_SIZE],
    "last tag": [-16, -1],
}


@pytest.mark.parametrize("region", REGIONS)
def test_one_flipped_bit(three_segments, region):
    for place in REGIONS[region]:
        for bit in (1, 128):
            changed = bytearray(three_segments)
            changed[place] ^= bit
            refuse(SealBroken, bytes(changed))


def test_every_flipped_bit_of_a_short_seal():
    sealed = seal(KEY, HERE, b"Odette")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << (place % 8)
        refuse(SealedHeaderUnknown if place == 0 else SealBroken, bytes(changed))


def test_truncation_at_every_length_of_a_short_seal():
    sealed = seal(KEY, HERE, b"Odette")
    for size in range(len(sealed)):
        refuse(SealedTooShort if size < 56 else SealBroken, sealed[:size])


def test_truncation_at_segment_edges(three_segments):
    refuse(SealBroken, three_segments[:-1])
    refuse(SealBroken, three_segments[:SEGMENT_SIZE])
    refuse(SealBroken, three_segments[: 2 * SEGMENT_SIZE])
    refuse(SealBroken, three_segments[: SEGMENT_SIZE + 17])


def test_cut_inside_a_tag(three_segments):
    for size in (SEGMENT_SIZE + 1, SEGMENT_SIZE + 16):
        with pytest.raises(SealedLengthImpossible):
            unseal(KEY, HERE, three_segments[:size])
        with pytest.raises((SealedLengthImpossible, SealBroken)):
            list(unseal_chunks(KEY, HERE, BytesIO(three_segments[:size])))


def test_added_bytes(three_segments):
    refuse(SealBroken, three_segments + b"\0")
    refuse(SealBroken, seal(KEY, HERE, b"Odette") + b"\0")


def test_segments_reordered_repeated_dropped_or_spliced(three_segments):
    first, second, last = (
        three_segments[:SEGMENT_SIZE],
        three_segments[SEGMENT_SIZE : 2 * SEGMENT_SIZE],
        three_segments[2 * SEGMENT_SIZE :],
    )
    other = seal(KEY, HERE, pattern(FIRST_PLAIN + NEXT_PLAIN + 500, 3))
    refuse(SealBroken, first + last)
    refuse(SealBroken, first + second + second + last)
    refuse(SealBroken, three_segments[:40] + other[40:])
    refuse(SealBroken, first + other[SEGMENT_SIZE:])
    refuse(SealBroken, first + other[SEGMENT_SIZE : 2 * SEGMENT_SIZE] + last)
    twice = first + second + second[: len(second)]
    refuse(SealBroken, twice)


def test_two_full_segments_swapped():
    sealed = seal(KEY, HERE, pattern(FIRST_PLAIN + 2 * NEXT_PLAIN + 5, 1))
    one, two = sealed[SEGMENT_SIZE : 2 * SEGMENT_SIZE], sealed[2 * SEGMENT_SIZE : 3 * SEGMENT_SIZE]
    refuse(SealBroken, sealed[:SEGMENT_SIZE] + two + one + sealed[3 * SEGMENT_SIZE :])


def test_keys_and_salts_of_another_size():
    for key in (b"", bytes(16), bytes(31), bytes(33)):
        with pytest.raises(WrongLength):
            seal(key, HERE, b"")
        with pytest.raises(WrongLength):
            unseal(key, HERE, seal(KEY, HERE, b""))
    with pytest.raises(WrongLength):
        seal_with(KEY, HERE, b"", bytes(31), bytes(7))
    with pytest.raises(WrongLength):
        seal_with(KEY, HERE, b"", bytes(32), bytes(8))


def test_a_sealed_file_of_unknown_size_has_no_length():
    with pytest.raises(TypeError):
        len(SealingReader(KEY, HERE, BytesIO(b"")))
