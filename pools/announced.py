"""Facts about groups, announced inside the transaction that makes them true."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChanged:
    """A pool or care team was created, renamed, archived, joined, left or granted its key."""

    group_id: UUID
    kind: str
    """`pool` or `care_team`."""
    actor_id: UUID
    members: tuple[UUID, ...]
    """Who belongs to it now."""
    managers: tuple[UUID, ...]
    joined: tuple[UUID, ...] = ()
    left: tuple[UUID, ...] = ()
