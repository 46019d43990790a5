"""cordee/1 with the secrets: sealing, wrapping, signing; and what ``protocol`` verifies.

Read: ``derive`` → ``stream`` → ``parts`` → ``hpke`` → ``password`` → ``recovery`` → ``group`` →
``signing``. Keys are plain ``bytes``; contexts come from ``protocol.contexts`` and nowhere else.
"""

from client.crypto.group import (
    check_epoch_secret,
    group_chain_key,
    group_kem_public,
    group_kem_seed,
    open_previous_epoch,
    seal_previous_epoch,
)
from client.crypto.hpke import kem_public, suite_of, unwrap, wrap
from client.crypto.parts import SealedPart, sealed_parts, unsealed_parts
from client.crypto.password import DEFAULT_KDF, check_kdf, password_keys
from client.crypto.random import random_key, random_salt
from client.crypto.recovery import (
    format_recovery_code,
    new_recovery_code,
    read_recovery_code,
    recovery_keys,
)
from client.crypto.signing import cosign_statement, sign_public, sign_statement, signing_key
from client.crypto.stream import (
    SealingReader,
    UnsealingReader,
    seal,
    seal_chunks,
    unseal,
    unseal_chunks,
)
from protocol import (
    Account,
    CaseChain,
    Group,
    LogKind,
    Policy,
    check_key_commitment,
    key_commitment,
    log_leaf,
    merkle_root,
    statement_hash,
    verify_account_chain,
    verify_case_events,
    verify_group_chain,
    verify_policy_chain,
    verify_statement,
)

__all__ = [
    "DEFAULT_KDF",
    "Account",
    "CaseChain",
    "Group",
    "LogKind",
    "Policy",
    "SealedPart",
    "SealingReader",
    "UnsealingReader",
    "check_epoch_secret",
    "check_kdf",
    "check_key_commitment",
    "cosign_statement",
    "format_recovery_code",
    "group_chain_key",
    "group_kem_public",
    "group_kem_seed",
    "kem_public",
    "key_commitment",
    "log_leaf",
    "merkle_root",
    "new_recovery_code",
    "open_previous_epoch",
    "password_keys",
    "random_key",
    "random_salt",
    "read_recovery_code",
    "recovery_keys",
    "seal",
    "seal_chunks",
    "seal_previous_epoch",
    "sealed_parts",
    "sign_public",
    "sign_statement",
    "signing_key",
    "statement_hash",
    "suite_of",
    "unseal",
    "unseal_chunks",
    "unsealed_parts",
    "unwrap",
    "verify_account_chain",
    "verify_case_events",
    "verify_group_chain",
    "verify_policy_chain",
    "verify_statement",
    "wrap",
]
