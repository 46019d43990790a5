"""Attachments in parts: order, number and content are bound."""

from hashlib import sha256
from io import BytesIO
from uuid import uuid4

import pytest

from client.crypto import sealed_parts, unseal, unsealed_parts
from protocol.contexts import attachment_context
from protocol.errors import SealBroken, SealedSizeChanged
from protocol.shapes import PART_SIZE, part_count, sealed_size
from tests.vectors.load import pattern

KEY = bytes(range(1, 33))
NET, CASE, FILE = (str(uuid4()) for _ in range(3))


@pytest.fixture(scope="module")
def photo() -> bytes:
    return pattern(PART_SIZE + 1000, 5)


@pytest.fixture(scope="module")
def sealed(photo) -> list[bytes]:
    return [part.sealed for part in parts_of(photo)]


def parts_of(content: bytes, size: int | None = None):
    size = len(content) if size is None else size
    return sealed_parts(KEY, NET, CASE, FILE, BytesIO(content), size=size)


def opened(parts: list[bytes], digests: list[bytes], case: str = CASE) -> bytes:
    return b"".join(unsealed_parts(KEY, NET, case, FILE, parts, digests=digests))


def digests_of(parts: list[bytes]) -> list[bytes]:
    return [sha256(part).digest() for part in parts]


@pytest.mark.parametrize("size", [0, 1, PART_SIZE, PART_SIZE + 1])
def test_round_trip(size):
    content = pattern(size, 2)
    parts = list(parts_of(content))
    assert [part.index for part in parts] == list(range(part_count(size)))
    assert {part.count for part in parts} == {part_count(size)}
    assert sum(len(part.sealed) for part in parts) == sum(
        sealed_size(min(PART_SIZE, size - index * PART_SIZE)) for index in range(part_count(size))
    )
    assert opened([part.sealed for part in parts], [part.sha256 for part in parts]) == content


def test_each_part_opens_only_in_its_place(sealed):
    for index, part in enumerate(sealed):
        assert unseal(KEY, attachment_context(NET, CASE, FILE, index, 2), part)
        with pytest.raises(SealBroken):
            unseal(KEY, attachment_context(NET, CASE, FILE, 1 - index, 2), part)
        with pytest.raises(SealBroken):
            unseal(KEY, attachment_context(NET, CASE, FILE, index, 3), part)


def test_parts_the_manifest_does_not_list(sealed):
    digests = digests_of(sealed)
    with pytest.raises(SealBroken, match="part 0"):
        opened(sealed[::-1], digests)
    with pytest.raises(SealBroken, match="fewer"):
        opened(sealed[:1], digests)
    with pytest.raises(SealBroken, match="more"):
        opened([*sealed, sealed[1]], digests)
    with pytest.raises(SealBroken, match="part 1"):
        opened([sealed[0], sealed[1][:-1]], digests)


def test_swapped_parts_even_with_matching_digests(sealed):
    with pytest.raises(SealBroken):
        opened(sealed[::-1], digests_of(sealed[::-1]))
    with pytest.raises(SealBroken):
        opened(sealed[:1], digests_of(sealed[:1]))


def test_parts_moved_to_another_case(sealed):
    with pytest.raises(SealBroken):
        opened(sealed, digests_of(sealed), case=str(uuid4()))


def test_a_source_that_changed_size():
    with pytest.raises(SealedSizeChanged, match="shorter"):
        list(parts_of(b"1234", size=5))
    with pytest.raises(SealedSizeChanged, match="longer"):
        list(parts_of(b"1234", size=3))
