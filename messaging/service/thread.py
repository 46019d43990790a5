"""The thread of a case: sealed messages in the order the server gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.errors import Conflict
from app.group_commit import (
    commit_together,
    insert_together,
    see_together,
    update_together,
)
from app.transactions import transaction
from auth.actor import Actor
from auth.permissions import Permission
from messaging.announced import MessagePosted, PostedMessage
from messaging.errors import CaseSettled, MessageUnexpected
from messaging.models import Case, Message, Urgency
from messaging.schemas import (
    MESSAGE_BYTES,
    AttachmentAnnouncement,
    MessageBody,
    MessageReceipt,
    StepMessage,
)
from messaging.service.access import ThreadPlace, access_thread
from messaging.service.freshness import require_fresh_key
from messaging.service.sealed import (
    announce_attachments,
    check_seal,
    require_current_generation,
)
from messaging.service.steps import SILENT, Kind, State
from trace import Action, record

_case, _message = cast(Table, Case.__table__), cast(Table, Message.__table__)
_CASES = (
    select(
        _case.c.id,
        _case.c.number,
        _case.c.pool_id,
        _case.c.care_team_id,
        _case.c.opened_by,
        _case.c.expert_id,
        _case.c.urgency,
        _case.c.state,
        _case.c.generation,
        _case.c.due_at,
        _case.c.last_sequence,
        _case.c.rekey_due,
    )
    .where(_case.c.id.in_(bindparam("cases", expanding=True)))
    .order_by(_case.c.id)
    .with_for_update()
)
"""In the order of their ids: two processes that lock the same cases never wait for each other."""
_MOVE = (
    update(_case)
    .where(_case.c.id == bindparam("case"))
    .values(last_sequence=bindparam("sequence"), last_activity_at=bindparam("now"))
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
    in a batch with others' (app/group_commit.py). What changed in between is found
    when the case is held for its next sequence. Raises CaseNotFound, StaleGeneration, StaleEpoch,
    CaseSettled, SealRefused, or Conflict for an id used otherwise.
    """
    place = access_thread(actor, body.case, Permission.CASE_WRITE, message=body.id)
    if place.known:
        with transaction(read_only=True):
            if posted := find_posted(actor, body):
                return posted, False
    check_postable(place, body)
    if place.rekey_due or place.state == State.ACKNOWLEDGED:
        with transaction(read_only=True):
            require_fresh_key(body.case, place.generation, place.rekey_due, settled=True)
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
    threads = see_together(body.case, _lock_threads)
    thread = threads[body.case]
    _require_unmoved(thread.case, body)
    thread.last_sequence += 1
    sequence = thread.last_sequence
    update_together(_MOVE, body.case, {"case": body.case, "sequence": sequence, "now": now})
    posted = insert_message(actor, body.case, body, sequence, now)
    record(
        actor,
        Action.MESSAGE_POST,
        ("message", body.id),
        case_id=body.case,
        detail={"kind": str(body.kind), "sequence": sequence},
    )
    announce_on_commit(_fact(actor, thread.case, expert_name, posted))
    return MessageReceipt(id=body.id, sequence=sequence, posted_at=now)


@dataclass
class _Thread:
    """A case held for this batch, and how far its thread has come in it."""

    case: Row[*tuple[Any, ...]]
    last_sequence: int


def _lock_threads(cases: list[UUID]) -> dict[UUID, _Thread]:
    rows = session().connection().execute(_CASES, {"cases": cases})
    return {row.id: _Thread(row, row.last_sequence) for row in rows}


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


def _require_unmoved(case: Row[*tuple[Any, ...]], body: MessageBody) -> None:
    """Raise what came between check and append: StaleGeneration, StaleEpoch or CaseSettled."""
    require_current_generation(case.generation, body.generation)
    require_fresh_key(case.id, case.generation, case.rekey_due)
    if case.state in SILENT:
        raise CaseSettled(state=case.state)


def _fact(
    actor: Actor,
    case: Row[*tuple[Any, ...]],
    expert: str | None,
    posted: PostedMessage,
) -> MessagePosted:
    return MessagePosted(
        case_id=case.id,
        case_number=case.number,
        pool_id=case.pool_id,
        care_team_id=case.care_team_id,
        opened_by=case.opened_by,
        expert_id=case.expert_id,
        expert_name=expert,
        actor_id=actor.account_id,
        actor_name=actor.name,
        urgency=Urgency(case.urgency).word,
        state=case.state,
        due_at=case.due_at,
        last_sequence=posted.sequence,
        at=posted.posted_at,
        posted=posted,
    )
