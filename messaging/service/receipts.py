"""How far each person has received and read a thread."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

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
from messaging.service.access import access_thread
from trace import Action, record

_receipt = cast(Table, CaseReceipt.__table__)
_MINE = (_receipt.c.case_id == bindparam("case"), _receipt.c.account_id == bindparam("me"))
_KNOWN = select(_receipt.c.read, _receipt.c.delivered).where(*_MINE)
_HELD = _KNOWN.with_for_update()
_LAST = select(Case.__table__.c.last_sequence).where(Case.__table__.c.id == bindparam("case"))
_INSERT = insert(_receipt)
_MOVE = (
    update(_receipt)
    .where(*_MINE)
    .values(
        read=bindparam("to_read"), delivered=bindparam("to_delivered"), moved_at=bindparam("now")
    )
)


def move_receipt(actor: Actor, body: ReceiptBody) -> ReceiptAnswer:
    """Note that the person has read up to a message; never goes back, nor past the last one.

    Each message newly read stands in the trace once, as a range. Raises CaseNotFound.
    """
    mine = {"case": body.case, "me": actor.account_id}
    place = access_thread(actor, body.case, Permission.CASE_READ)
    with transaction(read_only=True) as running:
        known = running.connection().execute(_KNOWN, mine).first()
        read, delivered = _within(place.last_sequence, body)
        if known and known.read >= read and known.delivered >= delivered:
            return ReceiptAnswer(read=known.read)
    try:
        return commit_together(body.case, lambda: _move(actor, body))
    except IntegrityError:
        # Two devices of one person read the case for the first time at the same moment.
        return commit_together(body.case, lambda: _move(actor, body))


def _move(actor: Actor, body: ReceiptBody) -> ReceiptAnswer:
    connection = session().connection()
    mine = {"case": body.case, "me": actor.account_id}
    last = connection.execute(_LAST, {"case": body.case}).scalar_one()
    read, delivered = _within(last, body)
    known = connection.execute(_HELD, mine).first()
    before = known.read if known else 0
    if known:
        read, delivered = max(read, known.read), max(delivered, known.delivered)
        if (read, delivered) == (known.read, known.delivered):
            return ReceiptAnswer(read=read)
        moved = {"to_read": read, "to_delivered": delivered, "now": clock.now()}
        connection.execute(_MOVE, mine | moved)
    else:
        connection.execute(
            _INSERT,
            {
                "case_id": body.case,
                "account_id": actor.account_id,
                "read": read,
                "delivered": delivered,
                "moved_at": clock.now(),
            },
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
