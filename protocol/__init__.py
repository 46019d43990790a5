"""What both sides of Cordée share and no secret touches.

Read top to bottom: ``errors`` → ``encoding`` → ``contexts`` → ``shapes`` → ``commitment`` →
``merkle`` → ``statement`` → ``statements`` → ``chain``. This room holds no call that could open a
sealed byte, so the server may import all of it; it imports no other room.
"""

from protocol.chain import (
    Account,
    CaseChain,
    Group,
    Policy,
    verify_account_chain,
    verify_case_events,
    verify_group_chain,
    verify_policy_chain,
)
from protocol.commitment import check_key_commitment, key_commitment
from protocol.merkle import LogKind, log_leaf, merkle_root
from protocol.statement import pae, statement_hash, verify_statement

__all__ = [
    "Account",
    "CaseChain",
    "Group",
    "LogKind",
    "Policy",
    "check_key_commitment",
    "key_commitment",
    "log_leaf",
    "merkle_root",
    "pae",
    "statement_hash",
    "verify_account_chain",
    "verify_case_events",
    "verify_group_chain",
    "verify_policy_chain",
    "verify_statement",
]
