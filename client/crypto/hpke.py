"""``wrap`` and ``unwrap``: HPKE base mode (RFC 9180) with MLKEM768-X25519 (KEM 0x647a, "X-Wing").

The hybrid keeps a recorded grant closed for the 20 years a record lives, should either half fall
(draft-connolly-cfrg-xwing-kem, draft-ietf-hpke-pq). The private key is a 32-byte seed, expanded by
SHAKE256 to the 64-byte ML-KEM seed and the X25519 key.
"""

from functools import lru_cache
from hashlib import shake_256

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from protocol.encoding import check_size
from protocol.errors import PostQuantumMissing, WrapBroken, WrongLength
from protocol.shapes import KEM_PUBLIC_SIZE, KEY_SIZE, check_wrapped

try:
    from cryptography.hazmat.primitives.asymmetric.mlkem import (
        MLKEM768PrivateKey,
        MLKEM768PublicKey,
    )
    from cryptography.hazmat.primitives.hpke import (
        AEAD,
        KDF,
        KEM,
        MLKEM768X25519PrivateKey,
        MLKEM768X25519PublicKey,
        Suite,
    )

    _SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    MLKEM768PrivateKey.from_seed_bytes(bytes(64))
except (ImportError, AttributeError, UnsupportedAlgorithm) as error:
    raise PostQuantumMissing(
        "this build of the Python package cryptography cannot do HPKE with MLKEM768-X25519: "
        "install cryptography 50 or later from its official wheels (OpenSSL 3.5 or later)"
    ) from error

_MLKEM_PUBLIC_SIZE = 1184


def kem_public(seed: bytes) -> bytes:
    """The 1216-byte public key of a 32-byte seed. Compare it with the logged one before use."""
    mlkem, x25519 = _halves(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def wrap(public: bytes, context: str, secret: bytes) -> bytes:
    """Encrypt a 32-byte secret to a public key, bound to its place: ``enc1120 ‖ ct48``.

    The caller's duty: ``public`` comes from a verified chain, never straight from the server.
    """
    check_size(secret, KEY_SIZE, "wrapped secret")
    return _SUITE.encrypt(secret, _public_key(public), context.encode("utf-8"))


def unwrap(seed: bytes, context: str, wrapped: bytes) -> bytes:
    """Open what ``wrap`` made for this seed and place.

    Anyone can wrap to a public key: the caller checks what came out (a case key against its
    commitment, an epoch secret against the group's logged public key).
    """
    check_wrapped(wrapped)
    key = MLKEM768X25519PrivateKey(*_halves(seed))
    try:
        secret = _SUITE.decrypt(wrapped, key, context.encode("utf-8"))
    except (InvalidTag, ValueError) as error:
        raise WrapBroken("not wrapped for this key and this place, or changed") from error
    return check_size(secret, KEY_SIZE, "unwrapped secret")


def _halves(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    check_size(seed, KEY_SIZE, "KEM seed")
    expanded = shake_256(seed).digest(96)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def _public_key(public: bytes) -> MLKEM768X25519PublicKey:
    check_size(public, KEM_PUBLIC_SIZE, "KEM public key")
    try:
        return _parsed(public)
    except ValueError as error:
        raise WrongLength("not an encoded MLKEM768-X25519 public key") from error


@lru_cache(maxsize=256)
def _parsed(public: bytes) -> MLKEM768X25519PublicKey:
    """Parsed once per recipient: public values, so caching them keeps no secret alive."""
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_SIZE]),
        X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_SIZE:]),
    )
