"""A group's epochs: what derives from their secret, and planted secrets."""

import pytest

from client.crypto import (
    check_epoch_secret,
    check_key_commitment,
    group_chain_key,
    group_kem_public,
    group_kem_seed,
    key_commitment,
    open_previous_epoch,
    random_key,
    seal,
    seal_previous_epoch,
    unseal,
    unwrap,
    wrap,
)
from client.crypto.stream import seal_with
from protocol.contexts import case_context, group_prev_context, group_recipient
from protocol.encoding import unb64
from protocol.errors import KeyCommitmentWrong, KeySwapped, SealBroken, WrongLength
from tests.vectors.load import vectors

EXTRA = vectors("cordee1-extra")
NET, POOL = EXTRA["chains"]["net"], next(iter(EXTRA["chains"]["groups"]))
COMMITMENTS = vectors("cordee1")["key_commitment"]


@pytest.mark.parametrize("vector", EXTRA["group"], ids=range(len(EXTRA["group"])))
def test_frozen_epochs(vector):
    secret, previous = unb64(vector["secret"]), unb64(vector["previous"])
    assert group_kem_seed(secret) == unb64(vector["kem_seed"])
    assert group_kem_public(secret) == unb64(vector["kem_public"])
    assert group_chain_key(secret) == unb64(vector["chain_key"])
    check_epoch_secret(secret, unb64(vector["kem_public"]))
    sealed = unb64(vector["sealed_previous"])
    salt, prefix = unb64(vector["salt"]), unb64(vector["prefix"])
    context = vector["context"]
    assert seal_with(group_chain_key(secret), context, previous, salt, prefix) == sealed
    assert unseal(group_chain_key(secret), context, sealed) == previous


def test_a_new_member_reads_back_through_the_epochs():
    secrets = [random_key() for _ in range(4)]
    sealed = {
        epoch: seal_previous_epoch(NET, POOL, epoch, secrets[epoch], secrets[epoch - 1])
        for epoch in range(1, 4)
    }
    known = secrets[3]
    for epoch in range(3, 0, -1):
        known = open_previous_epoch(NET, POOL, epoch, known, sealed[epoch])
        check_epoch_secret(known, group_kem_public(secrets[epoch - 1]))
    assert known == secrets[0]


def test_an_old_epoch_opens_nothing_newer():
    old, new = random_key(), random_key()
    sealed = seal_previous_epoch(NET, POOL, 1, new, old)
    with pytest.raises(SealBroken):
        open_previous_epoch(NET, POOL, 1, old, sealed)
    with pytest.raises(SealBroken):
        open_previous_epoch(NET, POOL, 2, new, sealed)


def test_what_is_wrapped_to_a_group_opens_with_its_epoch():
    secret, case_key = random_key(), random_key()
    here = case_context(NET, POOL, 0, group_recipient(POOL, 0))
    wrapped = wrap(group_kem_public(secret), here, case_key)
    assert unwrap(group_kem_seed(secret), here, wrapped) == case_key


def test_a_planted_epoch_secret():
    with pytest.raises(KeySwapped):
        check_epoch_secret(random_key(), group_kem_public(random_key()))


def test_a_previous_epoch_that_is_no_secret():
    secret = random_key()
    sealed = seal(group_chain_key(secret), group_prev_context(NET, POOL, 1), bytes(31))
    with pytest.raises(WrongLength):
        open_previous_epoch(NET, POOL, 1, secret, sealed)


@pytest.mark.parametrize("make", [group_kem_seed, group_chain_key, key_commitment])
def test_secrets_of_another_size(make):
    with pytest.raises(WrongLength):
        make(bytes(31))


@pytest.mark.parametrize("vector", COMMITMENTS, ids=range(len(COMMITMENTS)))
def test_frozen_commitments(vector):
    key, kc = unb64(vector["key"]), unb64(vector["kc"])
    assert key_commitment(key) == kc
    check_key_commitment(key, kc)
    with pytest.raises(KeyCommitmentWrong):
        check_key_commitment(bytes(32), kc)
    with pytest.raises(WrongLength):
        check_key_commitment(key, kc[:-1])
