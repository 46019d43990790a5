"""Who can read a case, and how that changes: hand it on, bring somebody in, take somebody off.

Every change is an event signed here over the case's chain. Giving access wraps the current key to
one more; taking it away begins a generation with a new key, wrapped to those who stay. The keys
come from verified statements, never from the request of the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from client.account import OwnAccount
from client.case_keys import CaseKeys, OpenedCase
from client.cases import Case, Cases
from client.crypto import key_commitment, random_key, seal, sign_statement, wrap
from client.directory import Directory
from client.errors import (
    About,
    CaseMoved,
    CircleFalsified,
    EventRefused,
    Refused,
    StaleEpoch,
    StillOutdated,
)
from client.readers import is_held_today, todays_keys
from client.transport import Transport
from client.verdicts import Reporting, msg, translate
from protocol import CaseChain
from protocol.contexts import (
    account_recipient,
    case_context,
    case_prev_context,
    group_recipient,
    parse_recipient,
)
from protocol.encoding import b64
from protocol.statement import CASE

ATTEMPTS = 5
"""Others may change the same case at the same time; each attempt starts from what they did."""

ROLES = {
    "pool": msg("answers the request"),
    "former_pool": msg("was asked before"),
    "care_team": msg("asks, as a team"),
    "opener": msg("asked"),
    "second_opinion": msg("gives a second opinion"),
    "expert": msg("was asked by name"),
    "doctor": msg("is the patient's own doctor"),
    "overflow": msg("takes over if nobody answers in time"),
    "custodian": msg("keeps the sealed archive for twenty years"),
}
"""The part each reader has, in plain words."""
READS = msg("reads")


@dataclass(frozen=True)
class Reader:
    """One holder of a case's key, as signed; the part they have is the server's word."""

    kind: str
    """``group``, ``account`` or ``custodian``."""
    id: str
    name: str
    role: str
    people: tuple[str, ...] = ()
    """Names of a group's members today."""
    signed: str = ""
    """A group's signed name, where the server displays another."""

    def in_words(self, language: str = "en") -> str:
        """``Dermatologie (Dr Blanc, Dr Benali): answers the request``."""
        members = f" ({', '.join(self.people)})" if self.people else ""
        part = translate(ROLES.get(self.role, READS), language)
        name = self.name or translate(msg("The organisation's archive key"), language)
        if self.signed:
            words = translate(msg("{name}, signed as {signed}"), language)
            name = words.format(name=name, signed=self.signed)
        return f"{name}{members}: {part}"


class Circle(Reporting):
    """The readers of cases. Each verb gives the case as it is afterwards."""

    def __init__(
        self,
        transport: Transport,
        own: OwnAccount,
        directory: Directory,
        keys: CaseKeys,
        cases: Cases,
    ) -> None:
        self._transport = transport
        self._own = own
        self._network = directory.network
        self.directory = directory
        self._keys = keys
        self.cases = cases

    # bringing in

    def forward(self, case: str, pool: str) -> Case:
        """Hand the request on to another pool; the first one keeps reading."""
        return self._bring_in_group(case, "forward", pool)

    def second_opinion(self, case: str, pool: str) -> Case:
        """Ask another pool as well."""
        return self._bring_in_group(case, "second_opinion", pool)

    def named_expert(self, case: str, account: str) -> Case:
        """Ask one expert by name."""
        return self._bring_in_person(case, "named_expert", account)

    def doctor(self, case: str, account: str) -> Case:
        """Let the patient's own doctor read and write."""
        return self._bring_in_person(case, "doctor", account)

    def regrant(self, case: str, account: str) -> Case:
        """Hand the key again to somebody of the circle who has new keys.

        The signed events must name them as a reader of the current key, whatever the server lists:
        ``CircleFalsified`` otherwise, also for somebody who was taken off.
        """
        return self._bring_in_person(case, "regrant", account)

    def overflow(self, case: str) -> Case:
        """Pass the request to the next overflow pool, which holds the key since the opening."""
        self._transport.post(f"/cases/{case}/overflow", {"id": str(uuid4())})
        return self.cases.read(case)

    # taking off, and new keys

    def take_off(self, case: str, holder: str) -> Case:
        """Take a pool, team or person (by id) off: a new key that they do not get."""
        return self._rotate(case, "take_off", holder)

    def rekey(self, case: str) -> Case:
        """A new key for the same circle, wrapped to today's epochs and keys."""
        return self._rotate(case, "rekey")

    def require_current(self, case: str) -> None:
        """Before one writes: whoever left a group of the circle, and whoever has the former keys of
        a reader, must not read what comes next.

        The server says so too, but is not waited for.
        """
        chain = self.cases.keys_of(case).chain
        if is_held_today(chain, todays_keys(self.directory, chain)):
            return
        self._network.policy(refresh=True)  # it may be we who know less than the case
        chain = self.cases.renew_keys(case).chain
        if not is_held_today(chain, self.recipients(chain)):
            self.rekey(case)

    # showing

    def readers(self, case: Case) -> list[Reader]:
        """Everybody who holds the current key, as the signed events name them."""
        chain = self._keys.verified_chain(case.id, case.facts["events"])
        return list(self._named(chain, case.facts))

    def in_words(self, case: Case, language: str = "en") -> list[str]:
        """One plain sentence for each reader."""
        return [reader.in_words(language) for reader in self.readers(case)]

    # inside

    def _bring_in_group(self, case: str, purpose: str, name_or_id: str) -> Case:
        def target() -> tuple[str, str, bytes]:
            ident = self.directory.pool(name_or_id).id
            pool = self.directory.group(ident, refresh=True)
            return pool.id, group_recipient(pool.id, pool.epoch), pool.group.kem_key

        return self._grant(case, purpose, target)

    def _bring_in_person(self, case: str, purpose: str, account: str) -> Case:
        def target() -> tuple[str, str, bytes]:
            person = self.directory.person(account, refresh=True)
            return person.id, account_recipient(person.id, person.seq), person.kem_key

        return self._grant(case, purpose, target)

    def _grant(self, case: str, purpose: str, target: Callable[[], tuple[str, str, bytes]]) -> Case:
        def event(opened: OpenedCase) -> dict[str, Any]:
            ident, recipient, public = target()
            readers = {holder.id for holder in map(parse_recipient, opened.chain.recipients)}
            if purpose == "regrant" and ident not in readers:
                about = About("case", case, name=self.cases.number(case))
                raise CircleFalsified(f"case {case}: no event names {ident}", about)
            kc = opened.chain.commitments[-1]
            statement = self._event(opened.chain, "grant", opened.generation, kc, [recipient])
            wrapped = self._wrapped(case, opened.generation, recipient, public, opened.key)
            return {
                "event": statement,
                "grants": {recipient: wrapped},
                "purpose": purpose,
                "target": ident,
            }

        return self._signed(case, event)

    def _rotate(self, case: str, purpose: str, without: str | None = None) -> Case:
        def event(opened: OpenedCase) -> dict[str, Any]:
            key, generation = random_key(), opened.generation + 1
            publics = self.recipients(opened.chain, without)
            statement = self._event(
                opened.chain, "rotate", generation, key_commitment(key), sorted(publics)
            )
            grants = {
                recipient: self._wrapped(case, generation, recipient, public, key)
                for recipient, public in publics.items()
            }
            place = case_prev_context(self._own.keys.net, case, generation)
            return {
                "event": statement,
                "grants": grants,
                "previous": b64(seal(key, place, opened.key)),
                "purpose": purpose,
                **({"target": without} if without else {}),
            }

        return self._signed(case, event)

    def _signed(self, case: str, event: Callable[[OpenedCase], dict[str, Any]]) -> Case:
        """Sign and send an event on the case as it is now, again when it moved meanwhile."""
        refused = False
        for _ in range(ATTEMPTS):
            opened = self.cases.renew_keys(case)
            try:
                facts = self._transport.post(f"/cases/{case}/events", event(opened))
            except (CaseMoved, StaleEpoch) as refusal:
                self.catch_up(refusal)
            except EventRefused as refusal:
                if refused:
                    raise
                refused = True
                self.catch_up(refusal)  # the policy may name another custodian
            else:
                return self.cases.opened(facts)
        raise StillOutdated(f"case {case}: others kept changing its circle")

    def catch_up(self, refusal: Refused) -> None:
        """Fetch what the server says is newer: groups, people, policy."""
        self._network.policy(refresh=True)
        people = [str(entry["account"]) for entry in refusal.extra.get("accounts") or ()]
        self.directory.people(people, refresh=True)
        for entry in refusal.extra.get("groups") or ():
            self.directory.group(str(entry["group"]), refresh=True)

    def recipients(self, chain: CaseChain, without: str | None = None) -> dict[str, bytes]:
        """Today's recipients of a next generation, everybody's keys asked for anew."""
        return todays_keys(self.directory, chain, without, refresh=True)

    def _event(
        self, chain: CaseChain, kind: str, generation: int, kc: bytes, to: list[str]
    ) -> dict[str, Any]:
        keys = self._own.keys
        payload = {
            "v": 1,
            "net": keys.net,
            "case": chain.payload.case,
            "n": chain.payload.n + 1,
            "event": kind,
            "generation": generation,
            "kc": b64(kc),
            "to": to,
            "by": keys.account,
            "prev": b64(chain.hash),
        }
        return sign_statement(CASE, payload, keys.sign_seed)

    def _wrapped(
        self, case: str, generation: int, recipient: str, public: bytes, key: bytes
    ) -> str:
        place = case_context(self._own.keys.net, case, generation, recipient)
        return b64(wrap(public, place, key))

    def _named(self, chain: CaseChain, facts: Mapping[str, Any]) -> Iterator[Reader]:
        roles = {
            (party["kind"], str(party["id"])): str(party["role"])
            for party in facts.get("circle", [])
            if not party.get("left")
        }
        seen: set[tuple[str, str]] = set()
        for holder in map(parse_recipient, chain.recipients):
            if (holder.kind, holder.id) in seen:
                continue
            seen.add((holder.kind, holder.id))
            role = roles.get((holder.kind, holder.id), "")
            if holder.kind == "group":
                group = self.directory.group(holder.id)
                people = self.directory.people(group.members)
                names = tuple(person.name for person in people.values())
                signed = "" if group.signed_name == group.name else group.signed_name
                yield Reader("group", holder.id, group.name, role, names, signed)
            elif holder.kind == "account":
                name = self.directory.person(holder.id).name
                yield Reader("account", holder.id, name, role)
            else:
                yield Reader("custodian", "", "", "custodian")
