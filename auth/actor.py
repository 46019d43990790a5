"""Who acts. Made anew for every request and every socket event, from the database."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from auth.permissions import ROLES, Permission


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person as they stand at this moment."""

    account_id: UUID
    kind: str
    """`clinician` or `administrator`."""
    certified: bool
    organisation_id: UUID | None
    session_id: UUID
    address: str
    """Network address of the device."""
    name: str

    @property
    def role(self) -> str:
        """The row of `auth.permissions.ROLES` that applies: certification comes before kind."""
        return self.kind if self.certified else "uncertified"

    def may(self, permission: Permission) -> bool:
        """Whether this person's role opens that door. Which case or group is another question."""
        return permission in ROLES[self.role]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody not signed in, of whom the trace knows an address at most."""

    address: str | None
    account_id: UUID | None = None
    organisation_id: UUID | None = None
    session_id: UUID | None = None
