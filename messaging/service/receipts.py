"""How far each person has received and read a thread."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import insert, select, update

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.group_commit import commit_together
from app.transactions import transaction
from auth.actor import Actor
from auth.permissions import Permission
from messaging.announced import ReceiptMoved
from messaging.models import Case, CaseReceipt
from messaging.schemas import ReceiptAnswer, ReceiptBody
from messaging.service.access import access_case
from trace import Action, record


def move_receipt(actor: Actor, body: ReceiptBody) -> ReceiptAnswer:
    """Note that the person has read up to a message; never goes back, nor past the last one.

    Each message newly read stands in the trace once, as a range. Raises CaseNotFound.
    """
    with transaction(read_only=True):
        case = access_case(actor, body.case, Permission.CASE_READ)
        known = session().get(CaseReceipt, (case.id, actor.account_id))
        wanted = _within(case.last_sequence, body)
        if known and known.read >= wanted[0] and known.delivered >= wanted[1]:
            return ReceiptAnswer(read=known.read)
    return commit_together(body.case, lambda: _move(actor, body))


def _move(actor: Actor, body: ReceiptBody) -> ReceiptAnswer:
    last = session().scalar(select(Case.last_sequence).where(Case.id == body.case)) or 0
    read, delivered = _within(last, body)
    mine = (CaseReceipt.case_id == body.case, CaseReceipt.account_id == actor.account_id)
    known = (
        session()
        .execute(select(CaseReceipt.read, CaseReceipt.delivered).where(*mine).with_for_update())
        .first()
    )
    before = known.read if known else 0
    if known:
        read, delivered = max(read, known.read), max(delivered, known.delivered)
        if (read, delivered) == tuple(known):
            return ReceiptAnswer(read=read)
        session().execute(
            update(CaseReceipt)
            .where(*mine)
            .values(read=read, delivered=delivered, moved_at=clock.now())
            .execution_options(synchronize_session=False)
        )
    else:
        session().execute(
            insert(CaseReceipt).values(
                case_id=body.case,
                account_id=actor.account_id,
                read=read,
                delivered=delivered,
                moved_at=clock.now(),
            )
        )
    if read > before:
        record(
            actor,
            Action.MESSAGE_READ,
            ("case", body.case),
            case_id=body.case,
            detail={"after": before, "sequence": read},
        )
    announce_on_commit(
        ReceiptMoved(case_id=body.case, account_id=actor.account_id, read=read, delivered=delivered)
    )
    return ReceiptAnswer(read=read)


def _within(last: int, body: ReceiptBody) -> tuple[int, int]:
    """Read and delivered as they can be: what is read was delivered."""
    read = min(body.read, last)
    return read, max(read, min(body.delivered or 0, last))


def receipts_of(case_id: UUID) -> dict[UUID, int]:
    """How far each person has read."""
    rows = session().execute(
        select(CaseReceipt.account_id, CaseReceipt.read).where(CaseReceipt.case_id == case_id)
    )
    return dict(rows.all())
