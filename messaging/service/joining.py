"""Looking at a case live: what was missed, who has read, who is there."""

from __future__ import annotations

from uuid import UUID

from app.group_commit import commit_together
from app.transactions import transaction
from auth.actor import Actor
from auth.permissions import Permission
from messaging.schemas import JoinAnswer, JoinBody
from messaging.service.access import access_thread
from messaging.service.reading import missed_messages
from messaging.service.receipts import receipts_of
from trace import Action, record


def join_case(actor: Actor, body: JoinBody) -> JoinAnswer:
    """Hand over what followed `after` and how far everybody has read. Raises CaseNotFound.

    The caller enters the room first, so that nothing falls between; `present` is left to it.
    When a line returns everybody joins again at once: the trace of it is written in a batch.
    """
    place = access_thread(actor, body.case, Permission.CASE_READ)
    with transaction(read_only=True):
        missed = [] if body.after is None else missed_messages(body.case, body.after)
        read = receipts_of(body.case)
    seen = {"after": body.after or 0, "count": len(missed)}
    commit_together(
        body.case,
        lambda: record(
            actor, Action.CASE_JOIN, ("case", body.case), case_id=body.case, detail=seen
        ),
    )
    return JoinAnswer(messages=missed, last_sequence=place.last_sequence, read=read, present=[])


def require_reader(actor: Actor, case_id: UUID) -> None:
    """Raise CaseNotFound unless the actor may look at the case now."""
    access_thread(actor, case_id, Permission.CASE_READ)
