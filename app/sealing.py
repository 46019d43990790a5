"""The server's own key: it closes the server's own secrets at rest (TOTP seeds, mail links).

It opens nothing clinical: those keys never reach this side.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_secret: bytes = b""


class ServerSealBroken(Exception):
    """A value at rest was not closed by this server's key, or not for this purpose."""


def bind(secret_key: str) -> None:
    global _secret
    _secret = secret_key.encode()


def derive(purpose: str, length: int = 32) -> bytes:
    """A key for one purpose, from the server's secret (HKDF-SHA256, RFC 5869)."""
    if not _secret:
        raise RuntimeError("no secret is bound: create the application first")
    return HKDF(hashes.SHA256(), length, None, f"cordee server {purpose}".encode()).derive(_secret)


def close(purpose: str, value: bytes) -> bytes:
    """AES-256-GCM: nonce(12) ‖ ciphertext ‖ tag."""
    nonce = os.urandom(12)
    return nonce + AESGCM(derive(purpose)).encrypt(nonce, value, purpose.encode())


def open_(purpose: str, closed: bytes) -> bytes:
    """Reverse of `close`. Raises ServerSealBroken."""
    try:
        return AESGCM(derive(purpose)).decrypt(closed[:12], closed[12:], purpose.encode())
    except InvalidTag as error:
        raise ServerSealBroken(purpose) from error


def keyed_hash(purpose: str, value: bytes) -> bytes:
    """HMAC-SHA256 under a purpose key: for tokens we only need to recognise."""
    return hmac.new(derive(purpose), value, hashlib.sha256).digest()
