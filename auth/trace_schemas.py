"""The shapes of the trace as people read it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.http import B64, Instant, Schema
from auth.schemas import OrganisationName


class TraceQuery(Schema):
    store: Literal["act", "security"] = "act"
    """Acts are kept with the record; ways in and out of accounts for a year."""
    person: UUID | None = None
    case: UUID | None = None
    action: Annotated[str, Field(max_length=64)] | None = None
    from_: str | None = Field(default=None, alias="from", max_length=40)
    to: Annotated[str, Field(max_length=40)] | None = None
    cursor: Annotated[str, Field(max_length=40)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class TraceActor(Schema):
    id: UUID
    name: str


class TraceItem(Schema):
    id: int
    place: int | None
    at: Instant
    actor: TraceActor | None
    organisation: OrganisationName | None
    action: str
    subject_kind: str
    subject_id: str | None
    case_id: UUID | None
    result: str
    address: str | None
    session: str | None
    """First eight characters: enough to tell two devices apart."""
    detail: dict[str, Any] | None
    hash: B64 | None


class TraceList(Schema):
    items: list[TraceItem]
    next: str | None
