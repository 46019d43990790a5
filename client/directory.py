"""People and groups, believed only as far as their signed statements reach.

The server hands out chains; this file follows each back to a registrar of the policy, keeps what it
verified, and asks for what it lacks in batches, over one connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from client.account import OwnAccount
from client.crypto import check_epoch_secret, group_kem_seed, open_previous_epoch, unwrap, wrap
from client.errors import (
    GrantBroken,
    GroupKeyPlanted,
    GroupNotTrusted,
    PersonNotTrusted,
    broken_as,
)
from client.network import Network
from client.transport import Transport
from protocol import Account, Group, Policy, verify_account_chain, verify_group_chain
from protocol.contexts import group_context
from protocol.encoding import b64, unb64
from protocol.errors import ProtocolError
from protocol.statement import Statement, parse_payload, statement_payload
from protocol.statements import GroupPayload, read_payload

T = TypeVar("T")

BATCH = 50
"""Ids in one request: the address stays well below what proxies accept."""


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
        """As displayed; the signed name is ``group.payload.name``."""
        return str(self.facts.get("name") or self.group.payload.name)

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


class Directory:
    """Verified people and groups, remembered for the life of this client."""

    def __init__(self, transport: Transport, network: Network, own: OwnAccount) -> None:
        self._transport = transport
        self._network = network
        self._own = own
        self._people: dict[str, Person] = {}
        self._groups: dict[str, CareGroup] = {}
        self._secrets: dict[tuple[str, int], bytes] = {}

    def forget(self) -> None:
        """Drop everything, secrets first."""
        self._secrets.clear()
        self._people.clear()
        self._groups.clear()

    # people

    def people(self, ids: Iterable[str], refresh: bool = False) -> dict[str, Person]:
        """Verified people by id, one request for all that are not known yet.

        Raises ``PersonNotTrusted`` for anyone unknown, uncertified or with a broken chain.
        """
        wanted = dict.fromkeys(ids)
        missing = [ident for ident in wanted if refresh or ident not in self._people]
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            found = self._transport.get("/accounts", ids=",".join(batch), limit=100)["items"]
            for facts in found:
                self._people[facts["id"]] = self._verified(facts)
        for ident in wanted:
            if ident not in self._people:
                raise PersonNotTrusted(f"the server shows no account {ident}")
        return {ident: self._people[ident] for ident in wanted}

    def person(self, ident: str, refresh: bool = False) -> Person:
        return self.people([ident], refresh)[ident]

    def search(self, words: str) -> list[Person]:
        """Certified people whose name matches."""
        return [self._verified(facts) for facts in self._transport.pages("/accounts", q=words)]

    def sign_keys(self, ids: Iterable[str]) -> dict[str, tuple[bytes, ...]]:
        """Every verified signing key of these people, for ``protocol``'s verifiers."""
        return {ident: person.sign_keys for ident, person in self.people(ids).items()}

    def _verified(self, facts: Mapping[str, Any]) -> Person:
        ident = str(facts["id"])
        with broken_as(PersonNotTrusted, f"keys of account {ident}"):
            account = self._by_policy(
                lambda policy: verify_account_chain(facts["statements"], policy)
            )
        if account.payload.account != ident:
            raise PersonNotTrusted(f"the keys shown for {ident} are another person's")
        return Person(ident, account.payload.name, account, facts)

    def _by_policy(self, verify: Callable[[Policy], T]) -> T:
        """Verify under the policy; once more under a fresh one, since a registrar appointed after
        we last read it may have signed."""
        try:
            return verify(self._network.policy())
        except ProtocolError:
            return verify(self._network.policy(refresh=True))

    # groups

    def groups(self, kind: str | None = None, refresh: bool = True) -> list[CareGroup]:
        """All pools and care teams one may see, verified. ``kind`` is "pool" or "care_team"."""
        if refresh or not self._groups:
            self._remember(list(self._transport.pages("/groups")))
        return [group for group in self._groups.values() if kind in (None, group.kind)]

    def group(self, ident: str, refresh: bool = False) -> CareGroup:
        """One group, verified; from memory unless ``refresh``."""
        if refresh or ident not in self._groups:
            self._remember([self._transport.get(f"/groups/{ident}")])
        return self._groups[ident]

    def pool(self, name_or_id: str) -> CareGroup:
        """A pool by id, name or specialty. Raises ``LookupError`` when none or several fit."""
        wanted = name_or_id.casefold()
        fits: list[CareGroup] = []
        for refresh in (False, True):
            fits = [pool for pool in self.groups("pool", refresh) if wanted in _names(pool)]
            if len(fits) == 1:
                return fits[0]
        raise LookupError(f"{len(fits)} pools are called “{name_or_id}”")

    def my_groups(self) -> list[CareGroup]:
        """The groups one can read for."""
        return [group for group in self.groups(refresh=False) if self._own.id in group.members]

    def members_by_group(self, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Group id → everyone who ever was a member, for ``verify_case_events``."""
        return {ident: tuple(self.group(ident).group.everyone) for ident in ids}

    def _remember(self, items: Sequence[Mapping[str, Any]]) -> None:
        self.people({ident for facts in items for ident in _managers(facts["statements"])})
        for facts in items:
            group = self._verified_group(facts)
            known = self._groups.get(group.id)
            if known and known.group.payload.seq > group.group.payload.seq:
                raise GroupNotTrusted(f"group {group.id}: the server shows an older statement")
            self._groups[group.id] = group

    def _verified_group(self, facts: Mapping[str, Any]) -> CareGroup:
        ident, statements = str(facts["id"]), facts["statements"]
        keys = self.sign_keys(_managers(statements))
        with broken_as(GroupNotTrusted, f"group {ident}"):
            group = self._by_policy(lambda policy: verify_group_chain(statements, policy, keys))
        if group.payload.group != ident:
            raise GroupNotTrusted(f"the statements shown for group {ident} are another's")
        return CareGroup(ident, group, facts)

    # group secrets

    def group_secret(self, ident: str, epoch: int) -> bytes:
        """R_e of a group one is a member of.

        The derived public key is compared with the one the group's statements name, so a secret
        planted by the server or another member is refused: ``GroupKeyPlanted``.
        """
        if (ident, epoch) not in self._secrets:
            self._open_epochs(ident)
        try:
            return self._secrets[ident, epoch]
        except KeyError:
            raise GrantBroken(f"no grant of group {ident} epoch {epoch} for this person") from None

    def group_seed(self, ident: str, epoch: int) -> bytes:
        """The private KEM seed of a group's epoch."""
        return group_kem_seed(self.group_secret(ident, epoch))

    def _open_epochs(self, ident: str) -> None:
        keys = self._own.keys
        answer = self._transport.get(f"/groups/{ident}")
        self._remember([answer])
        for grant in answer.get("grants", []):
            epoch = int(grant["epoch"])
            if int(grant["member_seq"]) == keys.seq:
                place = group_context(keys.net, ident, epoch, keys.account, keys.seq)
                with broken_as(GrantBroken, f"grant of group {ident} epoch {epoch}"):
                    secret = unwrap(keys.kem_seed, place, unb64(grant["wrapped"]))
                self._keep(ident, epoch, secret)
        previous = sorted(answer.get("previous", []), key=lambda entry: -int(entry["epoch"]))
        for entry in previous:
            epoch = int(entry["epoch"])
            if (ident, epoch) in self._secrets and (ident, epoch - 1) not in self._secrets:
                with broken_as(GrantBroken, f"earlier epoch of group {ident}"):
                    secret = open_previous_epoch(
                        keys.net, ident, epoch, self._secrets[ident, epoch], unb64(entry["sealed"])
                    )
                self._keep(ident, epoch - 1, secret)

    def _keep(self, ident: str, epoch: int, secret: bytes) -> None:
        stated = self._groups[ident].group.kem_keys
        if epoch >= len(stated):
            raise GroupNotTrusted(f"group {ident}: a grant of an epoch no statement names")
        with broken_as(GroupKeyPlanted, f"group {ident} epoch {epoch}"):
            check_epoch_secret(secret, stated[epoch])
        self._secrets[ident, epoch] = secret

    # handing keys to new members

    def perform_pending_grants(self) -> int:
        """Wrap group secrets for members who were added while no key holder was online.

        Each new member's keys are verified first, and the group's signed statement must name them:
        the server's word that somebody "is pending" gives nobody a key.
        """
        performed = 0
        for pending in self._transport.get("/pending-grants")["items"]:
            ident, epoch, member = pending["group"], int(pending["epoch"]), pending["member"]
            group = self.group(ident, refresh=True)
            if member not in group.members:
                raise GroupNotTrusted(f"group {ident}: no statement names member {member}")
            person = self.person(member, refresh=True)
            place = group_context(self._own.keys.net, ident, epoch, member, person.seq)
            wrapped = wrap(person.kem_key, place, self.group_secret(ident, epoch))
            self._transport.put(
                f"/groups/{ident}/grants/{epoch}/{member}",
                {"member_seq": person.seq, "wrapped": b64(wrapped)},
            )
            performed += 1
        return performed


def _names(pool: CareGroup) -> tuple[str, ...]:
    """What a pool in use may be called by."""
    if pool.facts.get("archived"):
        return ()
    specialty = str(pool.facts.get("specialty") or "")
    return (pool.id, pool.name.casefold(), specialty.casefold())


def _managers(statements: Sequence[Statement]) -> set[str]:
    """Who must be known to verify a chain: the managers its statements name."""
    named: set[str] = set()
    for statement in statements[:-1]:
        with broken_as(GroupNotTrusted, "a group statement"):
            payload = read_payload(GroupPayload, parse_payload(statement_payload(statement)))
        named.update(payload.managers)
    return named
