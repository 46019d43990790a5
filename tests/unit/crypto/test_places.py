"""Encodings, contexts, shapes and the Merkle log: one way to write each thing."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.crypto import LogKind, log_leaf, merkle_root
from protocol import contexts
from protocol.encoding import b64, check_time, check_uuid, unb64, utc_time
from protocol.errors import (
    ContextRefused,
    EncodingRefused,
    NotCanonicalBase64,
    NotLowerCaseUuid,
    NotUtcTime,
    SealedHeaderUnknown,
    SealedLengthImpossible,
    SealedTooShort,
    ShapeRefused,
    WrappedSizeWrong,
    WrongLength,
)
from protocol.merkle import LEAF_SIZE
from protocol.shapes import (
    WRAPPED_SIZE,
    check_sealed,
    check_wrapped,
    part_count,
    plain_size,
    sealed_size,
)
from tests.vectors.load import vectors

EXTRA = vectors("cordee1-extra")
LOGS = vectors("cordee1")["log"]

SOME_ID = "58ca4117-83a2-4844-92d9-8eef81b6d790"


def called(vector):
    return getattr(contexts, vector["name"])(*vector["arguments"])


@pytest.mark.parametrize("vector", EXTRA["contexts"], ids=lambda vector: vector["context"])
def test_frozen_contexts(vector):
    assert called(vector) == vector["context"]


@pytest.mark.parametrize("vector", EXTRA["contexts_refused"], ids=lambda v: str(v["arguments"]))
def test_refused_contexts(vector):
    with pytest.raises(EncodingRefused):
        called(vector)


def test_no_two_places_share_a_context():
    made = [vector["context"] for vector in EXTRA["contexts"]]
    assert len(set(made)) == len(made)


def test_contexts_take_uuids_as_objects_too():
    net, account = uuid4(), uuid4()
    as_text = contexts.keys_context(str(net), str(account), 0)
    assert contexts.keys_context(net, account, 0) == as_text


@given(st.sampled_from(["group", "account"]), st.uuids(), st.integers(0, 2**53 - 1))
def test_recipients_round_trip(kind, ident, number):
    make = contexts.group_recipient if kind == "group" else contexts.account_recipient
    parsed = contexts.parse_recipient(make(ident, number))
    assert (parsed.kind, parsed.id, parsed.number) == (kind, str(ident), number)


@given(st.text(max_size=60))
def test_any_text_as_a_recipient(text):
    try:
        parsed = contexts.parse_recipient(text)
    except EncodingRefused:
        return
    assert parsed.kind == "custodian"
    assert contexts.custodian_recipient(parsed.number) == text


@pytest.mark.parametrize("value", [True, 1.0, "1", None, -1, 2**53])
def test_numbers_that_are_none(value):
    with pytest.raises(ContextRefused):
        contexts.custodian_recipient(value)


@given(st.binary(max_size=100))
def test_base64_round_trip(value):
    assert unb64(b64(value)) == value


@pytest.mark.parametrize("text", EXTRA["base64_refused"])
def test_refused_base64(text):
    with pytest.raises(NotCanonicalBase64):
        unb64(text)


@given(st.text(max_size=12))
def test_every_value_has_one_base64(text):
    with contextlib.suppress(NotCanonicalBase64):
        assert b64(unb64(text)) == text


def test_base64_of_another_size():
    with pytest.raises(WrongLength):
        unb64(b64(bytes(31)), 32)


@pytest.mark.parametrize("value", [
    "", "x", SOME_ID.upper(), SOME_ID.replace("-", ""), f"{{{SOME_ID}}}", f"urn:uuid:{SOME_ID}",
    f"{SOME_ID}\n", f" {SOME_ID}", None, 7,
])  # fmt: skip
def test_ids_in_another_form(value):
    if isinstance(value, str) and value == value.lower() and len(value) == 36:
        pytest.fail("the example must not be canonical")
    with pytest.raises(NotLowerCaseUuid):
        check_uuid(value)


def test_times():
    morning = datetime(2026, 3, 2, 8, 41, 5, 120_999, timezone(timedelta(hours=1)))
    assert utc_time(morning) == "2026-03-02T07:41:05.120Z"
    assert check_time(utc_time(datetime.now(UTC)))
    assert check_time("2026-03-02T07:41:05Z")
    for wrong in ("2026-13-02T07:41:05Z", "2026-03-02T25:41:05Z", "2026-03-02", "", None,
                  "2026-03-02T07:41:05z", "2026-03-02T07:41:05.Z", "２026-03-02T07:41:05Z"):  # fmt: skip
        with pytest.raises(NotUtcTime):
            check_time(wrong)
    with pytest.raises(NotUtcTime):
        utc_time(datetime(2026, 3, 2))


@pytest.mark.parametrize("sizes", EXTRA["sizes"]["possible"], ids=lambda sizes: sizes["plain"])
def test_frozen_sizes(sizes):
    assert sealed_size(sizes["plain"]) == sizes["sealed"]
    assert plain_size(sizes["sealed"]) == sizes["plain"]
    assert check_sealed(b"\x28", sizes["sealed"]) == sizes["plain"]


@pytest.mark.parametrize("size", EXTRA["sizes"]["sealed_impossible"])
def test_sizes_no_plaintext_gives(size):
    with pytest.raises(ShapeRefused):
        plain_size(size)


@given(st.integers(0, 2**40))
def test_sizes_round_trip(size):
    assert plain_size(sealed_size(size)) == size


@given(st.integers(0, 2**40))
def test_any_length_is_that_of_one_plaintext_or_none(size):
    with contextlib.suppress(SealedTooShort, SealedLengthImpossible):
        assert sealed_size(plain_size(size)) == size


def test_shapes_of_blobs():
    assert check_sealed(b"\x28" + bytes(55)) == 0
    with pytest.raises(SealedHeaderUnknown):
        check_sealed(bytes(56))
    with pytest.raises(SealedTooShort):
        check_sealed(b"")
    with pytest.raises(SealedLengthImpossible):
        sealed_size(-1)
    check_wrapped(bytes(WRAPPED_SIZE))
    for size in (0, WRAPPED_SIZE - 1, WRAPPED_SIZE + 1):
        with pytest.raises(WrappedSizeWrong):
            check_wrapped(bytes(size))
    assert WRAPPED_SIZE == 1168
    assert [part_count(size) for size in (0, 1, 2**23, 2**23 + 1)] == [1, 1, 1, 2]


@pytest.mark.parametrize("vector", LOGS, ids=lambda vector: vector["size"])
def test_frozen_logs(vector):
    leaves = [unb64(leaf) for leaf in vector["leaves"]]
    assert len(leaves) == vector["size"]
    assert merkle_root(leaves) == unb64(vector["root"])
    for leaf in leaves:
        ident, seq = str(UUID(bytes=leaf[1:17])), int.from_bytes(leaf[17:21], "big")
        assert log_leaf(leaf[0], ident, seq, leaf[21:]) == leaf
        assert len(leaf) == LEAF_SIZE == 53


def by_the_rfc(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\1" + by_the_rfc(leaves[:split]) + by_the_rfc(leaves[split:])).digest()


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_the_flat_tree_is_the_recursive_one(leaves):
    assert merkle_root(leaves) == by_the_rfc(leaves)


def test_dropped_changed_or_reordered_leaves():
    leaves = [log_leaf(LogKind.ACCOUNT, uuid4(), n, bytes(32)) for n in range(7)]
    root = merkle_root(leaves)
    for place in range(7):
        assert merkle_root(leaves[:place] + leaves[place + 1 :]) != root
        changed = bytes([leaves[place][0] ^ 3]) + leaves[place][1:]
        assert merkle_root([*leaves[:place], changed, *leaves[place + 1 :]]) != root
    assert merkle_root(leaves[::-1]) != root


def test_leaves_that_are_none():
    for kind, seq in ((0, 0), (4, 0), (1, -1), (1, 2**32)):
        with pytest.raises(ContextRefused):
            log_leaf(kind, uuid4(), seq, bytes(32))
    with pytest.raises(WrongLength):
        log_leaf(LogKind.GROUP, uuid4(), 0, bytes(31))
    with pytest.raises(NotLowerCaseUuid):
        log_leaf(LogKind.GROUP, "x", 0, bytes(32))
