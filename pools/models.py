"""Tables of groups: pools of experts and care teams, their signed chains and wrapped keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


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
    """A person who reads with the group's key, by the last statement."""

    __tablename__ = "group_member"
    __table_args__ = (Index("ix_group_member_account_id", "account_id"),)

    group_id: Mapped[UUID] = mapped_column(ForeignKey("care_group.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    joined_at: Mapped[datetime]


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
