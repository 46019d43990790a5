"""A case's trace in one file that proves itself: for a dispute, an inspection, an archive."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app import clock
from app.db import session
from app.transactions import transaction, transactional
from auth.actor import Actor
from auth.service.accounts import account_names
from messaging.errors import CaseNotFound
from messaging.export_schemas import Ciphertext, ExportedRow, Growth, Manifest, TraceExport
from messaging.models import Case, CaseEvent, CaseHeader, Message
from protocol.audit import FIELDS, ORIGIN, audit_bundle, manifest_message, manifest_payload
from protocol.note import Note
from trace import Action, checkpoints, record, signing
from trace.chain import fields
from trace.errors import CheckpointNotFound
from trace.models import TracePlace, TraceRow
from trace.rooms_above import network_id, policy_chain
from trace.sequencer import place_rows
from trace.trees import Tree

_ATTACHMENTS = sa.table(
    "attachment",
    sa.column("id", sa.Uuid()),
    sa.column("case_id", sa.Uuid()),
    sa.column("size", sa.BigInteger()),
    sa.column("sha256", sa.LargeBinary()),
)
"""Of the room above this one, which alone moves files."""

PATIENCE = 2.0
"""Seconds given to another process that is just placing rows."""


def export_trace(actor: Actor, case_id: UUID, from_size: int | None) -> TraceExport:
    """Every row of a case with proofs, checksums and signatures. Raises CaseNotFound.

    It holds no plaintext and no key: whoever may read the trace may have it. The export is an act
    of its own and the last row in it.
    """
    _note_export(actor, case_id)
    _place_all(case_id)
    head = checkpoints.sign_now(Tree.TRACE, pause=timedelta())
    with transaction(read_only=True):
        found = _gather(case_id, head, from_size)
    return _sealed(found)


@transactional
def _note_export(actor: Actor, case_id: UUID) -> None:
    if session().get(Case, case_id) is None:
        raise CaseNotFound()
    detail = {"format": "proof"}
    record(actor, Action.TRACE_EXPORT, ("case", case_id), case_id=case_id, detail=detail)


def _place_all(case_id: UUID) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        place_rows()
        with transaction(read_only=True):
            unplaced = session().execute(
                sa.select(TraceRow.id)
                .outerjoin(TracePlace, TracePlace.trace_id == TraceRow.id)
                .where(TraceRow.case_id == case_id, TracePlace.place.is_(None))
                .limit(1)
            )
            if unplaced.first() is None or time.monotonic() > until:
                return
        time.sleep(0.05)


def _gather(case_id: UUID, head: Note, from_size: int | None) -> TraceExport:
    size = head.checkpoint.size
    witnessed = checkpoints.newest_cosigned(Tree.TRACE)
    if witnessed and not 0 < witnessed.checkpoint.size <= size:
        witnessed = None
    rows = list(_rows(case_id, size))
    people = {row.actor_id for row in rows}
    starts = {witnessed.checkpoint.size} if witnessed else set()
    if from_size is not None:
        if from_size > size:
            raise CheckpointNotFound()
        starts.add(from_size)
    return TraceExport(
        v=1,
        net=network_id(),
        case=case_id,
        exported_at=clock.now(),
        policy=policy_chain(),
        checkpoint=head.written(),
        witnessed=witnessed.written() if witnessed else None,
        growth=[
            Growth(size=start, proof=checkpoints.consistency(Tree.TRACE, start, size))
            for start in sorted(starts)
        ],
        rows=rows,
        ciphertexts=list(_ciphertexts(case_id)),
        names={str(ident): name for ident, name in sorted(account_names(people).items())},
        audit={},
        manifest=None,
    )


def _sealed(found: TraceExport) -> TraceExport:
    """With its FHIR form, and signed as a whole."""
    written: dict[str, Any] = found.model_dump(mode="json")
    payload = manifest_payload(written)
    manifest = Manifest(p=payload, sig=signing.sign_bytes(manifest_message(payload)))
    return found.model_copy(update={"audit": audit_bundle(written), "manifest": manifest})


def _rows(case_id: UUID, size: int) -> Iterator[ExportedRow]:
    before = aliased(TracePlace)
    found = session().execute(
        sa.select(TraceRow, TracePlace.place, TracePlace.hash, before.hash.label("previous"))
        .join(TracePlace, TracePlace.trace_id == TraceRow.id)
        .outerjoin(before, before.place == TracePlace.place - 1)
        .where(TraceRow.case_id == case_id, TracePlace.place <= size)
        .order_by(TracePlace.place)
    )
    for row, place, digest, previous in found:
        said = dict(zip(FIELDS, fields(place, row), strict=True))
        yield ExportedRow(
            **{**said, "at": row.at},
            previous=previous or ORIGIN,
            hash=digest,
            inclusion=checkpoints.inclusion(Tree.TRACE, place - 1, size),
        )


def _ciphertexts(case_id: UUID) -> Iterator[Ciphertext]:
    for event in session().scalars(
        sa.select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.n)
    ):
        raw = json.dumps(event.statement, separators=(",", ":"), sort_keys=True).encode()
        yield _of("event", f"{case_id}/{event.n}", raw)
    for header in session().scalars(
        sa.select(CaseHeader).where(CaseHeader.case_id == case_id).order_by(CaseHeader.version)
    ):
        yield _of("header", f"{case_id}/{header.version}", header.sealed)
    for message in session().scalars(
        sa.select(Message).where(Message.case_id == case_id).order_by(Message.sequence)
    ):
        yield _of("message", str(message.id), message.sealed)
    for row in session().execute(
        sa.select(_ATTACHMENTS.c.id, _ATTACHMENTS.c.size, _ATTACHMENTS.c.sha256)
        .where(_ATTACHMENTS.c.case_id == case_id, _ATTACHMENTS.c.sha256.is_not(None))
        .order_by(_ATTACHMENTS.c.id)
    ):
        yield Ciphertext(kind="attachment", id=str(row.id), size=row.size, sha256=row.sha256)


def _of(kind: str, ident: str, raw: bytes) -> Ciphertext:
    return Ciphertext(kind=kind, id=ident, size=len(raw), sha256=sha256(raw).digest())
