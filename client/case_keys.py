"""From the grants of a case to its keys, with everything checked on the way.

signed events → the opener and each later author were in the case → a grant for me or for one of my
groups → the group secret gives the key its statement names → K_g is the key its event commits to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from client.account import OwnAccount
from client.crypto import check_key_commitment, unseal, unwrap
from client.directory import Directory
from client.errors import (
    About,
    CaseEventsBroken,
    CaseKeyPlanted,
    GrantBroken,
    KeyPending,
    NoGrant,
    RotatedByOutsider,
    broken_as,
)
from client.groups.secrets import GroupSecrets
from client.verdicts import Reporting
from protocol import CaseChain, verify_case_events
from protocol.chain import holds
from protocol.contexts import case_context, case_prev_context, parse_recipient
from protocol.encoding import check_size, unb64
from protocol.shapes import KEY_SIZE
from protocol.statement import Statement, parse_payload, statement_hash, statement_payload
from protocol.statements import CaseEventPayload, read_payload


@dataclass(frozen=True)
class OpenedCase:
    """The verified life of a case's key, and the keys of every generation one can open."""

    chain: CaseChain
    keys: Mapping[int, bytes] = field(repr=False)

    @property
    def generation(self) -> int:
        return self.chain.payload.generation

    @property
    def key(self) -> bytes:
        return self.keys[self.generation]


class CaseKeys(Reporting):
    """Opens cases and remembers their keys while signed in."""

    def __init__(self, own: OwnAccount, directory: Directory, secrets: GroupSecrets) -> None:
        self._own = own
        self._directory = directory
        self._secrets = secrets
        self._opened: dict[str, OpenedCase] = {}

    def forget(self, case: str | None = None) -> None:
        """Drop the keys of one case, as when one was taken off it; or of all."""
        if case is None:
            self._opened.clear()
        else:
            self._opened.pop(case, None)

    def known(self, case: str) -> OpenedCase | None:
        """What was opened earlier, if anything."""
        return self._opened.get(case)

    def keep(self, case: str, chain: CaseChain, keys: Mapping[int, bytes]) -> OpenedCase:
        """Remember a case one opened oneself."""
        self._opened[case] = OpenedCase(chain, keys)
        return self._opened[case]

    def open(self, facts: Mapping[str, Any]) -> OpenedCase:
        """Verify a case's events and open its keys.

        Raises ``CaseEventsBroken``, ``RotatedByOutsider``, ``GrantBroken``, ``GroupKeyPlanted``,
        ``CaseKeyPlanted``, ``NoGrant``.
        """
        case = str(facts["id"])
        known = self._opened.get(case)
        about = _about(facts)
        chain = self.verified_chain(case, facts["events"], about)
        if known and known.chain.hash == chain.hash:
            return known
        before = known.chain.payload.n if known else -1
        if known and (
            before >= chain.payload.n or statement_hash(facts["events"][before]) != known.chain.hash
        ):
            raise CaseEventsBroken(
                f"case {case}: the server shows fewer or other events than before", about
            )
        current = chain.payload.generation
        key = self.open_grant(facts, current, chain.recipients)
        with broken_as(CaseKeyPlanted, f"case {case} generation {current}", about):
            check_key_commitment(key, chain.commitments[current])
        keys = {current: key, **self._previous(facts, chain, key)}
        return self.keep(case, chain, keys)

    def verified_chain(
        self, case: str, events: list[Statement], about: About | None = None
    ) -> CaseChain:
        """The events followed from the opening; their authors' keys come from the directory.

        What the directory remembers may be older than the events: a first failure makes it ask
        again, so that nobody who joined or renewed their keys meanwhile looks like an intruder.
        """
        about = about or About("case", case)
        try:
            chain = self._followed(case, events, about)
        except CaseEventsBroken:
            with broken_as(CaseEventsBroken, f"case {case}", about):
                authors, groups = _named(events)
            self._directory.people(authors, refresh=True)
            for group in groups:
                self._directory.group(group, refresh=True)
            chain = self._followed(case, events, about)
        if chain.payload.case != case:
            raise CaseEventsBroken(f"the events shown for case {case} are another's", about)
        return chain

    def _followed(self, case: str, events: list[Statement], about: About) -> CaseChain:
        with broken_as(CaseEventsBroken, f"case {case}", about):
            authors, groups = _named(events)
            chain = verify_case_events(
                events,
                self._directory.sign_keys(authors),
                self._directory.members_by_group(groups),
                net=self._own.keys.net,
            )
            payloads = list(map(read_event, events))
        for payload in payloads:
            if payload.event == "rotate" and not self._stands(payload):
                raise RotatedByOutsider(
                    f"case {case}: generation {payload.generation} is by an outsider", about
                )
        return chain

    def _stands(self, rotation: CaseEventPayload) -> bool:
        """Whether the author belongs to the circle the rotation names.

        Having been in the circle before is not enough: somebody whom a pool removed, together with
        the server, could otherwise choose the next key.
        """
        for recipient in map(parse_recipient, rotation.to):
            if recipient.kind == "account" and recipient.id == rotation.by:
                return True
            if recipient.kind == "group":
                group = self._directory.group(recipient.id)
                if rotation.by in group.members_since(recipient.number):
                    return True
        return False

    def had_part(self, chain: CaseChain, account: str, generation: int) -> bool:
        """Whether somebody had part in a case when its key was of this generation."""
        if account == chain.opener:
            return True
        held = chain.holders[generation] if generation < len(chain.holders) else ()
        groups = {one.id for one in map(parse_recipient, held) if one.kind == "group"}
        if holds(held, account, self._directory.members_by_group(groups)):
            return True
        for group in groups:  # they may have joined since the groups were read
            self._directory.group(group, refresh=True)
        return holds(held, account, self._directory.members_by_group(groups))

    def open_grant(
        self, facts: Mapping[str, Any], generation: int, recipients: Iterable[str] | None = None
    ) -> bytes:
        """K_g from a grant, or ``NoGrant``; see ``find_grant``."""
        key = self.find_grant(facts, generation, recipients)
        if key is None:
            raise NoGrant(
                f"case {facts['id']}: no grant of generation {generation} for this person",
                _about(facts),
            )
        return key

    def find_grant(
        self, facts: Mapping[str, Any], generation: int, recipients: Iterable[str] | None = None
    ) -> bytes | None:
        """K_g from the first grant that opens; one to oneself before one to a group. None when no
        grant of this generation is for one: whoever was let in later has none, and no alarm.

        ``recipients`` limits to those a signed event names. Without it (a list of cases carries no
        events) the key is unconfirmed until the case is opened. ``KeyPending``: it is meant for
        one, by a key that one does not hold yet or no longer.
        """
        grants = {
            str(grant["recipient"]): unb64(grant["wrapped"])
            for grant in facts["grants"]
            if int(grant["generation"]) == generation
        }
        allowed = set(grants) if recipients is None else set(grants) & set(recipients)
        case, pending = str(facts["id"]), self._waits_for(recipients or ())
        for recipient in sorted(allowed, key=self._own_last_first):
            try:
                seed = self._seed_for(recipient)
            except KeyPending as later:
                pending = pending or later
                continue
            if seed is None:
                continue
            place = case_context(self._own.keys.net, case, generation, recipient)
            with broken_as(GrantBroken, f"key of case {case} for {recipient}", _about(facts)):
                return unwrap(seed, place, grants[recipient])
        if pending:
            raise pending
        return None

    def _waits_for(self, recipients: Iterable[str]) -> KeyPending | None:
        """Whether the case is wrapped to a former key of one's own, and not yet to today's."""
        named = [parse_recipient(name) for name in recipients]
        mine = [one.number for one in named if one.id == self._own.id]
        if not mine or self._own.keys.seq in mine:
            return None
        return KeyPending(
            "This case is still sealed for your former keys. It opens as soon as a colleague of "
            "its circle is online."
        )

    def _own_last_first(self, recipient: str) -> tuple[bool, int]:
        """Grants to oneself first, the newest key sequence before older ones."""
        named = parse_recipient(recipient)
        return (named.id != self._own.id, -named.number)

    def _seed_for(self, recipient: str) -> bytes | None:
        """What opens a grant: one's own seed, or a group's; None when it is for others."""
        named = parse_recipient(recipient)
        if named.kind == "account" and named.id == self._own.id:
            return self._own.keys.kem_seed_of(named.number)
        if named.kind == "group" and self._is_mine(named.id, named.number):
            return self._secrets.seed(named.id, named.number)
        return None

    def _is_mine(self, ident: str, epoch: int) -> bool:
        """One belongs to the group, as known or, since one may have joined meanwhile, as of now."""
        group = self._directory.group(ident)
        if self._own.id not in group.members or epoch > group.epoch:
            group = self._directory.group(ident, refresh=True)
        return self._own.id in group.members

    def _previous(self, facts: Mapping[str, Any], chain: CaseChain, key: bytes) -> dict[int, bytes]:
        """Earlier generations: each sealed under the one after it, and committed to.

        Where a link is missing, a grant of that generation to oneself does as well.
        """
        sealed = {int(p["generation"]): unb64(p["sealed"]) for p in facts.get("previous", [])}
        keys: dict[int, bytes] = {}
        case, about = str(facts["id"]), _about(facts)
        for generation in range(chain.payload.generation, 0, -1):
            place = case_prev_context(self._own.keys.net, case, generation)
            with broken_as(CaseKeyPlanted, f"case {case} generation {generation - 1}", about):
                if generation in sealed:
                    key = check_size(unseal(key, place, sealed[generation]), KEY_SIZE, "case key")
                else:
                    try:
                        granted = self.find_grant(facts, generation - 1)
                    except KeyPending:
                        break
                    if granted is None:
                        break
                    key = granted
                check_key_commitment(key, chain.commitments[generation - 1])
            keys[generation - 1] = key
        return keys


def _about(facts: Mapping[str, Any]) -> About:
    return About("case", str(facts["id"]), name=str(facts.get("number", "")))


def read_event(event: Statement) -> CaseEventPayload:
    """What an event says; its signature is the chain's business."""
    return read_payload(CaseEventPayload, parse_payload(statement_payload(event)))


def _named(events: list[Statement]) -> tuple[set[str], set[str]]:
    """Authors and groups that the events name: what must be known to verify them."""
    authors: set[str] = set()
    groups: set[str] = set()
    for payload in map(read_event, events):
        authors.add(payload.by)
        named = map(parse_recipient, payload.to)
        groups.update(recipient.id for recipient in named if recipient.kind == "group")
    return authors, groups
