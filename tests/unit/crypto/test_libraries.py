"""The libraries beneath us, against Wycheproof, NIST and the RFCs.

Where one of our functions takes the vector as it stands, it is that function which is tested;
otherwise the very class it calls. A build that loses a check shows here first.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography_vectors import open_vector_file

from client.crypto import sign_public, signing_key
from client.crypto.derive import derive
from protocol.errors import SignatureInvalid
from protocol.statement import verify_signature
from tests.vectors.load import vectors

WYCHEPROOF = vectors("wycheproof")


def named(case: dict[str, Any]) -> str:
    return f"{case['tcId']} {case['comment']}"


def text_vectors(name: str, separator: str = "=") -> Iterator[dict[str, str]]:
    """The ``name = value`` blocks of NIST and RFC vector files; a bare word is a true field."""
    with open_vector_file(name, "r") as file:
        for block in re.split(r"\n\s*\n", file.read()):
            fields = {}
            for line in block.splitlines():
                if not line.startswith(("#", "[")):
                    field, _, value = line.partition(separator)
                    fields[field.strip()] = value.strip()
            if fields:
                yield fields


@pytest.mark.parametrize("case", WYCHEPROOF["ed25519"], ids=named)
def test_wycheproof_ed25519(case):
    values = [bytes.fromhex(case[name]) for name in ("pk", "sig", "msg")]
    if case["result"] == "valid":
        verify_signature(*values)
    else:
        with pytest.raises(SignatureInvalid):
            verify_signature(*values)


@pytest.mark.parametrize("case", WYCHEPROOF["hkdf"], ids=named)
def test_wycheproof_hkdf(case):
    made = derive(
        bytes.fromhex(case["ikm"]), bytes.fromhex(case["info"]), bytes.fromhex(case["salt"])
    )
    assert (made.hex() == case["okm"]) == (case["result"] == "valid")


@pytest.mark.parametrize("case", WYCHEPROOF["aes_gcm"], ids=named)
def test_wycheproof_aes_gcm(case):
    cipher = AESGCM(bytes.fromhex(case["key"]))
    nonce, aad = bytes.fromhex(case["iv"]), bytes.fromhex(case["aad"])
    sealed, plain = bytes.fromhex(case["ct"] + case["tag"]), bytes.fromhex(case["msg"])
    if case["result"] == "valid":
        assert cipher.encrypt(nonce, plain, aad) == sealed
        assert cipher.decrypt(nonce, sealed, aad) == plain
    else:
        with pytest.raises(InvalidTag):
            cipher.decrypt(nonce, sealed, aad)


def test_wycheproof_x25519():
    """Points of low order give no secret at all; every other gives the expected one."""
    for case in WYCHEPROOF["x25519"]:
        private = X25519PrivateKey.from_private_bytes(bytes.fromhex(case["private"]))
        public = X25519PublicKey.from_public_bytes(bytes.fromhex(case["public"]))
        if set(case["shared"]) == {"0"}:
            with pytest.raises(ValueError):
                private.exchange(public)
        else:
            assert private.exchange(public).hex() == case["shared"], named(case)


def test_rfc_8032_ed25519():
    with open_vector_file("asymmetric/Ed25519/sign.input", "r") as file:
        lines = file.read().split()
    assert len(lines) > 1000
    for line in lines[::8]:
        seed, public, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
        seed, signature = seed[:32], signed[:64]
        assert sign_public(seed) == public
        assert signing_key(seed).sign(message) == signature
        verify_signature(public, signature, message)
        with pytest.raises(SignatureInvalid):
            verify_signature(public, signature, message + b"x")


def test_rfc_5869_hkdf():
    """A shorter output of HKDF is the beginning of a longer one (RFC 5869 section 2.3)."""
    with open_vector_file("KDF/rfc-5869-HKDF-SHA256.txt", "r") as file:
        text = file.read()
    columns = [
        [bytes.fromhex(value) for value in re.findall(rf"^{name} *= *(\w*)$", text, re.MULTILINE)]
        for name in ("IKM", "info", "salt", "OKM")
    ]
    cases = list(zip(*columns, strict=True))
    assert len(cases) >= 2
    for *given, expected in cases:
        assert expected.startswith(derive(*given))


def test_nist_aes_256_gcm():
    seen = set()
    with open_vector_file("ciphers/AES/GCM/gcmDecrypt256.rsp", "r") as file:
        section = re.split(r"\[Keylen = 256\]\s*", file.read())
    usual = [part for part in section if "[IVlen = 96]" in part and "[Taglen = 128]" in part]
    for part in usual:
        for block in re.split(r"\n\s*\n", part):
            case = dict(re.findall(r"^(\w+) = ?(.*)$", block, re.MULTILINE))
            if "Key" not in case:
                continue
            cipher = AESGCM(bytes.fromhex(case["Key"]))
            nonce, aad = bytes.fromhex(case["IV"]), bytes.fromhex(case["AAD"])
            sealed = bytes.fromhex(case["CT"] + case["Tag"])
            seen.add("PT" in case)
            if "PT" in case:
                assert cipher.decrypt(nonce, sealed, aad).hex() == case["PT"]
            else:
                with pytest.raises(InvalidTag):
                    cipher.decrypt(nonce, sealed, aad)
    assert seen == {True, False}


def test_fips_203_ml_kem_key_generation():
    """The deterministic keys of the ML-KEM answer file, from the seed ``d ‖ z``."""
    count = 0
    for case in text_vectors("asymmetric/MLKEM/kat_MLKEM_768.rsp"):
        if {"d", "z", "pk"} <= case.keys():
            key = MLKEM768PrivateKey.from_seed_bytes(bytes.fromhex(case["d"] + case["z"]))
            assert key.public_key().public_bytes_raw().hex() == case["pk"].lower()
            assert key.decapsulate(bytes.fromhex(case["ct"])).hex() == case["ss"].lower()
            count += 1
    assert count


def test_rfc_9106_argon2id():
    function = Argon2id(
        salt=b"\x02" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        ad=b"\x04" * 12,
        secret=b"\x03" * 8,
    )
    expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    assert function.derive(b"\x01" * 32).hex() == expected
