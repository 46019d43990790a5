"""The logs' signing key: from CORDEE_LOG_KEY, or derived from the server's own secret.

Whoever holds it can sign a log's state, and nothing else: it opens nothing, certifies nobody, and a
state that is no growth of the one before is refused by witnesses and clients whoever signed it.
"""

from __future__ import annotations

from base64 import b64decode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app import sealing
from app.config import Config

_key: Ed25519PrivateKey | None = None


def bind(config: Config) -> None:
    """Take the key of this deployment; the server's secret must be bound already."""
    global _key
    seed = b64decode(config.log_key) if config.log_key else sealing.derive("log signing")
    _key = Ed25519PrivateKey.from_private_bytes(seed)


def sign(text: str) -> bytes:
    """The signature under a state of a log."""
    return _bound().sign(text.encode())


def sign_bytes(message: bytes) -> bytes:
    """The same for what is no note and names its own type, as an export's manifest does."""
    return _bound().sign(message)


def public_key() -> bytes:
    """What the policy names as `log_key`."""
    return _bound().public_key().public_bytes_raw()


def _bound() -> Ed25519PrivateKey:
    if _key is None:
        raise RuntimeError("no signing key is bound: create the application first")
    return _key
