"""The names of organisations, read from the table of the room above without importing it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Uuid, column, select, table

from app.db import session
from auth.errors import OrganisationUnknown
from auth.schemas import OrganisationName

_organisation = table("organisation", column("id", Uuid()), column("name"))


def organisation_names(ids: Iterable[UUID | None]) -> dict[UUID, OrganisationName]:
    """Id → id and name, for those that exist."""
    wanted = {ident for ident in ids if ident}
    if not wanted:
        return {}
    rows = session().execute(
        select(_organisation.c.id, _organisation.c.name).where(_organisation.c.id.in_(wanted))
    )
    return {ident: OrganisationName(id=ident, name=name) for ident, name in rows}


def check_organisation(ident: UUID | None) -> None:
    """Raise OrganisationUnknown unless there is none, or it exists."""
    if ident and ident not in organisation_names([ident]):
        raise OrganisationUnknown()
