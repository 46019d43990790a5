"""Looking at a case live: what was missed, who has read, who is there."""

from __future__ import annotations

from uuid import UUID

from app.transactions import transactional
from auth.actor import Actor
from auth.permissions import Permission
from messaging.schemas import JoinAnswer, JoinBody
from messaging.service.access import access_case, access_thread
from messaging.service.reading import missed_messages
from messaging.service.receipts import receipts_of
from trace import Action, record


@transactional
def join_case(actor: Actor, body: JoinBody) -> JoinAnswer:
    """Hand over what followed `after` and how far everybody has read. Raises CaseNotFound.

    The caller enters the room first, so that nothing falls between; `present` is left to it.
    """
    case = access_case(actor, body.case, Permission.CASE_READ)
    missed = [] if body.after is None else missed_messages(case.id, body.after)
    record(
        actor,
        Action.CASE_JOIN,
        ("case", case.id),
        case_id=case.id,
        detail={"after": body.after or 0, "count": len(missed)},
    )
    return JoinAnswer(
        messages=missed,
        last_sequence=case.last_sequence,
        read=receipts_of(case.id),
        present=[],
    )


def require_reader(actor: Actor, case_id: UUID) -> None:
    """Raise CaseNotFound unless the actor may look at the case now."""
    access_thread(actor, case_id, Permission.CASE_READ)
