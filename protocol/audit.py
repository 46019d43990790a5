"""What is hashed of a trace row, what an export of a case's trace promises, and its FHIR form.

    hash(0)  = 32 zero bytes
    hash(p)  = SHA-256( hash(p-1) ‖ field(1) ‖ … ‖ field(13) )      for the row at place p

    field(x) = uint32 big-endian length ‖ UTF-8 bytes of x;  for null: ff ff ff ff and no bytes

The thirteen fields are ``FIELDS`` in this order; times are RFC 3339 in UTC with milliseconds, ids
in lower case with hyphens, ``detail`` the JSON text exactly as stored. The row at place p is leaf
p - 1 of the trace's log, and its hash is the leaf.

An export is JSON. Its ``manifest`` ``{p, sig}`` holds, signed by the log's key over DSSE's encoding
of ``MANIFEST`` and the payload, what the file must contain: every row's place and hash, every
ciphertext's size and SHA-256, every name. So a row that was taken out afterwards is missed.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from struct import pack
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from protocol.encoding import b64
from protocol.statement import pae

MANIFEST = "cordee1.trace-export"
FIELDS = (
    "place",
    "id",
    "at",
    "actor_id",
    "organisation_id",
    "session_id",
    "address",
    "action",
    "subject_kind",
    "subject_id",
    "case_id",
    "result",
    "detail",
)
ORIGIN = bytes(32)

Json = dict[str, Any]

_OUTCOMES = {"done": "0", "refused": "4", "denied": "8"}
"""http://hl7.org/fhir/audit-event-outcome: success, minor failure, serious failure."""
_READING = ("read", "list", "download", "trace", "join", "export", "deny")
_CREATING = ("open", "post", "upload", "create")


def chain_hash(previous: bytes, values: Sequence[Any]) -> bytes:
    """The hash of a row whose fields are ``values``, after the one with hash ``previous``.

    Lengths come first, so that no text can move from one field into the next unnoticed.
    """
    digest = sha256(previous)
    for value in values:
        if value is None:
            digest.update(b"\xff\xff\xff\xff")
        else:
            raw = str(value).encode()
            digest.update(pack(">I", len(raw)) + raw)
    return digest.digest()


def row_hash(previous: bytes, row: Mapping[str, Any]) -> bytes:
    """The same for a row as an export writes it."""
    return chain_hash(previous, [row[name] for name in FIELDS])


def manifest_of(export: Mapping[str, Any]) -> Json:
    """What a file must contain to be the one that was exported."""
    return {
        "v": 1,
        "net": export["net"],
        "case": export["case"],
        "at": export["exported_at"],
        "checkpoint": b64(sha256(export["checkpoint"].encode()).digest()),
        "rows": [{"place": row["place"], "hash": row["hash"]} for row in export["rows"]],
        "ciphertexts": export["ciphertexts"],
        "names": export["names"],
    }


def manifest_payload(export: Mapping[str, Any]) -> bytes:
    """The bytes that are signed, within ``manifest_message``."""
    return json.dumps(manifest_of(export), ensure_ascii=False, separators=(",", ":")).encode()


def manifest_message(payload: bytes) -> bytes:
    return pae(MANIFEST, payload)


def audit_bundle(export: Mapping[str, Any]) -> Json:
    """The rows as a FHIR R4 Bundle of AuditEvent (http://hl7.org/fhir/R4/auditevent.html)."""
    net, names = export["net"], export["names"]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": export["exported_at"],
        "entry": [_entry(net, names, row) for row in export["rows"]],
    }


def _entry(net: str, names: Mapping[str, str], row: Mapping[str, Any]) -> Json:
    ident = str(uuid5(NAMESPACE_URL, f"cordee1 trace {net} {row['place']}"))
    return {"fullUrl": f"urn:uuid:{ident}", "resource": _event(ident, net, names, row)}


def _event(ident: str, net: str, names: Mapping[str, str], row: Mapping[str, Any]) -> Json:
    agent: Json = {"requestor": True}
    if row["actor_id"]:
        agent["who"] = {"identifier": _urn(row["actor_id"])}
        if name := names.get(row["actor_id"]):
            agent["who"]["display"] = name
    else:
        agent["who"] = {"display": "Cordée"}
    if row["address"]:
        agent["network"] = {"address": row["address"], "type": "2"}
    verb = str(row["action"]).partition(":")[2]
    return {
        "resourceType": "AuditEvent",
        "id": ident,
        "type": {
            "system": "http://dicom.nema.org/resources/ontology/DCM",
            "code": "110110",
            "display": "Patient Record",
        },
        "subtype": [{"system": f"urn:uuid:{net}", "code": row["action"]}],
        "action": "R" if verb in _READING else "C" if verb in _CREATING else "U",
        "recorded": row["at"],
        "outcome": _OUTCOMES[row["result"]],
        "agent": [agent],
        "source": {
            "observer": {"identifier": _urn(net), "display": "Cordée"},
            "type": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/security-source-type",
                    "code": "4",
                    "display": "Application Server",
                }
            ],
        },
        "entity": [
            {
                "what": {"identifier": _subject(row)},
                "name": row["subject_kind"],
                "detail": [
                    {"type": name, "valueString": str(row[name])}
                    for name in ("place", "id", "case_id", "session_id", "detail", "hash")
                    if row[name] is not None
                ],
            }
        ],
    }


def _subject(row: Mapping[str, Any]) -> Json:
    ident = row["subject_id"]
    if ident is not None and ident.count("-") == 4:
        return _urn(ident)
    return {"value": ident or row["subject_kind"]}


def _urn(ident: str) -> Json:
    return {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{ident}"}
