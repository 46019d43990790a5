"""Wrapping: frozen vectors, the HPKE working group's, round trips and refusals."""

import json
import subprocess
import sys

import pytest
from cryptography_vectors import open_vector_file
from hypothesis import given, settings
from hypothesis import strategies as st

from client.crypto import kem_public, suite_of, unwrap, wrap
from protocol.encoding import unb64
from protocol.errors import WrapBroken, WrappedSizeWrong, WrongLength
from protocol.shapes import (
    KEM2_ENC_SIZE,
    KEM2_PUBLIC_SIZE,
    KEM_ENC_SIZE,
    KEM_PUBLIC_SIZE,
    WRAPPED2_SIZE,
    WRAPPED_SIZE,
)
from tests.vectors.load import vectors

SEED = bytes(range(32))
SECRET = bytes(range(32, 64))
HERE = "cordee1|case|here|0|custodian:0"
WRAPS = vectors("cordee1")["wrap"]


@pytest.mark.parametrize("vector", WRAPS, ids=range(len(WRAPS)))
def test_frozen_wraps(vector):
    seed = unb64(vector["seed"])
    assert kem_public(seed) == unb64(vector["public"])
    assert unwrap(seed, vector["ctx"], unb64(vector["wrapped"])) == unb64(vector["secret"])
    again = wrap(unb64(vector["public"]), vector["ctx"], unb64(vector["secret"]))
    assert unwrap(seed, vector["ctx"], again) == unb64(vector["secret"])


def test_public_keys_of_the_working_group():
    with open_vector_file("HPKE/hpke-pq-test-vectors.json", "r") as file:
        cases = json.load(file)
    for suite, kem, size in ((1, 0x647A, KEM_ENC_SIZE), (2, 0x0051, KEM2_ENC_SIZE)):
        hybrid = [case for case in cases if case["kem_id"] == kem]
        assert hybrid
        for case in hybrid:
            assert kem_public(bytes.fromhex(case["skRm"]), suite).hex() == case["pkRm"]
            assert len(bytes.fromhex(case["enc"])) == size


@settings(max_examples=25, deadline=None)
@given(
    seed=st.binary(min_size=32, max_size=32),
    secret=st.binary(min_size=32, max_size=32),
    context=st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    suite=st.sampled_from([1, 2]),
)
def test_round_trip(seed, secret, context, suite):
    public = kem_public(seed, suite)
    wrapped = wrap(public, context, secret)
    sizes = {1: (KEM_PUBLIC_SIZE, WRAPPED_SIZE), 2: (KEM2_PUBLIC_SIZE, WRAPPED2_SIZE)}
    assert (len(public), len(wrapped)) == sizes[suite]
    assert suite_of(public) == suite
    assert unwrap(seed, context, wrapped) == secret


def test_a_wrap_of_the_second_suite_refuses_like_the_first():
    public = kem_public(SEED, 2)
    wrapped = wrap(public, HERE, SECRET)
    for seed, place in ((bytes(32), HERE), (SEED, HERE + "x")):
        with pytest.raises(WrapBroken):
            unwrap(seed, place, wrapped)
    for spot in (0, 1600, 1700):
        changed = bytearray(wrapped)
        changed[spot] ^= 1
        with pytest.raises(WrapBroken):
            unwrap(SEED, HERE, bytes(changed))
    off_the_curve = public[:1568] + b"\x04" + bytes(96)
    with pytest.raises(WrongLength):
        wrap(off_the_curve, HERE, SECRET)


def test_wrapping_twice_shares_nothing():
    public = kem_public(SEED)
    assert wrap(public, HERE, SECRET) != wrap(public, HERE, SECRET)


def test_another_key_or_place():
    wrapped = wrap(kem_public(SEED), HERE, SECRET)
    with pytest.raises(WrapBroken):
        unwrap(bytes(32), HERE, wrapped)
    with pytest.raises(WrapBroken):
        unwrap(SEED, f"{HERE}1", wrapped)


@pytest.mark.parametrize("place", [0, 500, 1087, 1088, 1119, 1120, 1151, 1152, 1167])
def test_a_flipped_bit_in_every_region(place):
    """ML-KEM ciphertext, X25519 share, encrypted secret, tag."""
    changed = bytearray(wrap(kem_public(SEED), HERE, SECRET))
    changed[place] ^= 1
    with pytest.raises(WrapBroken):
        unwrap(SEED, HERE, bytes(changed))


def test_an_x25519_share_of_low_order():
    """An all-zero shared secret is refused, not used."""
    wrapped = wrap(kem_public(SEED), HERE, SECRET)
    with pytest.raises(WrapBroken):
        unwrap(SEED, HERE, wrapped[:1088] + bytes(32) + wrapped[1120:])


def test_halves_of_two_wraps_do_not_mix():
    one, two = (wrap(kem_public(SEED), HERE, SECRET) for _ in range(2))
    with pytest.raises(WrapBroken):
        unwrap(SEED, HERE, one[:1120] + two[1120:])
    with pytest.raises(WrapBroken):
        unwrap(SEED, HERE, one[:1088] + two[1088:])


@pytest.mark.parametrize("size", [0, 1119, 1167, 1169])
def test_sizes_that_are_no_wrap(size):
    with pytest.raises(WrappedSizeWrong):
        unwrap(SEED, HERE, bytes(size))


def test_keys_and_secrets_of_another_size():
    with pytest.raises(WrongLength):
        kem_public(bytes(31))
    with pytest.raises(WrongLength):
        unwrap(bytes(33), HERE, bytes(WRAPPED_SIZE))
    with pytest.raises(WrongLength):
        wrap(bytes(1215), HERE, SECRET)
    with pytest.raises(WrongLength):
        wrap(kem_public(SEED), HERE, bytes(31))


def test_a_public_key_that_encodes_nothing():
    """ML-KEM coefficients are below 3329 (FIPS 203 section 7.2): all ones are not."""
    with pytest.raises(WrongLength):
        wrap(b"\xff" * KEM_PUBLIC_SIZE, HERE, SECRET)


def test_a_build_without_the_hybrid_kem_says_so_at_import():
    hidden = "import sys; sys.modules['cryptography.hazmat.primitives.hpke'] = None; "
    tried = subprocess.run(
        [sys.executable, "-c", f"{hidden}import client.crypto"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 1
    assert "PostQuantumMissing: this build" in tried.stderr
    assert "install cryptography 50 or later" in tried.stderr
