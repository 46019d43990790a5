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
    actor_id: UUID | None
    """Nobody when an end date came."""
    members: tuple[UUID, ...]
    """Who belongs to it now."""
    managers: tuple[UUID, ...]
    joined: tuple[UUID, ...] = ()
    left: tuple[UUID, ...] = ()
    shown: bool = True
    """Whether what everybody sees of it changed; a key handed over concerns its members only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRekeyed:
    """A group entered its next epoch: what is wrapped to an earlier one is stale.

    Said while the group's row is held, so that no case is sealed to the old key unnoticed.
    """

    group_id: UUID
    epoch: int
    now: bool
    """Whether the manager asked that open cases be sealed again at once."""
