"""Bodies and answers about notifications."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.http import Instant, Schema

LocalTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,100}={0,2}$")]


class QuietHours(Schema):
    """Local time in France; `from` after `to` runs over midnight."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    from_: LocalTime = Field(alias="from")
    to: LocalTime

    @model_validator(mode="after")
    def lasts(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("quiet hours need a beginning and an end")
        return self


class Preferences(Schema):
    mail: bool = True
    push: bool = True
    quiet: QuietHours | None = None
    urgent_breaks_quiet: bool = True


class SubscriptionKeys(Schema):
    """As `PushSubscription.toJSON()` gives them (base64url)."""

    p256dh: Base64Url
    auth: Base64Url


class Subscription(Schema):
    endpoint: Annotated[str, StringConstraints(min_length=12, max_length=2048)]
    keys: SubscriptionKeys


class Endpoint(Schema):
    endpoint: Annotated[str, StringConstraints(min_length=12, max_length=2048)]


class PersonName(Schema):
    id: UUID
    name: str


class DeadDelivery(Schema):
    """A notification that was given up."""

    id: UUID
    channel: str
    kind: str
    account: PersonName | None
    attempts: int
    fault: str | None
    created_at: Instant
    settled_at: Instant | None


class DeadPage(Schema):
    model_config = ConfigDict(extra="forbid", frozen=True)

    items: list[DeadDelivery]
    next: str | None


class PageQuery(Schema):
    cursor: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class DemoPerson(Schema):
    name: str
    mail: str
    role: str
    password: str


class DemoPeople(Schema):
    items: list[DemoPerson]
    next: None = None


class DemoCode(Schema):
    code: str
    wait: int
    """Seconds until it is accepted: a code works once, so the next one may have to come."""


class DemoLetter(Schema):
    id: int
    recipient: str
    subject: str
    text: str
    html: str
    at: Instant


class DemoLetters(Schema):
    items: list[DemoLetter]
    next: None = None
