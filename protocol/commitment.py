"""Key commitment: AES-GCM alone lets one ciphertext open under two keys.

A case event signs ``kc``, so a server or a member cannot hand one reader another key than the
others have.
"""

from hashlib import sha256
from hmac import compare_digest

from protocol.encoding import check_size
from protocol.errors import KeyCommitmentWrong
from protocol.shapes import HASH_SIZE, KEY_SIZE


def key_commitment(key: bytes) -> bytes:
    """SHA-256 of ``"cordee1 kc" 00`` and the 32-byte case key."""
    return sha256(b"cordee1 kc\x00" + check_size(key, KEY_SIZE, "case key")).digest()


def check_key_commitment(key: bytes, commitment: bytes) -> None:
    """Refuse a key other than the one committed to. Call it after every unwrap of a case key."""
    check_size(commitment, HASH_SIZE, "key commitment")
    if not compare_digest(key_commitment(key), commitment):
        raise KeyCommitmentWrong("the case key is not the one its event commits to")
