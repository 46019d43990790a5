"""What is said of a case when something happens to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import clock
from app.db import session
from auth.actor import Actor
from auth.models import Account
from messaging.models import Case, Urgency


def case_fact(actor: Actor, case: Case) -> dict[str, Any]:
    """The fields every CaseFact shares, as the case stands now."""
    return {
        "case_id": case.id,
        "case_number": case.number,
        "pool_id": case.pool_id,
        "care_team_id": case.care_team_id,
        "opened_by": case.opened_by,
        "expert_id": case.expert_id,
        "expert_name": person_name(case.expert_id),
        "actor_id": actor.account_id,
        "actor_name": actor.name,
        "urgency": Urgency(case.urgency).word,
        "state": str(case.state),
        "due_at": case.due_at,
        "last_sequence": case.last_sequence,
        "at": clock.now(),
    }


def person_name(account_id: UUID | None) -> str | None:
    if account_id is None:
        return None
    person = session().get(Account, account_id)
    return person.name if person else None
