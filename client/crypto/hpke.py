"""``wrap`` and ``unwrap``: HPKE base mode (RFC 9180) with a hybrid KEM, chosen by the public key.

Suite 1 is MLKEM768-X25519 (KEM 0x647a, "X-Wing") with HKDF-SHA256, suite 2 MLKEM1024-P384 (KEM
0x0051) with HKDF-SHA384; both seal with AES-256-GCM. A hybrid keeps a recorded grant closed for the
20 years a record lives, should either half fail (draft-ietf-hpke-pq,
draft-irtf-cfrg-concrete-hybrid-kems). A private key of either suite is a 32-byte seed, expanded by
SHAKE256 to the 64-byte ML-KEM seed and the scalar. The length of a public key, or of what was
wrapped, says which suite it is of: nothing a server could swap without breaking a signature.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.encoding import check_size
from protocol.errors import PostQuantumMissing, WrapBroken, WrongLength
from protocol.shapes import (
    KEM2_PUBLIC_SIZE,
    KEM_PUBLIC_SIZE,
    KEY_SIZE,
    WRAPPED2_SIZE,
    WRAPPED_SIZE,
    check_kem_public,
    check_wrapped,
)

try:
    from cryptography.hazmat.primitives.asymmetric.mlkem import (
        MLKEM768PrivateKey,
        MLKEM768PublicKey,
        MLKEM1024PrivateKey,
        MLKEM1024PublicKey,
    )
    from cryptography.hazmat.primitives.hpke import (
        AEAD,
        KDF,
        KEM,
        MLKEM768X25519PrivateKey,
        MLKEM768X25519PublicKey,
        MLKEM1024P384PrivateKey,
        MLKEM1024P384PublicKey,
        Suite,
    )

    _SUITE_1 = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    _SUITE_2 = Suite(KEM.MLKEM1024_P384, KDF.HKDF_SHA384, AEAD.AES_256_GCM)
    MLKEM768PrivateKey.from_seed_bytes(bytes(64))
except (ImportError, AttributeError, UnsupportedAlgorithm) as error:
    raise PostQuantumMissing(
        "this build of the Python package cryptography cannot do HPKE with MLKEM768-X25519: "
        "install cryptography 50 or later from its official wheels (OpenSSL 3.5 or later)"
    ) from error

PrivateKey = MLKEM768X25519PrivateKey | MLKEM1024P384PrivateKey
PublicKey = MLKEM768X25519PublicKey | MLKEM1024P384PublicKey

_MLKEM_SEED_SIZE = 64
_MLKEM768_PUBLIC_SIZE = 1184
_MLKEM1024_PUBLIC_SIZE = 1568
_X25519_SIZE = 32
_P384_SCALAR_SIZE = 48


def kem_public(seed: bytes, suite: int = 1) -> bytes:
    """The public key of a 32-byte seed: 1216 bytes in suite 1, 1665 in suite 2.

    Compare it with the logged one before use.
    """
    return _SUITES[suite].encode(check_size(seed, KEY_SIZE, "KEM seed"))


def suite_of(public: bytes) -> int:
    """Which suite a public key is of, by its length."""
    check_kem_public(public)
    return next(number for number, kind in _SUITES.items() if kind.public_size == len(public))


def wrap(public: bytes, context: str, secret: bytes) -> bytes:
    """Encrypt a 32-byte secret to a public key of either suite, bound to its place.

    The caller's duty: ``public`` comes from a verified chain, never straight from the server.
    """
    check_size(secret, KEY_SIZE, "wrapped secret")
    return _SUITES[suite_of(public)].hpke.encrypt(
        secret, _public_key(public), context.encode("utf-8")
    )


def unwrap(seed: bytes, context: str, wrapped: bytes) -> bytes:
    """Open what ``wrap`` made for this seed and place.

    Anyone can wrap to a public key: the caller checks what came out (a case key against its
    commitment, an epoch secret against the group's logged public key).
    """
    check_wrapped(wrapped)
    kind = next(kind for kind in _SUITES.values() if kind.wrapped_size == len(wrapped))
    key = kind.private(check_size(seed, KEY_SIZE, "KEM seed"))
    try:
        secret = kind.hpke.decrypt(wrapped, key, context.encode("utf-8"))
    except (InvalidTag, ValueError) as error:
        raise WrapBroken("not wrapped for this key and this place, or changed") from error
    return check_size(secret, KEY_SIZE, "unwrapped secret")


def _halves_1(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    expanded = shake_256(seed).digest(_MLKEM_SEED_SIZE + _X25519_SIZE)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE]),
        X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_SIZE:]),
    )


def _encode_1(seed: bytes) -> bytes:
    mlkem, x25519 = _halves_1(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def _halves_2(seed: bytes) -> tuple[MLKEM1024PrivateKey, ec.EllipticCurvePrivateKey]:
    expanded = shake_256(seed).digest(_MLKEM_SEED_SIZE + _P384_SCALAR_SIZE)
    scalar = int.from_bytes(expanded[_MLKEM_SEED_SIZE:], "big")
    # A scalar of zero or beyond the order would be refused here: one seed in 2^190.
    return (
        MLKEM1024PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE]),
        ec.derive_private_key(scalar, ec.SECP384R1()),
    )


def _encode_2(seed: bytes) -> bytes:
    mlkem, p384 = _halves_2(seed)
    point = p384.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return mlkem.public_key().public_bytes_raw() + point


def _parse_1(public: bytes) -> PublicKey:
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_MLKEM768_PUBLIC_SIZE]),
        X25519PublicKey.from_public_bytes(public[_MLKEM768_PUBLIC_SIZE:]),
    )


def _parse_2(public: bytes) -> PublicKey:
    point = public[_MLKEM1024_PUBLIC_SIZE:]
    return MLKEM1024P384PublicKey(
        MLKEM1024PublicKey.from_public_bytes(public[:_MLKEM1024_PUBLIC_SIZE]),
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), point),
    )


@dataclass(frozen=True)
class _Kind:
    """One suite: its sizes, and how its keys are made and read."""

    hpke: Suite
    public_size: int
    wrapped_size: int
    encode: Callable[[bytes], bytes]
    """Seed → public key."""
    private: Callable[[bytes], PrivateKey]
    parse: Callable[[bytes], PublicKey]


_SUITES = {
    1: _Kind(
        _SUITE_1,
        KEM_PUBLIC_SIZE,
        WRAPPED_SIZE,
        _encode_1,
        lambda seed: MLKEM768X25519PrivateKey(*_halves_1(seed)),
        _parse_1,
    ),
    2: _Kind(
        _SUITE_2,
        KEM2_PUBLIC_SIZE,
        WRAPPED2_SIZE,
        _encode_2,
        lambda seed: MLKEM1024P384PrivateKey(*_halves_2(seed)),
        _parse_2,
    ),
}


def _public_key(public: bytes) -> PublicKey:
    try:
        return _parsed(public)
    except ValueError as error:
        raise WrongLength("not an encoded public key of its suite") from error


@lru_cache(maxsize=256)
def _parsed(public: bytes) -> PublicKey:
    """Parsed once per recipient: public values, so caching them keeps no secret alive."""
    return _SUITES[suite_of(public)].parse(public)
