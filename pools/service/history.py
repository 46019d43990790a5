"""Links between epochs: how those who come later read what was written before them.

A link is the secret of an epoch sealed under the chain key of the next. The server cannot tell a
right one from a wrong one, so it keeps one per author and readers try each.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app import clock
from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from pools.errors import LinkRefused, NotKeyHolder
from pools.models import Group, GroupPrevious
from pools.schemas import PreviousBody, PreviousSecret
from pools.service.grants import held_epochs
from pools.service.roll import announce_group, lock_group, members_of
from trace import Action, record, record_refusal


@transactional
def link_epoch(actor: Actor, group_id: UUID, epoch: int, body: PreviousBody) -> None:
    """Keep a member's link from an epoch to the one before, whose secrets both were theirs.

    Their first one stays: sealing again gives other bytes for the same secret. Raises NotKeyHolder,
    LinkRefused.
    """
    group = lock_group(group_id)
    held = held_epochs(actor.account_id, group_id)
    if actor.account_id not in members_of(group_id) or not {epoch, epoch - 1} <= held:
        record_refusal(actor, Action.GROUP_DENY, ("group", group_id))
        raise NotKeyHolder()
    if store_link(actor, group, epoch, body.sealed):
        record(actor, Action.GROUP_LINK, ("group", group_id), detail={"epoch": epoch})
        announce_group(actor, group, shown=False)


def store_link(actor: Actor, group: Group, epoch: int, sealed: bytes) -> bool:
    """Keep a link, inside a transaction; False when its author made one before.

    Raises LinkRefused where there is nothing to link.
    """
    if not 1 <= epoch <= group.epoch:
        raise LinkRefused(epoch=group.epoch)
    if session().get(GroupPrevious, (group.id, epoch, actor.account_id)):
        return False
    session().add(
        GroupPrevious(
            group_id=group.id,
            epoch=epoch,
            author_id=actor.account_id,
            sealed=sealed,
            sealed_at=clock.now(),
        )
    )
    return True


def links_of(group_id: UUID) -> list[PreviousSecret]:
    """Every link of a group, by epoch."""
    rows = session().scalars(
        select(GroupPrevious)
        .where(GroupPrevious.group_id == group_id)
        .order_by(GroupPrevious.epoch, GroupPrevious.sealed_at, GroupPrevious.author_id)
    )
    return [PreviousSecret(epoch=row.epoch, sealed=row.sealed, by=row.author_id) for row in rows]
