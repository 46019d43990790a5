"""The log: proofs against the RFC's own recursive definitions, notes, the code read aloud."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import errors, log, merkle_root
from protocol.encoding import b64, unb64
from protocol.errors import LogRefused, NoteMalformed
from protocol.log import (
    GrowingTree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from protocol.merkle import log_leaf
from protocol.note import (
    COSIGNATURE,
    ED25519,
    cosigners,
    key_id,
    read_note,
    read_verifier_key,
    verify_checkpoint,
)
from protocol.safety import safety_code
from tests.vectors.load import vectors
from tests.vectors.write_log import TARGET, write

LOG = vectors("cordee1-log")
NOTES = LOG["notes"]
WITNESSES = [unb64(key) for key in NOTES["witnesses"]]

some_leaves = st.lists(st.binary(max_size=8), max_size=70)


# The RFC's definitions, word for word, as the model


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = naive_split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if whole else [naive_root(leaves)]
    k = naive_split(n)
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def grown(leaves: list[bytes]) -> GrowingTree:
    tree = GrowingTree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


@given(some_leaves)
def test_every_earlier_root_is_still_at_hand(leaves: list[bytes]) -> None:
    tree = grown(leaves)
    for size in range(len(leaves) + 1):
        assert tree.root(size) == naive_root(leaves[:size]) == merkle_root(leaves[:size])


@given(some_leaves.filter(bool), st.data())
def test_inclusion_proofs_are_the_rfcs_and_verify(leaves: list[bytes], data: st.DataObject) -> None:
    tree = grown(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, tree.subtree)
    assert proof == naive_path(index, leaves[:size])
    verify_inclusion(leaf_hash(leaves[index]), index, size, proof, tree.root(size))


@given(some_leaves.filter(bool), st.data())
def test_consistency_proofs_are_the_rfcs_and_verify(
    leaves: list[bytes], data: st.DataObject
) -> None:
    tree = grown(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    old = data.draw(st.integers(0, size))
    proof = consistency_proof(old, size, tree.subtree)
    if old > 0:
        assert proof == naive_subproof(old, leaves[:size], True)
    verify_consistency(old, tree.root(old), size, tree.root(size), proof)


@given(st.integers(2, 40), st.data())
def test_a_proof_changed_anywhere_is_refused(size: int, data: st.DataObject) -> None:
    leaves = [bytes([n]) for n in range(size)]
    tree = grown(leaves)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size - 1))
    good = inclusion_proof(index, size, tree.subtree)
    later = consistency_proof(old, size, tree.subtree)
    for proof, verify in (
        (good, lambda p: verify_inclusion(tree.subtree(0, index), index, size, p, tree.root(size))),
        (later, lambda p: verify_consistency(old, tree.root(old), size, tree.root(size), p)),
    ):
        verify(proof)
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = 1 << data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[at], "big") ^ bit).to_bytes(32, "big")
        for changed in (
            [*proof[:at], flipped, *proof[at + 1 :]],
            [*proof[:at], *proof[at + 1 :]],
            [*proof, proof[-1]],
        ):
            refused(verify, changed)


@given(st.integers(2, 40), st.data())
def test_a_rewritten_past_has_no_proof(size: int, data: st.DataObject) -> None:
    leaves = [bytes([n]) for n in range(size)]
    old = data.draw(st.integers(1, size - 1))
    tree = grown(leaves)
    changed = data.draw(st.integers(0, old - 1))
    forked = grown([b"forged" if n == changed else leaf for n, leaf in enumerate(leaves)])
    for proof in (
        consistency_proof(old, size, forked.subtree),
        consistency_proof(old, size, tree.subtree),
    ):
        refused(
            lambda p: verify_consistency(old, tree.root(old), size, forked.root(), p),
            proof,
        )


def refused(verify: Callable[[list[bytes]], None], proof: list[bytes]) -> None:
    with pytest.raises(LogRefused):
        verify(proof)


def test_work_grows_with_the_logarithm_only() -> None:
    tree = grown([n.to_bytes(4, "big") for n in range(10_000)])
    asked: list[tuple[int, int]] = []

    def subtree(level: int, index: int) -> bytes:
        asked.append((level, index))
        return tree.subtree(level, index)

    root_at(9_999, subtree)
    assert len(asked) <= 14
    asked.clear()
    inclusion_proof(4_321, 9_999, subtree)
    assert len(asked) <= 28
    asked.clear()
    consistency_proof(8_191, 9_999, subtree)
    assert len(asked) <= 28


def test_growing_costs_two_hashes_a_leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = grown([n.to_bytes(4, "big") for n in range(10_000)])
    counted = 0

    def counting(data: bytes) -> object:
        nonlocal counted
        counted += 1
        return sha256(data)

    monkeypatch.setattr(log, "sha256", counting)
    for n in range(100):
        tree.append(n.to_bytes(5, "big"))
    tree.root()
    assert counted <= 2 * 100 + 14 + 14


# The frozen facts, which the browser's side holds to as well


def test_the_vectors_are_what_their_names_make() -> None:
    assert TARGET.read_text(encoding="utf-8") == write()


def frozen_tree() -> GrowingTree:
    return grown([unb64(one["leaf"]) for one in LOG["leaves"]])


def test_frozen_leaves_and_roots() -> None:
    tree = frozen_tree()
    for one in LOG["leaves"]:
        leaf = log_leaf(one["kind"], one["subject"], one["seq"], unb64(one["hash"]))
        assert b64(leaf) == one["leaf"]
        assert b64(leaf_hash(leaf)) == one["leaf_hash"]
    assert [b64(tree.root(size)) for size in range(len(tree) + 1)] == LOG["roots"]


def test_frozen_proofs() -> None:
    roots = [unb64(root) for root in LOG["roots"]]
    for one in LOG["inclusion"]:
        leaf = unb64(LOG["leaves"][one["index"]]["leaf_hash"])
        verify_inclusion(leaf, one["index"], one["size"], proof_of(one), roots[one["size"]])
    for one in LOG["consistency"]:
        old, size = one["old"], one["size"]
        verify_consistency(old, roots[old], size, roots[size], proof_of(one))


@pytest.mark.parametrize("one", LOG["inclusion_refused"], ids=lambda one: one["why"])
def test_a_false_inclusion(one: dict) -> None:  # type: ignore[type-arg]
    leaf, root = unb64(one["leaf_hash"]), unb64(one["root"])
    with pytest.raises(LogRefused):
        verify_inclusion(leaf, one["index"], one["size"], proof_of(one), root)


@pytest.mark.parametrize("one", LOG["consistency_refused"], ids=lambda one: one["why"])
def test_a_false_consistency(one: dict) -> None:  # type: ignore[type-arg]
    old_root, root = unb64(one["old_root"]), unb64(one["root"])
    with pytest.raises(LogRefused):
        verify_consistency(one["old"], old_root, one["size"], root, proof_of(one))


def proof_of(one: dict) -> list[bytes]:  # type: ignore[type-arg]
    return [unb64(value) for value in one["proof"]]


@pytest.mark.parametrize("written", NOTES["good"])
def test_a_cosigned_checkpoint(written: str) -> None:
    note = read_note(written)
    assert note.written() == written
    point = verify_checkpoint(note, NOTES["origin"], unb64(NOTES["log_key"]), WITNESSES, NOTES["k"])
    assert (point.size, b64(point.root)) == (NOTES["size"], NOTES["root"])
    times = cosigners(note.text, note.signatures, WITNESSES)
    assert times == dict.fromkeys(WITNESSES, NOTES["time"])


@pytest.mark.parametrize("one", NOTES["refused"], ids=lambda one: one["why"])
def test_a_refused_checkpoint(one: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(getattr(errors, one["error"])):
        verify_checkpoint(
            read_note(one["note"]), NOTES["origin"], unb64(NOTES["log_key"]), WITNESSES, NOTES["k"]
        )


def test_the_example_of_the_specification() -> None:
    """The witness of c2sp.org/tlog-cosignature, whose key is not published: parsed, not verified;
    another's signature is ignored rather than refused."""
    note = read_note(
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhc"
        "yv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3"
        "b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    assert note.checkpoint.size == 20852163
    assert [one.name for one in note.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    assert int.from_bytes(note.signatures[1].signature[:8], "big") == 1679315147
    assert cosigners(note.text, note.signatures, WITNESSES) == {}


def test_a_key_has_another_id_for_each_use() -> None:
    assert key_id("a", ED25519, WITNESSES[0]) != key_id("a", COSIGNATURE, WITNESSES[0])


def test_verifier_keys_are_read_back() -> None:
    for text, key in zip(NOTES["witness_keys"], WITNESSES, strict=True):
        assert read_verifier_key(text, COSIGNATURE)[1] == key
        with pytest.raises(NoteMalformed):
            read_verifier_key(text.replace("+", "x+", 1), COSIGNATURE)
        with pytest.raises(NoteMalformed):
            read_verifier_key(text, ED25519)


# What two people read to each other


@pytest.mark.parametrize("one", LOG["safety"])
def test_the_code_is_the_same_on_both_screens(one: dict) -> None:  # type: ignore[type-arg]
    first, second = (
        (person["account"], [unb64(value) for value in person["hashes"]])
        for person in one["people"]
    )
    assert safety_code(unb64(one["root"]), first, second) == one["code"]
    assert safety_code(unb64(one["root"]), second, first) == one["code"]


def test_a_swapped_key_changes_the_code() -> None:
    first, same, swapped = (one["code"] for one in LOG["safety"])
    assert first == same != swapped
