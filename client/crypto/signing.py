"""Signing statements with Ed25519 (RFC 8032) over DSSE's encoding.

A private key is its 32-byte seed, or a loaded key when many statements are signed.
"""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.encoding import b64, check_size
from protocol.errors import (
    PayloadMalformed,
    SignatureMissing,
    SignerRepeated,
    StatementTooLarge,
    StatementTypeWrong,
)
from protocol.shapes import KEY_SIZE
from protocol.statement import (
    MAX_PAYLOAD,
    STATEMENT_TYPES,
    Statement,
    pae,
    parse_payload,
    statement_payload,
    statement_signers,
)
from protocol.statements import StatementPayload

PrivateKey = bytes | Ed25519PrivateKey


def signing_key(seed: bytes) -> Ed25519PrivateKey:
    """The private key of a 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(check_size(seed, KEY_SIZE, "signing seed"))


def sign_public(key: PrivateKey) -> bytes:
    """The 32-byte public key, as statements name it."""
    return _loaded(key).public_key().public_bytes_raw()


def sign_statement(
    statement_type: str, payload: Mapping[str, Any] | StatementPayload, *private_keys: PrivateKey
) -> dict[str, Any]:
    """Sign a payload with each key, in that order.

    Refuses to sign what ``verify_statement`` would refuse to read. A model of
    ``protocol.statements`` is written without the optional fields nobody set.
    """
    if statement_type not in STATEMENT_TYPES:
        raise StatementTypeWrong("no such type of statement")
    if isinstance(payload, StatementPayload):
        if statement_type != payload.TYPE:
            raise StatementTypeWrong(f"a {payload.TYPE} payload under {statement_type}")
        payload = payload.model_dump(mode="json", exclude_unset=True)
    raw = _written(payload)
    if not private_keys:
        raise SignatureMissing("a statement needs at least one signer")
    unsigned = {"t": statement_type, "p": b64(raw), "s": []}
    return _signed(unsigned, raw, private_keys)


def cosign_statement(statement: Statement, *private_keys: PrivateKey) -> dict[str, Any]:
    """The statement with more signatures after those it has; its hash stays.

    The caller's duty: verify it and read its payload first; a co-signature vouches for every word.
    """
    statement_signers(statement)
    return _signed(statement, statement_payload(statement), private_keys)


def _written(payload: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        raw = text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise PayloadMalformed("the payload cannot be written as JSON") from error
    if len(raw) > MAX_PAYLOAD:
        raise StatementTooLarge(f"a payload has at most {MAX_PAYLOAD} bytes")
    parse_payload(raw)
    return raw


def _signed(
    statement: Statement, payload: bytes, private_keys: tuple[PrivateKey, ...]
) -> dict[str, Any]:
    encoded = pae(statement["t"], payload)
    signatures = [dict(entry) for entry in statement["s"]]
    for key in map(_loaded, private_keys):
        public = b64(key.public_key().public_bytes_raw())
        if any(entry["k"] == public for entry in signatures):
            raise SignerRepeated("one key signs a statement once")
        signatures.append({"k": public, "sig": b64(key.sign(encoded))})
    return {"t": statement["t"], "p": statement["p"], "s": signatures}


def _loaded(key: PrivateKey) -> Ed25519PrivateKey:
    return signing_key(key) if isinstance(key, bytes) else key
