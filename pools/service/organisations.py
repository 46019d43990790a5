"""Structures: hospitals, practices, imaging centres, EHPADs, maisons de santé."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, tuple_

from app import clock
from app.db import session
from app.errors import Conflict
from app.transactions import transactional
from auth.actor import Actor
from auth.service.paging import read_cursor, write_cursor
from pools.errors import OrganisationNotFound
from pools.models import Organisation
from pools.schemas import (
    OrganisationAnswer,
    OrganisationBody,
    OrganisationChange,
    OrganisationPage,
    PageQuery,
)
from trace import Action, record


@transactional
def list_organisations(actor: Actor, query: PageQuery) -> OrganisationPage:
    """All structures by name, archived ones too: old cases still name them."""
    rows = select(Organisation).order_by(Organisation.name, Organisation.id).limit(query.limit + 1)
    if query.cursor:
        name, last = read_cursor(query.cursor, str, UUID)
        rows = rows.where(tuple_(Organisation.name, Organisation.id) > (name, last))
    found = list(session().scalars(rows))
    page = found[: query.limit]
    more = len(found) > len(page)
    record(actor, Action.ORGANISATION_LIST, ("organisation", None), detail={"count": len(page)})
    return OrganisationPage(
        items=[_answer(organisation) for organisation in page],
        next=write_cursor(page[-1].name, page[-1].id) if more else None,
    )


@transactional
def create_organisation(actor: Actor, body: OrganisationBody) -> OrganisationAnswer:
    """Add a structure under the id the device chose. Raises Conflict for another one's id."""
    if existing := session().get(Organisation, body.id):
        same = (existing.name, existing.kind, existing.finess, existing.territory)
        if same != (body.name, body.kind, body.finess, body.territory):
            raise Conflict()
        return _answer(existing)
    if body.finess and session().scalar(
        select(Organisation.id).where(Organisation.finess == body.finess)
    ):
        raise Conflict()
    organisation = Organisation(
        id=body.id,
        name=body.name,
        kind=body.kind,
        finess=body.finess,
        territory=body.territory,
        created_at=clock.now(),
        archived_at=None,
    )
    session().add(organisation)
    record(
        actor,
        Action.ORGANISATION_CREATE,
        ("organisation", organisation.id),
        detail={"kind": organisation.kind},
    )
    return _answer(organisation)


@transactional
def change_organisation(
    actor: Actor, organisation_id: UUID, change: OrganisationChange
) -> OrganisationAnswer:
    """Rename, move or archive a structure. Raises OrganisationNotFound."""
    organisation = session().get(Organisation, organisation_id)
    if organisation is None:
        raise OrganisationNotFound()
    if change.name is not None:
        organisation.name = change.name
    if change.territory is not None:
        organisation.territory = change.territory
    action = Action.ORGANISATION_CHANGE
    if change.archived is not None and change.archived != bool(organisation.archived_at):
        organisation.archived_at = clock.now() if change.archived else None
        action = Action.ORGANISATION_ARCHIVE
    record(actor, action, ("organisation", organisation.id))
    return _answer(organisation)


def _answer(organisation: Organisation) -> OrganisationAnswer:
    return OrganisationAnswer(
        id=organisation.id,
        name=organisation.name,
        kind=organisation.kind,
        finess=organisation.finess,
        territory=organisation.territory,
        archived=organisation.archived_at is not None,
    )
