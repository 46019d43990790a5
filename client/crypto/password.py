"""From a password to two keys: one to show the server, one it never sees.

mk = Argon2id(NFKC(password), salt), then ``auth`` and ``kek`` by HKDF: the server, which learns
``auth``, cannot compute ``kek`` from it. Parameters come from the server, so a client refuses weak
ones before it spends the password on them (RFC 9106 section 4 second choice is the least).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from unicodedata import normalize

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from client.crypto.derive import derive
from protocol.encoding import check_size
from protocol.errors import KdfTooCostly, KdfTooWeak, KdfUnknown
from protocol.shapes import KEY_SIZE

PASSWORD_SALT_SIZE = 16
LEAST_MEMORY = 64 * 1024
"""KiB."""
LEAST_TIME = 3
MOST_MEMORY = 1024 * 1024
"""KiB: more than a phone gives one page; a server cannot stall or crash its clients."""
MOST_TIME = 16
DEFAULT_KDF: Mapping[str, Any] = MappingProxyType(
    {"alg": "argon2id", "m": LEAST_MEMORY, "t": LEAST_TIME, "p": 1}
)


def check_kdf(kdf: Mapping[str, Any]) -> None:
    """Refuse parameters outside what this client accepts, by name."""
    if set(kdf) != {"alg", "m", "t", "p"} or kdf["alg"] != "argon2id":
        raise KdfUnknown("the password function is argon2id with m, t and p")
    if any(type(kdf[name]) is not int for name in ("m", "t", "p")) or kdf["p"] != 1:
        raise KdfUnknown("m, t and p are integers, and p is 1")
    if kdf["m"] < LEAST_MEMORY or kdf["t"] < LEAST_TIME:
        raise KdfTooWeak(f"at least m={LEAST_MEMORY} KiB and t={LEAST_TIME}")
    if kdf["m"] > MOST_MEMORY or kdf["t"] > MOST_TIME:
        raise KdfTooCostly(f"at most m={MOST_MEMORY} KiB and t={MOST_TIME}")


def password_keys(password: str, salt: bytes, kdf: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """``(auth, kek)`` of a password; takes about a second and 64 MiB, by design.

    NFKC, so that the same word typed on another keyboard gives the same keys.
    """
    check_kdf(kdf)
    check_size(salt, PASSWORD_SALT_SIZE, "password salt")
    function = Argon2id(
        salt=salt, length=KEY_SIZE, iterations=kdf["t"], lanes=kdf["p"], memory_cost=kdf["m"]
    )
    return split_master(function.derive(normalize("NFKC", password).encode("utf-8")))


def split_master(master: bytes) -> tuple[bytes, bytes]:
    """``(auth, kek)`` of a 32-byte master, whether it came from a password or a recovery code."""
    check_size(master, KEY_SIZE, "master key")
    return derive(master, b"cordee1 auth"), derive(master, b"cordee1 kek")
