"""Signing who belongs to a group and who governs it.

The authority of a statement comes from the one before it: only a manager named there can sign the
next. A manager who is no member makes the next epoch's secret, wraps it to those who stay and
forgets it; a member then links it to the epoch before (``client.groups.owed``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from client.account import OwnAccount
from client.crypto import (
    group_kem_public,
    random_key,
    seal_previous_epoch,
    sign_statement,
    suite_of,
)
from client.directory import CareGroup, Directory
from client.errors import GroupMoved, KeyPending, StillOutdated
from client.groups.secrets import GroupSecrets
from client.transport import Transport
from client.verdicts import Reporting
from protocol.encoding import b64, utc_time
from protocol.statement import GROUP

ATTEMPTS = 4
"""Several managers may sign at once; each takes up the other's statement and signs the next."""


@dataclass(frozen=True)
class Change:
    """What a manager wants: nothing said, nothing changed."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    managers: tuple[str, ...] | None = None
    """All managers from now on; they need not be members."""
    until: Mapping[str, datetime | str | None] = field(default_factory=dict)
    """Last minute of a stay by account; None lets the person stay on."""
    overflow: tuple[str, ...] | None = None
    """The pools that take over from now on, nearest first."""
    now: bool = False
    """Open cases change their key at once rather than at the next post."""
    suite: int | None = None
    """Begin a new epoch whose key is of this KEM suite; the group's own otherwise."""

    def members(self, present: Iterable[str]) -> tuple[str, ...]:
        """Who belongs afterwards, in a stable order."""
        stay = [member for member in present if member not in self.remove]
        return tuple(dict.fromkeys([*stay, *self.add]))

    def end_dates(self, present: Mapping[str, str], members: Iterable[str]) -> dict[str, str]:
        """Who leaves when, among those who belong afterwards."""
        dates: dict[str, datetime | str | None] = {**present, **self.until}
        return {
            member: date if isinstance(date, str) else utc_time(date)
            for member in members
            if (date := dates.get(member)) is not None
        }


class Governing(Reporting):
    """A manager's verbs. The server refuses anyone whom the last statement does not name."""

    def __init__(
        self,
        transport: Transport,
        own: OwnAccount,
        directory: Directory,
        secrets: GroupSecrets,
    ) -> None:
        self._transport = transport
        self._own = own
        self._directory = directory
        self._secrets = secrets

    def found(self, kind: str, name: str, members: Iterable[str], facts: dict[str, Any]) -> str:
        """Create a group as a registrar; gives its id. Its secret is wrapped and forgotten here.

        ``facts`` are the fields only displayed: specialty, territory, organisation, deadlines.
        """
        ident, net, secret = str(uuid4()), self._own.keys.net, random_key()
        people = self._directory.people(members, refresh=True)
        statement = sign_statement(
            GROUP,
            {
                "v": 1,
                "net": net,
                "group": ident,
                "kind": kind,
                "seq": 0,
                "epoch": 0,
                "kem_key": b64(group_kem_public(secret)),
                "members": list(people),
                "managers": [self._own.id],
                "name": name,
                "prev": None,
            },
            self._own.keys.sign_seed,
        )
        body = {
            "kind": kind,
            "name": name,
            **facts,
            "statement": statement,
            "grants": self._secrets.wrapped_to(ident, 0, secret, people.values()),
        }
        self._transport.put(f"/groups/{ident}", body)
        return ident

    def change(self, ident: str, change: Change) -> CareGroup:
        """Sign the group's next statement. A removal begins a new epoch.

        Raises ``GroupNotTrusted`` and ``PersonNotTrusted`` before anything is signed, and
        ``StillOutdated`` when other managers kept being faster.
        """
        for _ in range(ATTEMPTS):
            group = self._directory.group(ident, refresh=True)
            leaving = set(change.remove) & set(group.members)
            try:
                if leaving or change.suite:
                    self._begin_epoch(group, change)
                else:
                    self._stay_in_epoch(group, change)
            except GroupMoved:
                continue
            return self._directory.group(ident, refresh=True)
        raise StillOutdated(f"group {ident}: other managers signed at the same time")

    def add(self, group: str, *members: str, until: datetime | str | None = None) -> CareGroup:
        """Let people in; ``until`` ends their stay by itself, as for a locum."""
        dates = dict.fromkeys(members, until) if until else {}
        return self.change(group, Change(add=members, until=dates))

    def remove(self, group: str, *members: str, now: bool = False) -> CareGroup:
        """Take people out: a new epoch only for those who stay. ``now`` also changes the keys of
        open cases at once; otherwise each does at its next post."""
        return self.change(group, Change(remove=members, now=now))

    def set_managers(self, group: str, managers: Iterable[str]) -> CareGroup:
        """Name everybody who governs from now on."""
        return self.change(group, Change(managers=tuple(managers)))

    def set_end(self, group: str, member: str, until: datetime | str | None) -> CareGroup:
        """Agree on the end of somebody's stay, or, with None, that there is none."""
        return self.change(group, Change(until={member: until}))

    def set_overflow(self, group: str, pools: Iterable[str]) -> CareGroup:
        """Sign which pools this one's cases may pass to, nearest first, at most four."""
        return self.change(group, Change(overflow=tuple(pools)))

    # inside

    def _stay_in_epoch(self, group: CareGroup, change: Change) -> None:
        new = [member for member in change.add if member not in group.members]
        people = self._directory.people(new, refresh=True)
        try:
            secret = self._secrets.secret(group.id, group.epoch) if new else b""
        except KeyPending:
            secret = b""  # not a member: a member's client will hand the key over
        grants = (
            self._secrets.wrapped_to(group.id, group.epoch, secret, people.values())
            if secret
            else {}
        )
        statement = self._statement(group, change, group.epoch, group.group.payload.kem_key)
        self._post(group.id, {"statement": statement, "grants": grants}, change)

    def _begin_epoch(self, group: CareGroup, change: Change) -> None:
        epoch, secret = group.epoch + 1, random_key()
        members = change.members(group.members)
        ends, now = change.end_dates(group.until, members), datetime.now(UTC)
        stay = [
            one for one in members if one not in ends or now < datetime.fromisoformat(ends[one])
        ]
        people = self._directory.people(stay, refresh=True)
        suite = change.suite or suite_of(group.group.kem_key)
        key = b64(group_kem_public(secret, suite))
        body: dict[str, Any] = {
            "statement": self._statement(group, change, epoch, key),
            "grants": self._secrets.wrapped_to(group.id, epoch, secret, people.values()),
        }
        try:
            previous = self._secrets.secret(group.id, group.epoch)
        except KeyPending:
            pass  # not a member: one of those who stay links the epochs
        else:
            net = self._own.keys.net
            sealed = seal_previous_epoch(net, group.id, epoch, secret, previous)
            body["previous"] = b64(sealed)
        self._post(group.id, body, change)

    def _statement(
        self, group: CareGroup, change: Change, epoch: int, kem_key: str
    ) -> dict[str, Any]:
        last = group.group.payload
        members = change.members(last.members)
        payload = last.model_dump(mode="json")
        payload.update(
            seq=last.seq + 1,
            epoch=epoch,
            kem_key=kem_key,
            members=list(members),
            managers=list(last.managers if change.managers is None else change.managers),
            name=group.name,
            prev=b64(group.group.hash),
            until=change.end_dates(last.until, members),
            overflow=list(last.overflow if change.overflow is None else change.overflow),
        )
        return sign_statement(GROUP, payload, self._own.keys.sign_seed)

    def _post(self, ident: str, body: dict[str, Any], change: Change) -> None:
        now = {"now": True} if change.now else {}
        self._transport.post(f"/groups/{ident}/statements", {**body, **now})
