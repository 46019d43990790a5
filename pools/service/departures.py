"""The end of a stay that a manager signed: told, traced and enforced without any client online.

From the instant itself nobody is a member any more (`pools.models.BELONGS`); this clock says so to
those who watch, and cuts the sockets that were let in before.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update

from app import clock
from app.db import session
from app.transactions import transactional
from pools.models import BELONGS, GroupMember
from pools.service.roll import announce_group, lock_group
from trace import Action, record

CLOCK = "groups:departures"
EVERY_SECONDS = 20


def see_off() -> int:
    """Say goodbye to everybody whose end has come since the last look; how many."""
    return sum(_depart(group_id) for group_id in _groups_left())


@transactional(read_only=True)
def _groups_left() -> list[UUID]:
    """Groups that somebody left unnoticed so far."""
    return list(
        session().scalars(
            select(GroupMember.group_id)
            .where(~BELONGS, GroupMember.departed_at.is_(None))
            .distinct()
            .order_by(GroupMember.group_id)
        )
    )


@transactional
def _depart(group_id: UUID) -> int:
    """One group's departures. Idempotent: another process may have been here."""
    group = lock_group(group_id)
    gone = [GroupMember.group_id == group_id, GroupMember.departed_at.is_(None), ~BELONGS]
    left = sorted(session().scalars(select(GroupMember.account_id).where(*gone)))
    if not left:
        return 0
    session().execute(
        update(GroupMember)
        .where(GroupMember.group_id == group_id, GroupMember.account_id.in_(left))
        .values(departed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    for account_id in left:
        record(None, Action.GROUP_DEPART, ("group", group_id), detail={"member": account_id})
    announce_group(None, group, left=tuple(left))
    return len(left)
