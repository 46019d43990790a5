"""Facts about cases, announced inside the transaction that makes them true.

`notifications/` listens with `on_record` (same transaction), `messaging/announcements.py` with
`on_commit` (sockets). Each thing that happens is said once: a step that carries a message is one
`StepTaken` with its message, never a `MessagePosted` as well. No field ever holds plaintext.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFact:
    """What every fact about a case says: where it stands, whom it concerns, who acted."""

    case_id: UUID
    case_number: str
    pool_id: UUID
    care_team_id: UUID | None
    opened_by: UUID
    expert_id: UUID | None
    expert_name: str | None
    actor_id: UUID
    actor_name: str
    urgency: str
    """`urgent`, `priority` or `routine`."""
    state: str
    due_at: datetime
    last_sequence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMessage:
    """A sealed turn as the readers receive it."""

    message_id: UUID
    kind: str
    sequence: int
    generation: int
    sealed: bytes
    attachments: tuple[tuple[UUID, int], ...]
    """(id, size in bytes) of each announced attachment."""
    posted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(CaseFact):
    """A requester sent a new case to a pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClaimed(CaseFact):
    """An expert of the pool took the case: said instead of `StepTaken` for the step `claim`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken(CaseFact):
    """Any other step. Those with words carry the message; without an `expert_id` nobody has it."""

    step: str
    step_id: UUID
    posted: PostedMessage | None
    former_expert_id: UUID | None = None
    """Who held the case before, when they no longer do."""

    @property
    def message_id(self) -> UUID | None:
        return self.posted.message_id if self.posted else None

    @property
    def kind(self) -> str | None:
        return self.posted.kind if self.posted else None

    @property
    def sequence(self) -> int | None:
        return self.posted.sequence if self.posted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePosted(CaseFact):
    """A text was added to the thread."""

    posted: PostedMessage

    @property
    def message_id(self) -> UUID:
        return self.posted.message_id

    @property
    def kind(self) -> str:
        return self.posted.kind

    @property
    def sequence(self) -> int:
        return self.posted.sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class CircleChanged(CaseFact):
    """Who reads the case changed, or under which key they do."""

    purpose: str
    """A purpose of `schemas.EventBody`, or `overflow`."""
    holder_id: UUID | None
    """Whom it is about: a group or a person; None for a new key alone."""
    holder_kind: str | None
    """`group` or `account`."""
    left: tuple[UUID, ...] = ()
    """People who no longer read the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptMoved:
    """A person has read or received further than before."""

    case_id: UUID
    account_id: UUID
    read: int
    delivered: int
