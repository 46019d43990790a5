"""Checking an exported trace without the server: what was altered is named.

All that is trusted is the network's root key. From it follow the policy, the log's key and the
witnesses; from those the state of the trace's log and what the file must contain; from these every
row. What no file can show is that the server wrote no row at all for an act; for that there are
the signed messages themselves, and the state noted by whoever watched at the time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from client.crypto import verify_policy_chain
from client.errors import CordeeError
from client.transport import Transport
from protocol import Policy
from protocol.audit import (
    audit_bundle,
    manifest_message,
    manifest_of,
    row_hash,
)
from protocol.encoding import b64, unb64
from protocol.errors import ProtocolError
from protocol.log import check_hashes, leaf_hash, verify_consistency, verify_inclusion
from protocol.note import Checkpoint, cosigners, read_note, trace_origin, verify_checkpoint
from protocol.shapes import HASH_SIZE, SIGNATURE_SIZE
from protocol.statement import parse_payload, verify_signature

Json = Mapping[str, Any]


class ExportUnreadable(CordeeError):
    """The file is not an export of a case's trace."""


@dataclass(frozen=True)
class Fault:
    """One thing that is not as the server signed it."""

    kind: str
    """`policy`, `checkpoint`, `witness`, `growth`, `manifest`, `row_changed`, `row_dropped`,
    `row_added`, `row_unproved`, `ciphertext`, `name` or `audit`."""
    words: str


@dataclass
class Report:
    """What a verification found, and what it rests on."""

    rows: int = 0
    size: int = 0
    root: bytes = b""
    witnesses: int = 0
    witnessed_size: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.faults


def fetch_export(transport: Transport, case: str, from_size: int | None = None) -> Json:
    """Ask the server for a case's trace with its proofs; administrators only."""
    answer: Json = transport.get(f"/cases/{case}/trace-export", from_size=from_size)
    return answer


def read_export(path: Path) -> Json:
    """An export as it was written to a file."""
    try:
        export = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(export, dict) or export["v"] != 1:
            raise ExportUnreadable(f"{path} is no export this program knows")
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise ExportUnreadable(f"{path} is not an exported trace") from error
    return export


def verify_export(
    export: Json,
    root: bytes,
    *,
    noted: tuple[int, bytes] | None = None,
    blobs: Path | None = None,
) -> Report:
    """Check everything in an export; the report names each thing that was altered.

    ``noted`` is a state (size, root) of the trace's log written down earlier; the export must have
    been asked for with its size. ``blobs`` is a directory of sealed files to compare with.
    """
    return _Verification(export, root, noted, blobs).run()


class _Verification:
    def __init__(
        self, export: Json, root: bytes, noted: tuple[int, bytes] | None, blobs: Path | None
    ) -> None:
        self.export = export
        self.root = root
        self.noted = noted
        self.blobs = blobs
        self.report = Report()

    def run(self) -> Report:
        try:
            policy = verify_policy_chain(self.export["policy"], self.root)
            if policy.payload.log_key is None:
                raise ExportUnreadable("the network's policy names no log")
            if policy.net != self.export["net"]:
                self.fault("policy", "the policy is of another network than the export")
        except (ProtocolError, KeyError, TypeError, AttributeError) as error:
            self.fault("policy", f"the network's policy is not signed by this root ({_why(error)})")
            return self.report
        point = self.checked("checkpoint", lambda: self.checkpoint(policy))
        if point is None:
            return self.report
        self.report.size, self.report.root = point.size, point.root
        self.checked("witness", lambda: self.witnessed(policy, point))
        if self.noted:
            self.checked("growth", lambda: self.grown(point))
        self.checked("row_changed", lambda: self.rows(point))
        promised = self.checked("manifest", lambda: self.manifest(policy))
        if promised is not None:
            self.checked("manifest", lambda: self.compare(promised))
        self.checked("audit", self.audit)
        return self.report

    def checked(self, kind: str, check: Callable[[], Any]) -> Any:
        """The result, or None after noting the fault."""
        try:
            return check()
        except (ProtocolError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.fault(kind, f"{_MEANINGS[kind]} ({_why(error)})")
            return None

    def fault(self, kind: str, words: str) -> None:
        self.report.faults.append(Fault(kind, words))

    # what the rows rest on

    def checkpoint(self, policy: Policy) -> Checkpoint:
        note = read_note(self.export["checkpoint"])
        return verify_checkpoint(
            note, trace_origin(policy.net), unb64(policy.payload.log_key or "")
        )

    def witnessed(self, policy: Policy, head: Checkpoint) -> None:
        """Where the policy asks for witnesses, a state they cosigned, and its growth to ours."""
        said = policy.payload
        if not said.k:
            return
        if self.export["witnessed"] is None:
            raise ValueError("no state of the log bears their signatures")
        note = read_note(self.export["witnessed"])
        keys = [unb64(key) for key in said.witnesses]
        point = verify_checkpoint(
            note, trace_origin(policy.net), unb64(said.log_key or ""), keys, said.k
        )
        self.growth(point, head)
        self.report.witnessed_size = point.size
        self.report.witnesses = len(cosigners(note.text, note.signatures, keys))

    def grown(self, head: Checkpoint) -> None:
        assert self.noted
        size, root = self.noted
        self.growth(Checkpoint(head.origin, size, root), head)

    def growth(self, before: Checkpoint, head: Checkpoint) -> None:
        proofs = {int(one["size"]): one["proof"] for one in self.export["growth"]}
        if before.size not in proofs and before.size != head.size:
            raise ValueError(f"no proof from {before.size} entries on: export with that size")
        proof = check_hashes([unb64(one, HASH_SIZE) for one in proofs.get(before.size, [])])
        verify_consistency(before.size, before.root, head.size, head.root, proof)

    # the rows

    def rows(self, point: Checkpoint) -> None:
        rows = self.export["rows"]
        self.report.rows = len(rows)
        for row in rows:
            what = _called(row)
            try:
                digest = unb64(row["hash"], HASH_SIZE)
                if row_hash(unb64(row["previous"], HASH_SIZE), row) != digest:
                    self.fault("row_changed", f"{what} was changed")
                proof = check_hashes([unb64(one, HASH_SIZE) for one in row["inclusion"]])
                place = int(row["place"]) - 1
                verify_inclusion(leaf_hash(digest), place, point.size, proof, point.root)
            except ProtocolError as error:
                self.fault("row_unproved", f"{what} does not stand in the log ({_why(error)})")
            except (KeyError, TypeError, ValueError) as error:
                self.fault("row_changed", f"{what} cannot be read ({_why(error)})")
            if row.get("case_id") != self.export["case"]:
                self.fault("row_added", f"{what} is of another case")
        for one, other in pairwise(rows):
            if other["place"] <= one["place"]:
                self.fault("row_added", f"{_called(other)} stands out of order")
            elif other["place"] == one["place"] + 1 and other["previous"] != one["hash"]:
                self.fault("row_changed", f"{_called(other)} does not follow the row before it")

    # what the file must contain

    def manifest(self, policy: Policy) -> Json:
        signed = self.export["manifest"]
        payload = unb64(signed["p"])
        signature = unb64(signed["sig"], SIGNATURE_SIZE)
        key = unb64(policy.payload.log_key or "")
        verify_signature(key, signature, manifest_message(payload))
        return parse_payload(payload)

    def compare(self, promised: Json) -> None:
        found = manifest_of(self.export)
        for name in ("net", "case", "at", "checkpoint"):
            if promised[name] != found[name]:
                self.fault("manifest", f"the export's {name} is not the one that was signed")
        then, now = _by(promised["rows"], found["rows"], "place")
        for place in sorted(then.keys() - now.keys()):
            self.fault("row_dropped", f"the row at place {place} was taken out")
        for place in sorted(now.keys() - then.keys()):
            self.fault("row_added", f"the row at place {place} was put in")
        for place in sorted(then.keys() & now.keys()):
            if then[place] != now[place]:
                self.fault("row_changed", f"the row at place {place} has another hash")
        then, now = _by(promised["ciphertexts"], found["ciphertexts"], "kind", "id")
        for kind, ident in sorted(then.keys() | now.keys()):
            if then.get((kind, ident)) != now.get((kind, ident)):
                self.fault("ciphertext", f"{kind} {ident} is not as it was when exported")
        for ident in sorted(promised["names"].keys() | found["names"].keys()):
            if promised["names"].get(ident) != found["names"].get(ident):
                self.fault("name", f"account {ident} had another name when exported")
        if self.blobs:
            for words in _differing(promised["ciphertexts"], self.blobs):
                self.fault("ciphertext", words)

    def audit(self) -> None:
        wanted, found = audit_bundle(self.export), self.export["audit"]
        entries = found.get("entry", []) if isinstance(found, dict) else []
        if not isinstance(found, dict) or len(entries) != len(wanted["entry"]):
            self.fault("audit", "the FHIR form has other events than there are rows")
            return
        for row, one, other in zip(self.export["rows"], wanted["entry"], entries, strict=True):
            if one != other:
                self.fault("audit", f"the FHIR event of {_called(row)} says something else")
        if {**wanted, "entry": []} != {**found, "entry": []}:
            self.fault("audit", "the frame of the FHIR form was changed")


_MEANINGS = {
    "checkpoint": "the state of the log is not signed by the log's key",
    "witness": "the witnesses' state does not hold",
    "growth": "the log is no growth of the state that was noted",
    "manifest": "what the file must contain, as the log's key signed it, is not there",
    "row_changed": "the rows cannot be read",
    "audit": "the FHIR form cannot be made again from the rows",
}


def _by(then: list[Json], now: list[Json], *names: str) -> tuple[dict[Any, Json], dict[Any, Json]]:
    """What was promised and what is there, by these fields."""

    def key(one: Json) -> Any:
        return one[names[0]] if len(names) == 1 else tuple(one[name] for name in names)

    return {key(one): one for one in then}, {key(one): one for one in now}


def _differing(ciphertexts: list[Json], blobs: Path) -> Iterator[str]:
    """Sealed files below a directory, as backups keep them: `{aa}/{id}` or `{id}`."""
    for one in ciphertexts:
        if one["kind"] != "attachment":
            continue
        ident = str(one["id"])
        path = next((p for p in (blobs / ident[:2] / ident, blobs / ident) if p.is_file()), None)
        if path is None:
            yield f"attachment {ident} is not in {blobs}"
            continue
        digest = sha256()
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        if b64(digest.digest()) != one["sha256"]:
            yield f"attachment {ident} in {blobs} is not the file that was exported"


def _called(row: Json) -> str:
    return f"row {row.get('id')} (place {row.get('place')}, {row.get('action')})"


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
