"""A case that a custodian restored from a backup: noted in the live trace, told to its people."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import Uuid, column, select, table

from app.announcements import announce_on_commit
from app.db import session
from app.errors import DomainError
from app.transactions import transactional
from auth.announced import CaseRestored
from trace import Action, record

REASON = re.compile(r"[a-z]+(_[a-z]+)*")
MAX_REASON = 64
_case = table("clinical_case", column("id", Uuid()))


class OpeningUnknown(DomainError):
    code = "opening_unknown"
    status = 422
    message = (
        "This opening cannot be noted: give the identifier of a case of this service, and a "
        "reason as a code in lower-case letters and underscores."
    )


@transactional
def record_opening(case: str, reason: str) -> None:
    """Note that the archive key opened a case, for whom it concerns. Raises OpeningUnknown.

    `reason` is a code: the words of a request stay with the organisation that made it.
    """
    try:
        case_id = UUID(case)
    except ValueError:
        raise OpeningUnknown() from None
    if len(reason) > MAX_REASON or not REASON.fullmatch(reason):
        raise OpeningUnknown()
    if session().scalar(select(_case.c.id).where(_case.c.id == case_id)) is None:
        raise OpeningUnknown()
    record(
        None,
        Action.CUSTODIAN_OPEN,
        ("case", case_id),
        case_id=case_id,
        detail={"reason": reason},
    )
    announce_on_commit(CaseRestored(case_id=case_id))
