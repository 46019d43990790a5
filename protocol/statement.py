"""Signed statements: ``{t, p, s: [{k, sig}]}``, Ed25519 over DSSE's pre-authentication encoding.

The signature covers the payload's bytes as received; nothing is re-serialised before checking, so
no canonical JSON is needed (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md).
``s`` is a list: a registrar adds a signature to a person's statement without changing its hash.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from math import isfinite
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol.encoding import check_size, unb64
from protocol.errors import (
    EncodingRefused,
    PayloadKeyRepeated,
    PayloadMalformed,
    SignatureInvalid,
    SignatureMissing,
    SignerRepeated,
    SignerUnknown,
    StatementMalformed,
    StatementTooLarge,
    StatementTypeWrong,
)
from protocol.shapes import SIGN_KEY_SIZE, SIGNATURE_SIZE

ACCOUNT = "cordee1.account"
GROUP = "cordee1.group"
CASE = "cordee1.case"
HEADER = "cordee1.header"
MESSAGE = "cordee1.message"
POLICY = "cordee1.policy"
STATEMENT_TYPES = (ACCOUNT, GROUP, CASE, HEADER, MESSAGE, POLICY)

MAX_PAYLOAD = 256 * 1024
"""Bytes: a group of six thousand members fits; a payload meant to exhaust a phone does not."""
MAX_DEPTH = 32
MAX_SIGNATURES = 8
MAX_SAFE_INTEGER = 2**53 - 1

Statement = Mapping[str, Any]
Payload = dict[str, Any]


def pae(statement_type: str, payload: bytes) -> bytes:
    """DSSE v1 pre-authentication encoding: lengths first, so type and payload cannot blend."""
    kind = statement_type.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def statement_payload(statement: Statement) -> bytes:
    """The payload's bytes of a well-formed statement, not yet verified."""
    if not isinstance(statement, Mapping) or set(statement) != {"t", "p", "s"}:
        raise StatementMalformed("a statement has exactly the fields t, p and s")
    if statement["t"] not in STATEMENT_TYPES or not isinstance(statement["p"], str):
        raise StatementMalformed("unknown statement type, or payload not base64 text")
    if len(statement["p"]) > (MAX_PAYLOAD + 2) // 3 * 4:
        raise StatementTooLarge(f"a payload has at most {MAX_PAYLOAD} bytes")
    payload = _malformed_unless(statement["p"])
    if len(payload) > MAX_PAYLOAD:
        raise StatementTooLarge(f"a payload has at most {MAX_PAYLOAD} bytes")
    return payload


def statement_hash(statement: Statement) -> bytes:
    """SHA-256 of the encoding that was signed; signatures added later do not change it."""
    payload = statement_payload(statement)
    return sha256(pae(statement["t"], payload)).digest()


def statement_signers(statement: Statement) -> dict[bytes, bytes]:
    """Public key → signature, in order, not yet verified; a repeated key is refused."""
    signatures = statement.get("s")
    if not isinstance(signatures, list | tuple) or not signatures:
        raise StatementMalformed("a statement carries at least one signature")
    if len(signatures) > MAX_SIGNATURES:
        raise StatementTooLarge(f"a statement carries at most {MAX_SIGNATURES} signatures")
    signers: dict[bytes, bytes] = {}
    for entry in signatures:
        if not isinstance(entry, Mapping) or set(entry) != {"k", "sig"}:
            raise StatementMalformed("a signature has exactly the fields k and sig")
        key = _malformed_unless(entry["k"], SIGN_KEY_SIZE)
        if key in signers:
            raise SignerRepeated("one key signs a statement once")
        signers[key] = _malformed_unless(entry["sig"], SIGNATURE_SIZE)
    return signers


def verify_statement(statement_type: str, statement: Statement, *public_keys: bytes) -> Payload:
    """Check a statement and return its payload.

    Every one of ``public_keys`` must have signed, nobody else may have, and every signature must
    fit the received bytes. The caller's duty: take the keys from a verified chain, never from the
    statement itself; then parse the payload with the model of its type
    (``protocol.statements.read_payload``) and compare its ids with the place it was found in.
    """
    if not public_keys:
        raise SignatureMissing("name at least one key that must have signed")
    payload = statement_payload(statement)
    if statement["t"] != statement_type:
        raise StatementTypeWrong(f"expected {statement_type}, got {statement['t']}")
    signers = statement_signers(statement)
    expected = {check_size(key, SIGN_KEY_SIZE, "signing key") for key in public_keys}
    if signers.keys() - expected:
        raise SignerUnknown("signed by a key that has no standing here")
    if expected - signers.keys():
        raise SignatureMissing("a key that had to sign did not")
    encoded = pae(statement_type, payload)
    for key, signature in signers.items():
        verify_signature(key, signature, encoded)
    return parse_payload(payload)


def verify_signature(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Ed25519 (RFC 8032 section 5.1.7)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise SignatureInvalid("a signature does not fit the bytes received") from error


def parse_payload(payload: bytes) -> Payload:
    """Read one JSON object that Python and JavaScript cannot read differently.

    Refused: repeated names, numbers JavaScript rounds, lone surrogates, a byte-order mark, and
    nesting beyond what any statement has.
    """
    try:
        value = json.loads(
            payload.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_not_json,
            parse_float=_finite,
            parse_int=_safe_integer,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise PayloadMalformed("the payload is not UTF-8 JSON") from error
    if not isinstance(value, dict):
        raise PayloadMalformed("the payload is not a JSON object")
    _check_text_and_depth(value, MAX_DEPTH)
    return value


def _malformed_unless(text: Any, size: int | None = None) -> bytes:
    """Decode base64 found inside a statement."""
    if not isinstance(text, str):
        raise StatementMalformed("base64 is text")
    try:
        return unb64(text, size)
    except EncodingRefused as error:
        raise StatementMalformed(str(error)) from error


def _unique(pairs: list[tuple[str, Any]]) -> Payload:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise PayloadKeyRepeated("a JSON object names a field twice")
    return fields


def _not_json(_: str) -> NoReturn:
    raise PayloadMalformed("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise PayloadMalformed("a number is too large")
    return value


def _safe_integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_SAFE_INTEGER:
        raise PayloadMalformed("an integer is beyond what JavaScript holds exactly")
    return int(text)


def _check_text_and_depth(value: Any, depth: int) -> None:
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise PayloadMalformed("a lone surrogate is not text") from error
    elif isinstance(value, dict | list):
        if depth == 0:
            raise PayloadMalformed("the payload is nested too deeply")
        for name in value if isinstance(value, dict) else ():
            _check_text_and_depth(name, depth - 1)
        for inner in value.values() if isinstance(value, dict) else value:
            _check_text_and_depth(inner, depth - 1)
