"""HKDF-SHA256 with an empty salt and a label: every key that comes from another."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.shapes import KEY_SIZE


def derive(secret: bytes, label: bytes, salt: bytes | None = None) -> bytes:
    """32 bytes bound to ``label`` (RFC 5869; no salt means a block of zeros)."""
    return HKDF(SHA256(), KEY_SIZE, salt, label).derive(secret)
