"""A group's epoch secret R_e and what comes from it.

R_e is wrapped to each member. Its KEM seed opens what is wrapped to the group; its chain key opens
the epoch before, so a new member reads back and a removed one cannot read on.
"""

from hmac import compare_digest

from client.crypto.derive import derive
from client.crypto.hpke import kem_public, suite_of
from client.crypto.stream import seal, unseal
from protocol.contexts import Id, group_prev_context
from protocol.encoding import check_size
from protocol.errors import KeySwapped, WrongLength
from protocol.shapes import KEY_SIZE


def group_kem_seed(secret: bytes) -> bytes:
    """The private KEM seed of an epoch."""
    check_size(secret, KEY_SIZE, "epoch secret")
    return derive(secret, b"cordee1 group kem")


def group_chain_key(secret: bytes) -> bytes:
    """The key that seals the secret of the epoch before."""
    check_size(secret, KEY_SIZE, "epoch secret")
    return derive(secret, b"cordee1 group chain")


def group_kem_public(secret: bytes, suite: int = 1) -> bytes:
    """The public key to state for an epoch with this secret."""
    return kem_public(group_kem_seed(secret), suite)


def check_epoch_secret(secret: bytes, kem_key: bytes) -> None:
    """Refuse an unwrapped R_e whose public key is not the one the group's chain states.

    Call it after every unwrap: anyone can wrap a secret of their own making to a member.
    """
    if not compare_digest(group_kem_public(secret, suite_of(kem_key)), kem_key):
        raise KeySwapped("the epoch secret is not that of the group's stated key")


def seal_previous_epoch(net: Id, group: Id, epoch: int, secret: bytes, previous: bytes) -> bytes:
    """R of ``epoch - 1`` sealed for those who hold R of ``epoch``."""
    check_size(previous, KEY_SIZE, "epoch secret")
    return seal(group_chain_key(secret), group_prev_context(net, group, epoch), previous)


def open_previous_epoch(net: Id, group: Id, epoch: int, secret: bytes, sealed: bytes) -> bytes:
    """R of ``epoch - 1``; compare it with that epoch's key by ``check_epoch_secret``."""
    previous = unseal(group_chain_key(secret), group_prev_context(net, group, epoch), sealed)
    if len(previous) != KEY_SIZE:
        raise WrongLength("an epoch secret has 32 bytes")
    return previous
