"""What a group owes its people, done by whichever key holder is online.

Keys for newcomers, links between epochs, and the removal of those whose signed end date has passed.
The server only says where something may be owed. Nobody gets a key, and nobody is removed, on its
word alone: the signed statements must ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from client.account import OwnAccount
from client.directory import Directory
from client.errors import About, GroupNotTrusted, RemovalNotDue
from client.groups.governing import Governing
from client.groups.secrets import GroupSecrets
from client.transport import Transport
from client.verdicts import Reporting


class Owed(Reporting):
    """One duty at a time; ``client.healing`` calls them all."""

    def __init__(
        self,
        transport: Transport,
        own: OwnAccount,
        directory: Directory,
        secrets: GroupSecrets,
        governing: Governing,
    ) -> None:
        self._transport = transport
        self._own = own
        self._directory = directory
        self._secrets = secrets
        self._governing = governing

    def grant(self, pending: Mapping[str, Any]) -> bool:
        """Wrap a group's secret for a member who has none yet.

        The member's keys are verified first, and the group's signed statement must name them:
        the server's word that somebody "is pending" gives nobody a key.
        """
        ident, epoch, member = str(pending["group"]), int(pending["epoch"]), str(pending["member"])
        group = self._directory.group(ident, refresh=True)
        if member not in group.members:
            raise GroupNotTrusted(
                f"group {ident}: no statement names member {member}",
                About("group", ident, name=group.name),
            )
        if member not in group.group.payload.present(datetime.now(UTC)):
            return False  # their signed end date has passed
        person = self._directory.person(member, refresh=True)
        secret = self._secrets.secret(ident, epoch)
        grants = self._secrets.wrapped_to(ident, epoch, secret, [person])
        self._transport.put(f"/groups/{ident}/grants/{epoch}/{member}", grants[member])
        return True

    def link(self, group: str, epoch: int) -> None:
        """Seal the secret of the epoch before under this one's, for those who come later."""
        sealed = self._secrets.link(group, epoch)
        self._transport.put(f"/groups/{group}/previous/{epoch}", {"sealed": sealed})

    def let_go(self, ident: str, members: Iterable[str]) -> bool:
        """Sign the removal of members whose end date, signed by a manager, has passed."""
        group = self._directory.group(ident, refresh=True)
        if self._own.id not in group.managers:
            return False
        leaving = [member for member in members if member in group.members]
        present = group.group.payload.present(datetime.now(UTC))
        for member in leaving:
            if member in present:
                name = self._directory.person(member).name
                raise RemovalNotDue(
                    f"group {ident}: no signed end date of {member} has passed",
                    About("account", member, name=name),
                )
        if leaving:
            self._governing.remove(ident, *leaving)
        return bool(leaving)
