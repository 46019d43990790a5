"""How a person is shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.http import Instant, Schema
from auth.schemas.fields import AccountKind, AccountName
from auth.schemas.leave import LeaveView


class OrganisationName(Schema):
    id: UUID
    name: str


class PendingKeys(Schema):
    """New keys that wait for a registrar's signature."""

    statement: dict[str, Any]
    reason: Literal["renewal", "return"]
    since: Instant


class AccountView(Schema):
    """A person. Fields that are None by default are for themselves and administrators."""

    id: UUID
    name: str
    kind: AccountKind
    profession: str
    specialty: str | None
    organisation: OrganisationName | None
    certified: bool
    archived: bool
    """Suspended: nothing new is asked of them; what they wrote stays theirs."""
    language: str | None = None
    mail: str | None = None
    rpps: str | None = None
    created_at: Instant | None = None
    last_sign_in_at: Instant | None = None
    registrar: bool = False
    keys_changed_at: Instant | None = None
    """When their present keys took the place of older ones; None for the first."""
    keys_vouched_by: AccountName | None = None
    """The registrar who co-signed the present keys."""
    pending: PendingKeys | None = None
    leave: LeaveView | None = None
    """Running or to come."""
    statements: tuple[dict[str, Any], ...] = ()


class AccountList(Schema):
    items: list[AccountView]
    next: str | None


class AccountQuery(Schema):
    ids: Annotated[str, Field(max_length=4096)] | None = None
    q: Annotated[str, Field(max_length=100)] | None = None
    waiting: Literal["0", "1"] = "0"
    cursor: Annotated[str, Field(max_length=300)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class AccountPatch(Schema):
    organisation: UUID | None
