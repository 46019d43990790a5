"""Tables of groups: pools of experts and care teams, their signed chains and wrapped keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    bindparam,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.db import Base, UtcDateTime


class Organisation(Base):
    """A structure on whose behalf people ask and answer."""

    __tablename__ = "organisation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    finess: Mapped[str | None] = mapped_column(String(9), unique=True)
    territory: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class Group(Base):
    """A pool or a care team. Who belongs to it is what the last statement of its chain says."""

    __tablename__ = "care_group"
    __table_args__ = (CheckConstraint("kind IN ('pool', 'care_team')", name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    """For display; the signed name changes with the next statement."""
    specialty: Mapped[str | None] = mapped_column(String(40))
    territory: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    deadline_urgent: Mapped[int]
    """Minutes within which a pool answers, by urgency."""
    deadline_priority: Mapped[int]
    deadline_routine: Mapped[int]
    seq: Mapped[int]
    """Sequence of the last statement."""
    epoch: Mapped[int]
    median_answer_minutes: Mapped[int | None]
    """Of the last answered cases; written when an opinion is given."""
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    def deadline(self, urgency: str) -> int:
        """Minutes to answer a case of this urgency."""
        deadlines = {
            "urgent": self.deadline_urgent,
            "priority": self.deadline_priority,
            "routine": self.deadline_routine,
        }
        return deadlines[urgency]


class GroupStatement(Base):
    """One signed link of a group's chain, as received."""

    __tablename__ = "group_statement"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    statement: Mapped[dict[str, Any]]
    hash: Mapped[bytes]
    received_at: Mapped[datetime]


class GroupMember(Base):
    """A person who reads with the group's key, by the last statement: every question about
    members asks with BELONGS."""

    __tablename__ = "group_member"
    __table_args__ = (
        Index("ix_group_member_account_id", "account_id"),
        Index("ix_group_member_until", "until"),
    )

    group_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    joined_at: Mapped[datetime]
    until: Mapped[datetime | None]
    """The end the manager signed. From this instant the person is no member any more, though the
    roll names them until a manager's device removes them from the chain."""
    departed_at: Mapped[datetime | None]
    """When the clock saw that the end had come, told it and cut the sockets."""


BELONGS: ColumnElement[bool] = or_(
    GroupMember.until.is_(None),
    GroupMember.until > bindparam("belongs_at", callable_=clock.now, type_=UtcDateTime()),
)
"""Whether a row of the roll counts now. The instant is asked for at each execution, so that this
may stand in a statement built once."""


class GroupManager(Base):
    """A person who may sign the next statement; need not be a member."""

    __tablename__ = "group_manager"
    __table_args__ = (Index("ix_group_manager_account_id", "account_id"),)

    group_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)


class GroupGrant(Base):
    """The secret of one epoch, wrapped to one member's key (1168 bytes the server cannot open)."""

    __tablename__ = "group_grant"
    __table_args__ = (Index("ix_group_grant_account_id", "account_id"),)

    group_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    member_seq: Mapped[int]
    """Sequence of the member's key statement that was wrapped to."""
    wrapped: Mapped[bytes]
    granted_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    granted_at: Mapped[datetime]


class GroupPrevious(Base):
    """A link of history: the secret of the epoch before, sealed under this one's chain key.

    One per author: the server cannot tell a right link from a wrong one, readers try each.
    """

    __tablename__ = "group_previous"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    sealed: Mapped[bytes]
    sealed_at: Mapped[datetime]


class GroupGrantRefused(Base):
    """A grant that did not open for its holder: its granter does not get a second try."""

    __tablename__ = "group_grant_refused"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    member_seq: Mapped[int] = mapped_column(primary_key=True)
    granted_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    refused_at: Mapped[datetime]


class GroupOverflow(Base):
    """A pool that may take over another's cases, in the order it is asked."""

    __tablename__ = "group_overflow"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    overflow_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"))
