"""Who shares a group or a case with a person, read from the tables of the rooms above without
importing them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String, Uuid, bindparam, column, or_, select, table

from app import clock
from app.db import UtcDateTime, session

_member = table(
    "group_member",
    column("group_id", Uuid()),
    column("account_id", Uuid()),
    column("until", UtcDateTime()),
)
_belongs = or_(
    _member.c.until.is_(None),
    _member.c.until > bindparam("belongs_at", callable_=clock.now, type_=UtcDateTime()),
)
"""As `pools.models.BELONGS`: whose end date has come is no member any more."""
_party = table(
    "case_party",
    column("case_id", Uuid()),
    column("holder_id", Uuid()),
    column("role", String()),
    column("left_at", UtcDateTime()),
)


def peers_of(account_id: UUID) -> tuple[UUID, ...]:
    """Everybody who reads with a group of theirs, or stands in a case where they stand, by
    themselves or by a group; inside a transaction."""
    groups = select(_member.c.group_id).where(_member.c.account_id == account_id, _belongs)
    standing = _party.c.left_at.is_(None)
    cases = select(_party.c.case_id).where(
        standing, or_(_party.c.holder_id == account_id, _party.c.holder_id.in_(groups))
    )
    holders = set(
        session().scalars(
            select(_party.c.holder_id).where(standing, _party.c.case_id.in_(cases)).distinct()
        )
    )
    fellows = select(_member.c.account_id).where(
        or_(_member.c.group_id.in_(groups), _member.c.group_id.in_(holders)), _belongs
    )
    # Among the holders are ids of groups: whoever addresses an account finds none of that id.
    return tuple(sorted((holders | set(session().scalars(fellows.distinct()))) - {account_id}))


def share_a_group(one: UUID, other: UUID) -> bool:
    """Whether both read with one group."""
    groups = select(_member.c.group_id).where(_member.c.account_id == one, _belongs)
    both = select(_member.c.group_id).where(
        _member.c.account_id == other, _member.c.group_id.in_(groups), _belongs
    )
    return session().scalars(both.limit(1)).first() is not None


def is_stranger(account_id: UUID, case_id: UUID) -> bool:
    """Whether there is such a case and the person does not read it; inside a transaction."""
    circle = select(_party.c.holder_id).where(_party.c.case_id == case_id)
    if session().scalars(circle.limit(1)).first() is None:
        return False
    groups = select(_member.c.group_id).where(_member.c.account_id == account_id, _belongs)
    own = circle.where(
        # An overflow pool holds the key, and is shown nothing before its turn.
        _party.c.left_at.is_(None),
        _party.c.role != "overflow",
        or_(_party.c.holder_id == account_id, _party.c.holder_id.in_(groups)),
    )
    return session().scalars(own.limit(1)).first() is None
