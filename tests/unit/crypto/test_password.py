"""Passwords and recovery codes: frozen keys, forgiving typing, refused downgrades."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.crypto import (
    DEFAULT_KDF,
    check_kdf,
    format_recovery_code,
    new_recovery_code,
    password_keys,
    random_salt,
    read_recovery_code,
    recovery_keys,
)
from client.crypto.derive import derive
from client.crypto.password import split_master
from protocol.encoding import unb64
from protocol.errors import (
    KdfTooCostly,
    KdfTooWeak,
    KdfUnknown,
    RecoveryCodeMalformed,
    RecoveryCodeMistyped,
    WrongLength,
)
from tests.vectors.load import vectors

PASSWORDS = vectors("cordee1")["password"]
RECOVERY = vectors("cordee1-extra")["recovery"]
REFUSED = vectors("cordee1-extra")["recovery_refused"]


@pytest.mark.parametrize("vector", PASSWORDS, ids=range(len(PASSWORDS)))
def test_frozen_passwords(vector):
    keys = password_keys(vector["password"], unb64(vector["salt"]), vector["kdf"])
    assert keys == (unb64(vector["auth"]), unb64(vector["kek"]))


def test_a_password_typed_on_another_keyboard():
    """Composed and decomposed accents, full-width letters: NFKC makes them one."""
    salt = random_salt()
    composed = password_keys("neige d\u2019\u00e9t\u00e9 Abc", salt, DEFAULT_KDF)
    decomposed = password_keys("neige d\u2019e\u0301te\u0301 \uff21bc", salt, DEFAULT_KDF)
    assert composed == decomposed
    assert composed[0] != composed[1]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"m": 65535}, KdfTooWeak),
        ({"m": 8}, KdfTooWeak),
        ({"t": 2}, KdfTooWeak),
        ({"t": 0}, KdfTooWeak),
        ({"m": -1}, KdfTooWeak),
        ({"p": 2}, KdfUnknown),
        ({"p": 0}, KdfUnknown),
        ({"p": True}, KdfUnknown),
        ({"m": "65536"}, KdfUnknown),
        ({"t": 3.0}, KdfUnknown),
        ({"alg": "argon2i"}, KdfUnknown),
        ({"alg": "pbkdf2"}, KdfUnknown),
        ({"extra": 1}, KdfUnknown),
        ({"m": 1024 * 1024 + 1}, KdfTooCostly),
        ({"t": 17}, KdfTooCostly),
    ],
)
def test_parameters_no_client_accepts(change, error):
    with pytest.raises(error):
        password_keys("mot de passe", bytes(16), {**DEFAULT_KDF, **change})


def test_stronger_parameters_are_welcome():
    check_kdf({"alg": "argon2id", "m": 262_144, "t": 4, "p": 1})


@pytest.mark.parametrize("missing", ["alg", "m", "t", "p"])
def test_missing_parameters(missing):
    with pytest.raises(KdfUnknown):
        check_kdf({name: value for name, value in DEFAULT_KDF.items() if name != missing})


@pytest.mark.parametrize("size", [0, 8, 15, 17, 32])
def test_salts_of_another_size(size):
    with pytest.raises(WrongLength):
        password_keys("mot de passe", bytes(size), DEFAULT_KDF)


@pytest.mark.parametrize("vector", RECOVERY, ids=range(len(RECOVERY)))
def test_frozen_recovery_codes(vector):
    code = unb64(vector["code"])
    assert format_recovery_code(code) == vector["printed"]
    for typed in vector["typed"]:
        assert read_recovery_code(typed) == code
    master = derive(code, b"cordee1 recovery")
    assert master == unb64(vector["master"])
    assert recovery_keys(code) == split_master(master)
    assert recovery_keys(code) == (unb64(vector["auth"]), unb64(vector["kek"]))


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**32))
def test_any_code_however_it_is_typed(code, seed):
    printed = format_recovery_code(code)
    assert len(printed) == 39
    assert set(printed) <= set(string.ascii_uppercase + string.digits + "-") - set("ILOU")
    lowered = "".join(
        letter.lower() if seed >> (index % 32) & 1 else letter
        for index, letter in enumerate(printed)
    )
    assert read_recovery_code(lowered.replace("-", " ")) == code


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector["name"])
def test_codes_nobody_was_given(vector):
    error = RecoveryCodeMistyped if "check" in vector["name"] else RecoveryCodeMalformed
    with pytest.raises(error):
        read_recovery_code(vector["typed"])


def test_new_codes_differ():
    assert len({new_recovery_code() for _ in range(100)}) == 100


def test_codes_and_masters_of_another_size():
    with pytest.raises(WrongLength):
        format_recovery_code(bytes(16))
    with pytest.raises(WrongLength):
        recovery_keys(bytes(21))
    with pytest.raises(WrongLength):
        split_master(bytes(20))
