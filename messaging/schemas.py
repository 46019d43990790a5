"""What travels about cases, the same over HTTP and over the socket."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from app.http import B64, Instant, Schema
from auth.schemas import Wrapped
from messaging.service.steps import Kind, Step
from protocol.contexts import parse_recipient
from protocol.errors import ProtocolError
from protocol.shapes import KEY_SIZE, sealed_size
from protocol.statements import SignedStatement

HEADER_BYTES = 64 * 1024
MESSAGE_BYTES = 48 * 1024
MAX_RECIPIENTS = 128
"""Of one key. A hundred pools, teams and people, and the custodians beside them; with the longer
suite's 1713 bytes for each (2284 as base64) a body stays under a third of the MiB that is taken."""
PREVIOUS_BYTES = sealed_size(KEY_SIZE)
"""The key of the generation before, sealed under the new one."""
MAX_ATTACHMENTS = 200


def _recipient(text: str) -> str:
    try:
        parse_recipient(text)
    except ProtocolError as error:
        raise ValueError("not a recipient") from error
    return text


Recipient = Annotated[str, AfterValidator(_recipient)]
Grants = Annotated[
    dict[Recipient, Wrapped],
    Field(min_length=1, json_schema_extra={"maxProperties": MAX_RECIPIENTS}),
]
"""How many is judged with the case (`TooManyRecipients`), for a refusal that says it."""
UrgencyWord = Literal["urgent", "priority", "routine"]
Box = Literal["unclaimed", "mine", "waiting", "done", "all"]
Sequence = Annotated[int, Field(ge=0, lt=2**31)]


class Named(Schema):
    id: UUID
    name: str


class AttachmentAnnouncement(Schema):
    """An attachment that a sealed manifest names; `size` is the ciphertext, all parts."""

    id: UUID
    size: int = Field(ge=1, lt=2**40)


Attachments = Annotated[list[AttachmentAnnouncement], Field(max_length=MAX_ATTACHMENTS)]


class HeaderBody(Schema):
    generation: Literal[0]
    version: Literal[0]
    sealed: B64
    attachments: Attachments = Field(default_factory=list)


class CaseBody(Schema):
    """A new case. `consent` is said in clear as well, so that none is stored without it."""

    id: UUID
    pool: UUID
    care_team: UUID | None = None
    urgency: UrgencyWord
    consent: Literal[True]
    event: SignedStatement
    grants: Grants
    header: HeaderBody


class MessageBody(Schema):
    """A sealed turn; `case` comes from the address over HTTP."""

    case: UUID
    id: UUID
    kind: Kind
    generation: int = Field(ge=0)
    sealed: B64
    attachments: Attachments = Field(default_factory=list)


class StepMessage(Schema):
    id: UUID
    kind: Kind
    generation: int = Field(ge=0)
    sealed: B64
    attachments: Attachments = Field(default_factory=list)


class StepBody(Schema):
    case: UUID
    id: UUID
    step: Step
    message: StepMessage | None = None
    release_reason: Literal["busy", "not_my_field", "absent", "other"] | None = None
    """A word of a closed list: anything clinical is said in a sealed text."""


Purpose = Literal[
    "forward",
    "second_opinion",
    "named_expert",
    "doctor",
    "regrant",
    "rekey",
    "take_off",
]


class EventBody(Schema):
    """A signed event in the life of a case's key, with the wraps it announces.

    `target` is the pool or person it is about: everything but `rekey`, which is about all.
    """

    case: UUID
    event: SignedStatement
    grants: Grants
    previous: Annotated[B64, Field(min_length=PREVIOUS_BYTES, max_length=PREVIOUS_BYTES)] | None = (
        None
    )
    purpose: Purpose
    target: UUID | None = None

    @model_validator(mode="after")
    def _about_somebody(self) -> EventBody:
        if (self.target is None) != (self.purpose == "rekey"):
            raise ValueError("every purpose but rekey has a target")
        return self


class OverflowBody(Schema):
    """Chosen by the device: asking again passes the case on once."""

    case: UUID
    id: UUID


class ReceiptBody(Schema):
    case: UUID
    read: Sequence
    delivered: Sequence | None = None


class JoinBody(Schema):
    case: UUID
    after: Sequence | None = None


class LeaveBody(Schema):
    case: UUID


class TypingBody(Schema):
    case: UUID
    on: bool


class PresenceBody(Schema):
    away: bool


class CasesQuery(Schema):
    box: Box = "all"
    role: Literal["requester", "expert"] | None = None
    pool: UUID | None = None
    urgency: UrgencyWord | None = None
    cursor: str | None = Field(None, max_length=400)
    limit: int = Field(50, ge=1, le=100)


class MessagesQuery(Schema):
    after: Sequence | None = None
    before: Sequence | None = None
    limit: int = Field(50, ge=1, le=100)


class TraceQuery(Schema):
    cursor: str | None = Field(None, max_length=400)
    limit: int = Field(100, ge=1, le=100)


class PoolAnswer(Schema):
    id: UUID
    name: str
    specialty: str | None


class GrantAnswer(Schema):
    generation: int
    recipient: str
    wrapped: B64


class AttachmentAnswer(Schema):
    id: UUID
    size: int
    stored: bool


class PreviousAnswer(Schema):
    """The key of generation - 1, sealed under the key of `generation`."""

    generation: int
    sealed: B64


class CircleEntry(Schema):
    """Someone who can read the case, or could (`left`)."""

    kind: Literal["group", "account", "custodian"]
    id: str
    """A UUID; a custodian's place in the policy."""
    name: str
    role: str
    since: Instant | None
    left: bool


class HeaderAnswer(Schema):
    version: int
    generation: int
    sealed: B64
    at: Instant
    attachments: list[AttachmentAnswer]


class CaseAnswer(Schema):
    id: UUID
    number: str
    pool: PoolAnswer
    care_team: Named | None
    organisation: Named | None
    urgency: str
    state: str
    opened_by: Named
    expert: Named | None
    opened_at: Instant
    due_at: Instant
    claimed_at: Instant | None
    answered_at: Instant | None
    closed_at: Instant | None
    last_sequence: int
    last_activity_at: Instant
    generation: int
    events: list[dict[str, Any]]
    """Empty in lists."""
    grants: list[GrantAnswer]
    previous: list[PreviousAnswer]
    circle: list[CircleEntry]
    rekey_due: bool
    """A group that holds the key has rekeyed: the key changes before the next words."""
    header: HeaderAnswer
    read: dict[UUID, int]
    read_at: dict[UUID, Instant]
    """When each person last read on."""
    unread: int
    steps: list[str]


class Counts(Schema):
    unclaimed: int
    mine: int
    waiting: int
    done: int


class CasesAnswer(Schema):
    items: list[CaseAnswer]
    next: str | None
    counts: Counts


class MessageAnswer(Schema):
    id: UUID
    case: UUID
    sequence: int
    author: Named
    kind: str
    generation: int
    sealed: B64
    attachments: list[AttachmentAnswer]
    posted_at: Instant


class MessagesAnswer(Schema):
    items: list[MessageAnswer]
    next: str | None


class MessageReceipt(Schema):
    """The message is on the disk: its place in the thread and its hour."""

    id: UUID
    sequence: int
    posted_at: Instant


class StepAnswer(Schema):
    state: str
    sequence: int | None
    case: CaseAnswer


class OverflowAnswer(Schema):
    """Where the case stands now: no more, since an administrator may ask."""

    state: str
    pool: Named
    due_at: Instant


class ReceiptAnswer(Schema):
    read: int


class JoinAnswer(Schema):
    messages: list[MessageAnswer]
    last_sequence: int
    read: dict[UUID, int]
    present: list[UUID]
