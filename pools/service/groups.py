"""Founding and changing pools and care teams."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.errors import Conflict
from app.transactions import transactional
from auth.actor import Actor
from pools.announced import GroupRekeyed
from pools.errors import LinkRefused, OrganisationNotFound, StatementRefused
from pools.models import Group, GroupStatement, Organisation
from pools.schemas import Deadlines, GroupBody, GroupChange, StatementBody
from pools.service.history import store_link
from pools.service.links import append_link, link_hash, verify_link
from pools.service.roll import announce_group, lock_group
from trace import Action, record


@transactional
def create_group(actor: Actor, body: GroupBody) -> UUID:
    """Found a group by its first statement, signed by the registrar who acts, and its grants.

    Raises StatementRefused, MemberUnknown, GrantRefused, OrganisationNotFound, or Conflict when
    the id belongs to another founding.
    """
    statement = body.statement.model_dump(mode="json")
    if existing := session().get(GroupStatement, (body.id, 0)):
        if existing.hash != link_hash(statement):
            raise Conflict()
        return body.id
    verified = verify_link(actor, body.id, [statement])
    if verified.payload.kind != body.kind:
        raise StatementRefused(reason="SubjectChanged")
    if body.organisation and not session().get(Organisation, body.organisation):
        raise OrganisationNotFound()

    deadlines = body.deadlines or Deadlines()
    group = Group(
        id=body.id,
        kind=body.kind,
        name=body.name,
        specialty=body.specialty,
        territory=body.territory,
        organisation_id=body.organisation,
        deadline_urgent=deadlines.urgent,
        deadline_priority=deadlines.priority,
        deadline_routine=deadlines.routine,
        seq=0,
        epoch=0,
        median_answer_minutes=None,
        created_at=clock.now(),
        archived_at=None,
    )
    session().add(group)
    session().flush()
    joined, _ = append_link(actor, group, verified, statement, body.grants)
    record(actor, Action.GROUP_CREATE, ("group", group.id), detail={"kind": group.kind})
    announce_group(actor, group, joined=joined)
    return group.id


@transactional
def state_group(actor: Actor, group_id: UUID, body: StatementBody) -> UUID:
    """Append a manager's next statement: who belongs, who manages, under which name.

    The same statement again changes nothing. Raises GroupMoved when another came in between,
    NotGroupManager, StatementRefused, MemberUnknown, GrantRefused, LinkRefused.
    """
    group = lock_group(group_id)
    statement = body.statement.model_dump(mode="json")
    chain = list(
        session().scalars(
            select(GroupStatement)
            .where(GroupStatement.group_id == group_id)
            .order_by(GroupStatement.seq)
        )
    )
    if any(link.hash == link_hash(statement) for link in chain):
        return group_id
    verified = verify_link(actor, group_id, [*(link.statement for link in chain), statement], group)
    epoch = group.epoch
    joined, left = append_link(actor, group, verified, statement, body.grants)
    group.name = verified.payload.name
    if body.previous is not None:
        if group.epoch == epoch:
            raise LinkRefused(epoch=epoch)
        store_link(actor, group, group.epoch, body.previous)
    detail = {"seq": group.seq, "epoch": group.epoch}
    record(actor, Action.GROUP_STATE, ("group", group.id), detail=detail)
    announce_group(actor, group, joined=joined, left=left)
    if group.epoch > epoch:
        announce_on_commit(GroupRekeyed(group_id=group.id, epoch=group.epoch, now=body.now))
    return group_id


@transactional
def change_group(actor: Actor, group_id: UUID, change: GroupChange) -> UUID:
    """Change what no signature covers: name, territory, deadlines, archive.

    Raises GroupNotFound.
    """
    group = lock_group(group_id)
    action = Action.GROUP_CHANGE
    if change.name is not None:
        group.name = change.name
    if change.territory is not None:
        group.territory = change.territory
    if change.deadlines is not None:
        group.deadline_urgent = change.deadlines.urgent
        group.deadline_priority = change.deadlines.priority
        group.deadline_routine = change.deadlines.routine
    if change.archived is not None and change.archived != bool(group.archived_at):
        group.archived_at = clock.now() if change.archived else None
        action = Action.GROUP_ARCHIVE
    record(actor, action, ("group", group.id))
    announce_group(actor, group)
    return group_id
