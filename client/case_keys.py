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
    CaseEventsBroken,
    CaseKeyPlanted,
    GrantBroken,
    NoGrant,
    broken_as,
)
from protocol import CaseChain, verify_case_events
from protocol.contexts import case_context, case_prev_context, parse_recipient
from protocol.encoding import check_size, unb64
from protocol.shapes import KEY_SIZE
from protocol.statement import Statement, parse_payload, statement_payload
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


class CaseKeys:
    """Opens cases and remembers their keys while signed in."""

    def __init__(self, own: OwnAccount, directory: Directory) -> None:
        self._own = own
        self._directory = directory
        self._opened: dict[str, OpenedCase] = {}

    def forget(self) -> None:
        self._opened.clear()

    def known(self, case: str) -> OpenedCase | None:
        """What was opened earlier, if anything."""
        return self._opened.get(case)

    def keep(self, case: str, chain: CaseChain, keys: Mapping[int, bytes]) -> OpenedCase:
        """Remember a case one opened oneself."""
        self._opened[case] = OpenedCase(chain, keys)
        return self._opened[case]

    def open(self, facts: Mapping[str, Any]) -> OpenedCase:
        """Verify a case's events and open its keys.

        Raises ``CaseEventsBroken``, ``GrantBroken``, ``GroupKeyPlanted``, ``CaseKeyPlanted``,
        ``NoGrant``.
        """
        case = str(facts["id"])
        known = self._opened.get(case)
        chain = self.verified_chain(case, facts["events"])
        if known and known.chain.hash == chain.hash:
            return known
        if known and known.chain.payload.n > chain.payload.n:
            raise CaseEventsBroken(f"case {case}: the server shows fewer events than before")
        current = chain.payload.generation
        key = self.open_grant(facts, current, chain.recipients)
        with broken_as(CaseKeyPlanted, f"case {case} generation {current}"):
            check_key_commitment(key, chain.commitments[current])
        keys = {current: key, **self._previous(facts, chain, key)}
        return self.keep(case, chain, keys)

    def verified_chain(self, case: str, events: list[Statement]) -> CaseChain:
        """The events followed from the opening; their authors' keys come from the directory."""
        with broken_as(CaseEventsBroken, f"case {case}"):
            authors, groups = _named(events)
            chain = verify_case_events(
                events,
                self._directory.sign_keys(authors),
                self._directory.members_by_group(groups),
                net=self._own.keys.net,
            )
        if chain.payload.case != case:
            raise CaseEventsBroken(f"the events shown for case {case} are another's")
        return chain

    def open_grant(
        self, facts: Mapping[str, Any], generation: int, recipients: Iterable[str] | None = None
    ) -> bytes:
        """K_g from the first grant that opens; one to oneself before one to a group.

        ``recipients`` limits to those a signed event names. Without it (a list of cases carries no
        events) the key is unconfirmed until the case is opened.
        """
        keys, case = self._own.keys, str(facts["id"])
        grants = {
            str(grant["recipient"]): unb64(grant["wrapped"])
            for grant in facts["grants"]
            if int(grant["generation"]) == generation
        }
        allowed = set(grants) if recipients is None else set(grants) & set(recipients)
        for recipient in sorted(allowed, key=lambda name: name != keys.recipient):
            place = case_context(keys.net, case, generation, recipient)
            named = parse_recipient(recipient)
            if recipient == keys.recipient:
                seed = keys.kem_seed
            elif named.kind == "group" and self._is_mine(named.id):
                seed = self._directory.group_seed(named.id, named.number)
            else:
                continue
            with broken_as(GrantBroken, f"key of case {case} for {recipient}"):
                return unwrap(seed, place, grants[recipient])
        raise NoGrant(f"case {case}: no grant of generation {generation} for this person")

    def _is_mine(self, group: str) -> bool:
        return self._own.id in self._directory.group(group).members

    def _previous(self, facts: Mapping[str, Any], chain: CaseChain, key: bytes) -> dict[int, bytes]:
        """Earlier generations, each sealed under the one after it and committed to."""
        sealed = {int(p["generation"]): unb64(p["sealed"]) for p in facts.get("previous", [])}
        keys: dict[int, bytes] = {}
        case = str(facts["id"])
        for generation in range(chain.payload.generation, 0, -1):
            if generation not in sealed:
                break
            place = case_prev_context(self._own.keys.net, case, generation)
            with broken_as(CaseKeyPlanted, f"case {case} generation {generation - 1}"):
                key = check_size(unseal(key, place, sealed[generation]), KEY_SIZE, "case key")
                check_key_commitment(key, chain.commitments[generation - 1])
            keys[generation - 1] = key
        return keys


def _named(events: list[Statement]) -> tuple[set[str], set[str]]:
    """Authors and groups that the events name: what must be known to verify them."""
    authors: set[str] = set()
    groups: set[str] = set()
    for event in events:
        payload = read_payload(CaseEventPayload, parse_payload(statement_payload(event)))
        authors.add(payload.by)
        named = map(parse_recipient, payload.to)
        groups.update(recipient.id for recipient in named if recipient.kind == "group")
    return authors, groups
