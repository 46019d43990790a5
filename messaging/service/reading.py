"""Opening a case, its messages, its trace: every reading is traced."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.models import Account
from auth.permissions import Permission
from auth.service.trace_reading import read_case_trace
from auth.trace_schemas import TraceList
from messaging.models import AnnouncedAttachment, Message
from messaging.schemas import (
    CaseAnswer,
    MessageAnswer,
    MessagesAnswer,
    MessagesQuery,
    Named,
    TraceQuery,
)
from messaging.service.access import access_case
from messaging.service.showing import show_attachments, show_case
from trace import Action, record

MISSED_AT_ONCE = 100
"""Messages handed over when joining; whoever missed more goes on over HTTP."""


@transactional
def read_case(actor: Actor, case_id: UUID) -> CaseAnswer:
    """A case with the life of its key. Raises CaseNotFound."""
    case = access_case(actor, case_id, Permission.CASE_READ)
    record(actor, Action.CASE_READ, ("case", case.id), case_id=case.id)
    return show_case(actor, case)


@transactional
def read_messages(actor: Actor, case_id: UUID, query: MessagesQuery) -> MessagesAnswer:
    """A page of the thread in its order: what follows `after`, or what precedes `before`.

    Without either, the end of the thread. `next` is the sequence to go on from, the same way.
    """
    case = access_case(actor, case_id, Permission.CASE_READ)
    rows = select(Message, Account.name).join(Account, Account.id == Message.author_id)
    rows = rows.where(Message.case_id == case.id).limit(query.limit + 1)
    if query.after is not None:
        rows = rows.where(Message.sequence > query.after).order_by(Message.sequence)
    else:
        if query.before is not None:
            rows = rows.where(Message.sequence < query.before)
        rows = rows.order_by(Message.sequence.desc())
    found = _fetch(rows)
    page = found[: query.limit]
    onward = str(page[-1].sequence) if len(found) > len(page) else None
    page.sort(key=lambda message: message.sequence)
    detail = {"count": len(page)}
    if page:
        detail |= {"after": page[0].sequence - 1, "sequence": page[-1].sequence}
    record(actor, Action.MESSAGE_READ, ("case", case.id), case_id=case.id, detail=detail)
    return MessagesAnswer(items=page, next=onward)


@transactional
def read_trace(actor: Actor, case_id: UUID, query: TraceQuery) -> TraceList:
    """Who did and read what in a case, newest first, for its participants. Raises CaseNotFound."""
    case = access_case(actor, case_id, Permission.CASE_TRACE)
    record(actor, Action.CASE_TRACE, ("case", case.id), case_id=case.id)
    return read_case_trace(case.id, query.cursor, query.limit)


def missed_messages(case_id: UUID, after: int) -> list[MessageAnswer]:
    """What followed a sequence, in the caller's transaction; at most MISSED_AT_ONCE."""
    return _fetch(
        select(Message, Account.name)
        .join(Account, Account.id == Message.author_id)
        .where(Message.case_id == case_id, Message.sequence > after)
        .order_by(Message.sequence)
        .limit(MISSED_AT_ONCE)
    )


def _fetch(rows: Select[Message, str]) -> list[MessageAnswer]:
    found = session().execute(rows).all()
    ids = [message.id for message, _ in found]
    files = show_attachments(AnnouncedAttachment.message_id.in_(ids)) if ids else {}
    return [
        MessageAnswer(
            id=message.id,
            case=message.case_id,
            sequence=message.sequence,
            author=Named(id=message.author_id, name=name),
            kind=message.kind,
            generation=message.generation,
            sealed=message.sealed,
            attachments=files.get(message.id, []),
            posted_at=message.posted_at,
        )
        for message, name in found
    ]
