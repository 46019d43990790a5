"""The shape of a case's exported trace. `protocol.audit` says what each part means."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.http import B64, Instant, Schema


class ExportQuery(Schema):
    from_size: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    """Size of a state of the trace's log noted earlier: that it only grew since is proved too."""


class ExportedRow(Schema):
    """A row with the hash before it, so that its own can be computed again."""

    place: int
    id: int
    at: Instant
    actor_id: UUID | None
    organisation_id: UUID | None
    session_id: UUID | None
    address: str | None
    action: str
    subject_kind: str
    subject_id: str | None
    case_id: UUID | None
    result: str
    detail: str | None
    previous: B64
    hash: B64
    inclusion: list[B64]


class Ciphertext(Schema):
    """One sealed thing of the case as this server keeps it."""

    kind: str
    """`event`, `header`, `message` or `attachment`."""
    id: str
    size: int
    sha256: B64


class Growth(Schema):
    """That the log of the export extends an earlier one."""

    size: int
    proof: list[B64]


class Manifest(Schema):
    p: B64
    sig: B64


class TraceExport(Schema):
    """Everything needed to check one case's trace without this server."""

    v: int
    net: UUID
    case: UUID
    exported_at: Instant
    policy: list[dict[str, Any]]
    checkpoint: str
    """The trace log's state, signed, that the rows are proved to stand in."""
    witnessed: str | None
    """The newest state that the policy's witnesses cosigned."""
    growth: list[Growth]
    """From the witnessed state, and from the one asked for, to `checkpoint`."""
    rows: list[ExportedRow]
    ciphertexts: list[Ciphertext]
    names: dict[str, str]
    """Account id → name, for reading."""
    audit: dict[str, Any]
    """FHIR R4 Bundle of AuditEvent."""
    manifest: Manifest | None
