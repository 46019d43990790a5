"""What the server keeps of a secret a person shows, and how it compares."""

from __future__ import annotations

import hmac
from uuid import UUID

from app import sealing
from auth.schemas import DEFAULT_KDF, Kdf

DECOY = UUID(int=0)
"""Stands for the account that does not exist, so that looking for it costs the same."""


def hash_auth(account_id: UUID, auth: bytes) -> bytes:
    """Keyed hash of `auth`. It is 256 bits out of Argon2id already: guessing starts at the
    password, on either side of this hash, so a second slow function would buy nothing."""
    return sealing.keyed_hash("account auth", account_id.bytes + auth)


def hash_recovery(account_id: UUID, recovery_auth: bytes) -> bytes:
    """Keyed hash of the recovery code's `auth` (160 random bits behind it)."""
    return sealing.keyed_hash("account recovery", account_id.bytes + recovery_auth)


def same(one: bytes, other: bytes) -> bool:
    """In constant time."""
    return hmac.compare_digest(one, other)


def fake_opening(mail: str) -> tuple[bytes, Kdf]:
    """What an unknown address is told: always the same for the same address."""
    return sealing.keyed_hash("fake salt", mail.encode())[:16], DEFAULT_KDF
