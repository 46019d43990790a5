"""People and groups, believed only as far as their signed statements reach.

The server hands out chains; this file follows each back to a registrar of the policy, keeps what it
verified, and asks for what it lacks in batches, over one connection.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import RLock
from typing import Any, Protocol, TypeVar

from client.account import OwnAccount
from client.errors import (
    About,
    BrokenSeal,
    GroupNotTrusted,
    NotInLog,
    PersonNotTrusted,
    StatementWithheld,
    broken_as,
)
from client.network import Network
from client.transport import Transport
from client.verdicts import Reporting
from protocol import Account, Group, Policy, verify_account_chain, verify_group_chain
from protocol.errors import NotCertified, ProtocolError
from protocol.statement import Statement, parse_payload, statement_hash, statement_payload
from protocol.statements import GroupPayload, read_payload

T = TypeVar("T")

BATCH = 50
"""Ids in one request: the address stays well below what proxies accept."""
TRIES = 3
"""How often a chain is asked for again because the log names a later statement: signed between the
two questions, or held back."""


@dataclass(frozen=True)
class Person:
    """A person whose keys a registrar vouches for."""

    id: str
    name: str
    """As signed, never as the server displays it."""
    account: Account
    facts: Mapping[str, Any] = field(repr=False, compare=False)
    """Profession, specialty, organisation…: the server's word."""

    @property
    def seq(self) -> int:
        return self.account.payload.seq

    @property
    def kem_key(self) -> bytes:
        return self.account.kem_key

    @property
    def sign_keys(self) -> tuple[bytes, ...]:
        return self.account.sign_keys

    @property
    def certified(self) -> bool:
        return self.account.certified


@dataclass(frozen=True)
class CareGroup:
    """A pool or care team whose statements were followed back to a registrar."""

    id: str
    group: Group
    facts: Mapping[str, Any] = field(repr=False, compare=False)
    """Specialty, territory, deadlines, presence: the server's word."""

    @property
    def name(self) -> str:
        """As the server displays it; see ``signed_name``."""
        return str(self.facts.get("name") or self.signed_name)

    @property
    def signed_name(self) -> str:
        """As a manager signed it beside the key."""
        return self.group.payload.name

    @property
    def kind(self) -> str:
        return self.group.payload.kind

    @property
    def epoch(self) -> int:
        return self.group.payload.epoch

    @property
    def members(self) -> tuple[str, ...]:
        return self.group.payload.members

    @property
    def managers(self) -> tuple[str, ...]:
        return self.group.payload.managers

    @property
    def until(self) -> Mapping[str, str]:
        """Account id → the end of a stay that a manager signed."""
        return self.group.payload.until

    def members_since(self, epoch: int) -> frozenset[str]:
        """Who was a member in this epoch or a later one: whoever left before is not among them."""
        since = self.group.since
        return since[epoch] if epoch < len(since) else frozenset()


class Logged(Protocol):
    """What the key log says of a chain; ``client.key_log.KeyLog`` does."""

    def require_logged(self, kind: str, subject: str, statements: Sequence[Statement]) -> None: ...


class Directory(Reporting):
    """Verified people and groups, remembered for the life of this client."""

    def __init__(
        self,
        transport: Transport,
        network: Network,
        own: OwnAccount,
        log: Logged | None = None,
    ) -> None:
        self._transport = transport
        self.network = network
        self._own = own
        self._log = log
        self._people: dict[str, Person] = {}
        self._groups: dict[str, CareGroup] = {}
        self._refused: dict[str, tuple[tuple[str, ...], BrokenSeal]] = {}
        """Group id → what it is called and why it is not believed; the others stay usable."""
        self._lock = RLock()
        """One answer at a time, so that an older one never seems to take back a newer."""

    def forget(self) -> None:
        """Drop everything."""
        self._people.clear()
        self._groups.clear()
        self._refused.clear()

    # people

    def people(self, ids: Iterable[str], refresh: bool = False) -> dict[str, Person]:
        """Verified people by id, one request for all that are not known yet.

        Raises ``PersonNotTrusted`` for anyone unknown, uncertified or with a broken chain.
        """
        wanted = dict.fromkeys(ids)
        with self._lock:
            missing = [ident for ident in wanted if refresh or ident not in self._people]
            for start in range(0, len(missing), BATCH):
                batch = missing[start : start + BATCH]
                found = self._transport.get("/accounts", ids=",".join(batch), limit=100)["items"]
                shown = {str(facts["id"]) for facts in found}
                for ident in batch:
                    if ident not in shown:  # what was known must not stand in for an answer
                        self._people.pop(ident, None)
                for facts in found:
                    self._people[facts["id"]] = self._verified(facts)
        for ident in wanted:
            if ident not in self._people:
                raise PersonNotTrusted(
                    f"the server shows no account {ident}", About("account", ident)
                )
        return {ident: self._people[ident] for ident in wanted}

    def person(self, ident: str, refresh: bool = False) -> Person:
        return self.people([ident], refresh)[ident]

    def search(self, words: str) -> list[Person]:
        """Certified people whose name matches."""
        return [self._verified(facts) for facts in self._transport.pages("/accounts", q=words)]

    def sign_keys(self, ids: Iterable[str]) -> dict[str, tuple[bytes, ...]]:
        """Every verified signing key of these people, for ``protocol``'s verifiers."""
        return {ident: person.sign_keys for ident, person in self.people(ids).items()}

    def _verified(self, facts: Mapping[str, Any], *, tries: int = TRIES) -> Person:
        ident, statements = str(facts["id"]), facts["statements"]
        about = About("account", ident, name=str(facts.get("name", "")))
        with broken_as(PersonNotTrusted, f"keys of account {ident}", about):
            account, _ = self._certified_part(statements)
        if account.payload.account != ident:
            raise PersonNotTrusted(f"the keys shown for {ident} are another person's", about)
        known = self._people.get(ident)
        if known and known.account.sign_keys != account.sign_keys[: len(known.account.sign_keys)]:
            raise PersonNotTrusted(f"the server takes back keys it showed for {ident}", about)
        if self._log:
            try:
                self._log.require_logged("account", ident, statements)
            except StatementWithheld:
                if not tries:
                    raise
                # It may have been signed between our two questions: ask once more.
                newer = self._transport.get("/accounts", ids=ident, limit=1)["items"]
                if not newer:
                    raise
                return self._verified({**newer[0], "id": ident}, tries=tries - 1)
        return Person(ident, account.payload.name, account, facts)

    def _certified_part(self, statements: list[Statement]) -> tuple[Account, list[Statement]]:
        """The chain as far as registrars vouch for it.

        A person who renewed their keys waits for a registrar: until then the keys before hold.
        """
        for end in range(len(statements), 1, -1):
            with suppress(NotCertified):
                part = statements[:end]
                return self._by_policy(partial(verify_account_chain, part)), part
        first = statements[:1]
        return self._by_policy(partial(verify_account_chain, first)), first

    def _by_policy(self, verify: Callable[[Policy], T]) -> T:
        """Verify under the policy; once more under a fresh one, since a registrar appointed after
        we last read it may have signed."""
        try:
            return verify(self.network.policy())
        except ProtocolError:
            return verify(self.network.policy(refresh=True))

    # groups

    def groups(self, kind: str | None = None, refresh: bool = True) -> list[CareGroup]:
        """All pools and care teams one may see, verified. ``kind`` is "pool" or "care_team".

        One that cannot be believed is left out and reported; asking for it by id says why.
        """
        with self._lock:
            if refresh or not self._groups:
                self._remember(list(self._transport.pages("/groups")))
        return [
            group
            for group in self._groups.values()
            if kind in (None, group.kind) and group.id not in self._refused
        ]

    def group(self, ident: str, refresh: bool = False) -> CareGroup:
        """One group, verified; from memory unless ``refresh``."""
        with self._lock:
            if refresh or ident not in self._groups:
                facts = self._transport.get(f"/groups/{ident}")
                self.remember({**facts, "id": ident})  # whatever the answer calls itself
            return self._groups[ident]

    def remember(self, facts: Mapping[str, Any]) -> CareGroup:
        """Verify and keep what the server just answered of one group, or raise why not."""
        ident = str(facts["id"])
        with self._lock:
            self._remember([facts])
            if ident in self._refused:
                raise self._refused[ident][1]
            return self._groups[ident]

    def pool(self, name_or_id: str) -> CareGroup:
        """A pool by id, name or specialty. Raises ``LookupError`` when none or several fit."""
        wanted = name_or_id.casefold()
        fits: list[CareGroup] = []
        for refresh in (False, True):
            fits = [pool for pool in self.groups("pool", refresh) if wanted in _names(pool)]
            if len(fits) == 1:
                return fits[0]
        for names, broken in self._refused.values():
            if wanted in names:
                raise broken
        raise LookupError(f"{len(fits)} pools are called “{name_or_id}”")

    def my_groups(self) -> list[CareGroup]:
        """The groups one can read for."""
        return [group for group in self.groups(refresh=False) if self._own.id in group.members]

    def members_by_group(self, ids: Iterable[str]) -> dict[str, Collection[str]]:
        """``id@epoch`` → who was a member from then on, for ``verify_case_events``."""
        return {
            f"{ident}@{epoch}": members
            for ident in ids
            for epoch, members in enumerate(self.group(ident).group.since)
        }

    def _remember(self, items: Sequence[Mapping[str, Any]]) -> None:
        managers: set[str] = set()
        for facts in items:
            with suppress(GroupNotTrusted):  # told below, for the group it concerns
                managers |= _managers(facts["statements"])
        with suppress(PersonNotTrusted):
            self.people(managers)
        for facts in items:
            ident = str(facts["id"])
            try:
                group = self._verified_group(facts)
            except (GroupNotTrusted, PersonNotTrusted, NotInLog, StatementWithheld) as broken:
                self._refused[ident] = (_called(ident, facts), broken)
                self.report(broken)
            else:
                self._refused.pop(ident, None)
                self._groups[ident] = group

    def _not_taken_back(self, group: CareGroup) -> None:
        """A group's history only grows: what was shown before must still be its beginning."""
        known = self._groups.get(group.id)
        if known is None:
            return
        about = About("group", group.id, name=known.name)
        if known.group.payload.seq > group.group.payload.seq:
            raise GroupNotTrusted(f"group {group.id}: the server shows an older statement", about)
        same = group.facts["statements"][known.group.payload.seq]
        if statement_hash(same) != known.group.hash:
            raise GroupNotTrusted(f"group {group.id}: the server shows another history", about)

    def _verified_group(self, facts: Mapping[str, Any], *, tries: int = TRIES) -> CareGroup:
        ident, statements = str(facts["id"]), facts["statements"]
        keys = self.sign_keys(_managers(statements))
        about = About("group", ident, name=str(facts.get("name", "")))
        with broken_as(GroupNotTrusted, f"group {ident}", about):
            group = self._by_policy(lambda policy: verify_group_chain(statements, policy, keys))
        if group.payload.group != ident:
            raise GroupNotTrusted(f"the statements shown for group {ident} are another's", about)
        verified = CareGroup(ident, group, facts)
        self._not_taken_back(verified)
        if self._log:
            try:
                self._log.require_logged("group", ident, statements)
            except StatementWithheld:
                if not tries:
                    raise
                newer = self._transport.get(f"/groups/{ident}")
                return self._verified_group({**newer, "id": ident}, tries=tries - 1)
        return verified


def _names(pool: CareGroup) -> tuple[str, ...]:
    """What a pool in use may be called by; by its signed name too, so that one whose label the
    server put on another is never taken for it."""
    if pool.facts.get("archived"):
        return ()
    return (*_called(pool.id, pool.facts), pool.signed_name.casefold())


def _called(ident: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Id, name and specialty, as the server displays them."""
    return (ident, *(str(facts.get(name) or "").casefold() for name in ("name", "specialty")))


def _managers(statements: Sequence[Statement]) -> set[str]:
    """Who must be known to verify a chain: the managers its statements name."""
    named: set[str] = set()
    for statement in statements[:-1]:
        with broken_as(GroupNotTrusted, "a group statement"):
            named.update(_group_payload(statement).managers)
    return named


def _group_payload(statement: Statement) -> GroupPayload:
    return read_payload(GroupPayload, parse_payload(statement_payload(statement)))
