"""Reports of broken seals: a place and a code, and no field that could hold a word of a case."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from app.http import Instant, Schema
from auth.schemas.fields import AccountName

SubjectKind = Literal["message", "case", "group", "account", "policy", "log", "attachment"]


class SealReportBody(Schema):
    """`verdict` is the verifier's own name for what it found, like `key_swapped`."""

    id: UUID
    subject_kind: SubjectKind
    subject_id: UUID | None = None
    case: UUID | None = None
    verdict: Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=64)]


class SealReportView(Schema):
    id: UUID
    at: Instant
    by: AccountName
    subject_kind: str
    subject_id: UUID | None
    case: UUID | None
    verdict: str
    settled_at: Instant | None


class SealReportList(Schema):
    items: list[SealReportView]
    next: str | None
