"""The thread of a case: sealed messages in the order the server gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.errors import Conflict
from app.group_commit import commit_together, insert_together
from app.transactions import transaction
from auth.actor import Actor
from auth.permissions import Permission
from messaging.announced import MessagePosted, PostedMessage
from messaging.errors import CaseSettled, MessageUnexpected, StaleGeneration
from messaging.models import Case, Message, Urgency
from messaging.schemas import (
    MESSAGE_BYTES,
    AttachmentAnnouncement,
    MessageBody,
    MessageReceipt,
    StepMessage,
)
from messaging.service.access import ThreadPlace, access_thread
from messaging.service.sealed import (
    announce_attachments,
    check_seal,
    require_current_generation,
)
from messaging.service.steps import SILENT, Kind
from trace import Action, record

_case, _message = cast(Table, Case.__table__), cast(Table, Message.__table__)
_TAKE_PLACE = (
    update(_case)
    .where(
        _case.c.id == bindparam("case"),
        _case.c.generation == bindparam("under"),
        *(_case.c.state != str(state) for state in sorted(SILENT)),
    )
    .values(last_sequence=_case.c.last_sequence + 1, last_activity_at=bindparam("now"))
    .returning(
        _case.c.number,
        _case.c.pool_id,
        _case.c.care_team_id,
        _case.c.opened_by,
        _case.c.expert_id,
        _case.c.urgency,
        _case.c.state,
        _case.c.due_at,
        _case.c.last_sequence,
    )
)
_INSERT = insert(_message)
_KNOWN = select(
    _message.c.author_id,
    _message.c.sealed,
    _message.c.case_id,
    _message.c.sequence,
    _message.c.posted_at,
).where(_message.c.id == bindparam("message"))


def post_message(actor: Actor, body: MessageBody) -> tuple[MessageReceipt, bool]:
    """Append a sealed text and tell the care circle; also whether it is new.

    Not one transaction but two: checks together with others' (app/group_read.py), then its rows
    in a batch with others' (app/group_commit.py). Whatever changed in between is caught by the
    update that takes the sequence. Raises CaseNotFound, StaleGeneration, CaseSettled,
    SealRefused, or Conflict for an id used otherwise.
    """
    place = access_thread(actor, body.case, Permission.CASE_WRITE, message=body.id)
    if place.known:
        with transaction(read_only=True):
            if posted := find_posted(actor, body):
                return posted, False
    check_postable(place, body)
    try:
        return commit_together(body.case, lambda: _append(actor, body, place.expert_name)), True
    except IntegrityError:
        with transaction(read_only=True):
            if posted := find_posted(actor, body):
                return posted, False
        raise


def check_postable(place: ThreadPlace, body: MessageBody) -> None:
    """Raise the reason why this text cannot be added now."""
    if body.kind is not Kind.TEXT:
        raise MessageUnexpected(kind=str(body.kind))
    check_seal(body.sealed, MESSAGE_BYTES)
    if place.state in SILENT:
        raise CaseSettled(state=place.state)
    require_current_generation(place.generation, body.generation)


def find_posted(actor: Actor, body: MessageBody | StepMessage) -> MessageReceipt | None:
    """What was answered to this very message before. Raises Conflict if it was another one."""
    known = session().connection().execute(_KNOWN, {"message": body.id}).first()
    if known is None:
        return None
    if known.author_id != actor.account_id or known.sealed != body.sealed:
        raise Conflict()
    if isinstance(body, MessageBody) and known.case_id != body.case:
        raise Conflict()
    return MessageReceipt(id=body.id, sequence=known.sequence, posted_at=known.posted_at)


def _append(actor: Actor, body: MessageBody, expert_name: str | None) -> MessageReceipt:
    """One message's rows: its place in the thread, itself, its files, its trace."""
    now = clock.now()
    place = (
        session()
        .connection()
        .execute(_TAKE_PLACE, {"case": body.case, "under": body.generation, "now": now})
        .first()
    )
    if place is None:
        _refuse(body)
    assert place is not None
    posted = insert_message(actor, body.case, body, place.last_sequence, now)
    record(
        actor,
        Action.MESSAGE_POST,
        ("message", body.id),
        case_id=body.case,
        detail={"kind": str(body.kind), "sequence": place.last_sequence},
    )
    announce_on_commit(_fact(actor, body.case, place, expert_name, posted))
    return MessageReceipt(id=body.id, sequence=place.last_sequence, posted_at=now)


def insert_message(
    actor: Actor,
    case_id: UUID,
    body: MessageBody | StepMessage,
    sequence: int,
    now: datetime,
) -> PostedMessage:
    """Write a message whose place is taken, and announce its files."""
    row = {
        "id": body.id,
        "case_id": case_id,
        "sequence": sequence,
        "author_id": actor.account_id,
        "kind": str(body.kind),
        "generation": body.generation,
        "sealed": body.sealed,
        "posted_at": now,
    }
    if not body.attachments:
        insert_together(_INSERT, row)
        return as_posted(body, sequence, now)
    session().connection().execute(_INSERT, row)
    announce_attachments(actor, case_id, body.id, body.attachments)
    return as_posted(body, sequence, now)


def as_posted(body: MessageBody | StepMessage, sequence: int, now: datetime) -> PostedMessage:
    return PostedMessage(
        message_id=body.id,
        kind=str(body.kind),
        sequence=sequence,
        generation=body.generation,
        sealed=body.sealed,
        attachments=_sizes(body.attachments),
        posted_at=now,
    )


def _sizes(attachments: list[AttachmentAnnouncement]) -> tuple[tuple[UUID, int], ...]:
    return tuple((attachment.id, attachment.size) for attachment in attachments)


def _refuse(body: MessageBody) -> None:
    """The case moved between check and append: say how."""
    generation, state = (
        session().execute(select(Case.generation, Case.state).where(Case.id == body.case)).one()
    )
    if generation != body.generation:
        raise StaleGeneration(generation=generation)
    raise CaseSettled(state=state)


def _fact(
    actor: Actor,
    case_id: UUID,
    place: Row[*tuple[Any, ...]],
    expert: str | None,
    posted: PostedMessage,
) -> MessagePosted:
    return MessagePosted(
        case_id=case_id,
        case_number=place.number,
        pool_id=place.pool_id,
        care_team_id=place.care_team_id,
        opened_by=place.opened_by,
        expert_id=place.expert_id,
        expert_name=expert,
        actor_id=actor.account_id,
        actor_name=actor.name,
        urgency=Urgency(place.urgency).word,
        state=place.state,
        due_at=place.due_at,
        last_sequence=place.last_sequence,
        at=posted.posted_at,
        posted=posted,
    )
