"""Being away, and who stands in."""

from __future__ import annotations

from uuid import UUID

from pydantic import ConfigDict, Field

from app.http import Instant, Schema
from auth.schemas.fields import AccountName

FROM_IS_A_WORD_OF_PYTHON = ConfigDict(
    extra="forbid",
    frozen=True,
    hide_input_in_errors=True,
    serialize_by_alias=True,
    validate_by_name=True,
    validate_by_alias=True,
)


class LeaveBody(Schema):
    """From when, until when; the delegate shares a group with the person, or there is none."""

    model_config = FROM_IS_A_WORD_OF_PYTHON

    from_: Instant = Field(alias="from")
    until: Instant
    delegate: UUID | None = None


class LeaveView(Schema):
    model_config = FROM_IS_A_WORD_OF_PYTHON

    from_: Instant = Field(alias="from")
    until: Instant
    delegate: AccountName | None
