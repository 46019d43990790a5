"""Cases: open one, list them, read one with everything verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from threading import RLock
from typing import Any
from uuid import uuid4

from client.account import OwnAccount
from client.attachments import Attachments, Progress, manifests_of
from client.case_keys import CaseKeys, OpenedCase
from client.cleaning import PlainFile
from client.crypto import key_commitment, random_key, sign_statement, wrap
from client.directory import CareGroup, Directory
from client.errors import (
    About,
    BrokenSeal,
    CaseEventsBroken,
    EventRefused,
    HeaderBroken,
    KeyPending,
    NoGrant,
    PersonNotTrusted,
    StaleEpoch,
)
from client.readers import check_circle, custodians
from client.request import Request
from client.sealing import Header, Place, announced, open_header, seal_header
from client.transport import Transport
from client.verdicts import Reporting
from protocol import verify_case_events
from protocol.contexts import case_context, group_recipient
from protocol.encoding import b64
from protocol.statement import CASE

Files = Sequence[Path | str | PlainFile]


@dataclass(frozen=True)
class Case:
    """A case as one may show it: the server's facts, and what was opened and verified."""

    id: str
    facts: Mapping[str, Any] = field(repr=False)
    header: Header | None = field(repr=False)
    broken: BrokenSeal | KeyPending | None = None
    """In a list: why this one could not be opened. ``read`` raises instead."""

    @property
    def number(self) -> str:
        return str(self.facts["number"])

    @property
    def state(self) -> str:
        return str(self.facts["state"])

    @property
    def urgency(self) -> str:
        return str(self.facts["urgency"])

    @property
    def last_sequence(self) -> int:
        return int(self.facts["last_sequence"])

    @property
    def expert(self) -> str | None:
        """Account id of the expert who claimed it."""
        expert = self.facts.get("expert")
        return str(expert["id"]) if expert else None


class Cases(Reporting):
    """The cases one may see."""

    def __init__(
        self,
        transport: Transport,
        own: OwnAccount,
        directory: Directory,
        keys: CaseKeys,
        attachments: Attachments,
    ) -> None:
        self._transport = transport
        self._network = directory.network
        self._own = own
        self._directory = directory
        self._keys = keys
        self._lock = RLock()
        """One fetch of a case at a time, so that an older answer never follows a newer one."""
        self._numbers: dict[str, str] = {}
        self._attachments = attachments

    def open_case(
        self,
        pool: str,
        request: Request,
        *,
        files: Files = (),
        captions: Sequence[str] = (),
        care_team: str | None = None,
        case: str | None = None,
        progress: Progress | None = None,
    ) -> Case:
        """Send a request to a pool (id, name or specialty), with its photos.

        A fresh key is wrapped to the pool's verified key, to its overflow pools, to oneself, to the
        care team and to the custodians of the signed policy; the opening is signed; patient,
        question and files are sealed. ``captions`` go with ``files`` in their order. ``care_team``
        is the only one of mine when not said. ``case`` chooses the id.
        """
        case = case or str(uuid4())
        body = request.body([])
        sealed = [
            self._attachments.seal(case, file, caption=caption)
            for file, caption in zip_longest(files, captions)
        ]
        try:
            body["attachments"] = manifests_of(sealed)
            place = Place(case, 0, random_key())
            facts = self._put(place, pool, care_team, {"urgency": request.urgency, "body": body})
            self._attachments.upload(case, sealed, progress)
        finally:
            for file in sealed:
                file.close()
        return self.opened(facts)

    def _put(
        self, place: Place, pool: str, care_team: str | None, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Send the opening; once more with fresh keys if the pool's changed meanwhile."""
        case, body = place.case, request["body"]
        team = self._care_team(care_team)
        header = seal_header(self._own.keys, place, 0, body)
        for attempt in range(3):
            target = self._directory.pool(pool)
            groups = [target, *self._overflow_of(target), *([team] if team else [])]
            event, grants = self._opening(case, place.key, groups)
            sent = {
                "pool": target.id,
                "care_team": team.id if team else None,
                "urgency": request["urgency"],
                "consent": True,
                "event": event,
                "grants": grants,
                "header": {
                    "generation": 0,
                    "version": 0,
                    "sealed": b64(header),
                    "attachments": announced(body["attachments"]),
                },
            }
            try:
                facts: dict[str, Any] = self._transport.put(f"/cases/{case}", sent)
            except (StaleEpoch, EventRefused):
                if attempt == 2:
                    raise
                self._directory.groups(refresh=True)
                self._network.policy(refresh=True)
                continue
            self._keep(case, event, groups, place.key)
            return facts
        raise AssertionError("unreachable")

    def _opening(
        self, case: str, key: bytes, groups: Iterable[CareGroup]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The signed opening of a case, and its key wrapped to each recipient."""
        keys = self._own.keys
        me = self._directory.person(keys.account)
        publics = {keys.recipient: me.kem_key}
        publics |= {group_recipient(g.id, g.epoch): g.group.kem_key for g in groups}
        publics |= custodians(self._network)
        recipients = sorted(publics)
        event = sign_statement(
            CASE,
            {
                "v": 1,
                "net": keys.net,
                "case": case,
                "n": 0,
                "event": "open",
                "generation": 0,
                "kc": b64(key_commitment(key)),
                "to": recipients,
                "by": keys.account,
                "prev": None,
            },
            keys.sign_seed,
        )
        grants = {
            name: b64(wrap(publics[name], case_context(keys.net, case, 0, name), key))
            for name in recipients
        }
        return event, grants

    def _keep(
        self, case: str, event: Mapping[str, Any], groups: Iterable[CareGroup], key: bytes
    ) -> None:
        chain = verify_case_events(
            [event],
            {self._own.id: self._own.keys.sign_public},
            {group.id: group.members for group in groups},
            net=self._own.keys.net,
        )
        self._keys.keep(case, chain, {0: key})

    def _overflow_of(self, pool: CareGroup) -> list[CareGroup]:
        """The pools its cases may pass to, as its manager signed; the server may only say that one
        is closed, never add one."""
        signed = [self._directory.group(ident) for ident in pool.group.payload.overflow]
        return [one for one in signed if one.kind == "pool" and not one.facts.get("archived")]

    def _care_team(self, name_or_id: str | None) -> CareGroup | None:
        mine = [
            group
            for group in self._directory.my_groups()
            if group.kind == "care_team" and not group.facts.get("archived")
        ]
        if name_or_id is None:
            return mine[0] if len(mine) == 1 else None
        for group in mine:
            if name_or_id in (group.id, group.name):
                return group
        raise LookupError(f"no care team of mine is called “{name_or_id}”")

    # reading

    def in_box(
        self,
        box: str = "all",
        *,
        pool: str | None = None,
        urgency: str | None = None,
        role: str | None = None,
    ) -> Iterator[Case]:
        """Cases of a box (unclaimed, mine, waiting, done, all), headers opened.

        Authors are fetched in one request per page. A list carries no signed events: the key is
        confirmed when a case is read. One that does not open is shown with ``broken`` set.
        """
        cursor: str | None = None
        while True:
            page = self._transport.get(
                "/cases", box=box, pool=pool, urgency=urgency, role=role, cursor=cursor, limit=50
            )
            shown = {who["id"] for facts in page["items"] for who in _shown(facts)}
            with suppress(BrokenSeal):  # told again below, for the case it concerns
                self._directory.people(shown)
            yield from (self._listed(facts) for facts in page["items"])
            cursor = page.get("next")
            if not cursor:
                return

    def counts(self) -> dict[str, int]:
        """How many cases lie in each box."""
        return dict(self._transport.get("/cases", limit=1)["counts"])

    def read(self, case: str) -> Case:
        """One case, everything verified. Raises the ``BrokenSeal`` that says what is wrong."""
        with self._lock:
            return self.opened(self._fetched(case))

    def find(self, number_or_id: str) -> Case:
        """A case by its id or its short number (such as C-7F3K2)."""
        if len(number_or_id) == 36:
            return self.read(number_or_id)
        wanted = number_or_id.upper()
        for case in self.in_box():
            if case.number.upper() == wanted:
                return self.read(case.id)
        raise LookupError(f"no case of mine has the number {number_or_id}")

    def keys_of(self, case: str) -> OpenedCase:
        """The case's verified keys, fetched if not known."""
        known = self._keys.known(case)
        return known or self.renew_keys(case)

    def renew_keys(self, case: str) -> OpenedCase:
        """The case's keys as of now, after the server said ours are old."""
        with self._lock:
            facts = self._fetched(case)
            self._numbers[case] = str(facts["number"])
            opened = self._keys.open(facts)
            check_circle(facts, opened.chain)
            return opened

    def had_part(self, case: str, account: str, generation: int) -> bool:
        """Whether somebody had part in the case when its key was of this generation."""
        return self._keys.had_part(self.keys_of(case).chain, account, generation)

    def number(self, case: str) -> str:
        """How people call a case one has opened; empty when unknown."""
        return self._numbers.get(case, "")

    def forget(self, case: str) -> None:
        """Drop what one knew of a case, as when one was taken off it."""
        self._keys.forget(case)

    def mark_read(self, case: str, sequence: int) -> int:
        """Tell the others that one has read up to ``sequence``; never goes back."""
        answer = self._transport.put(f"/cases/{case}/receipts", {"read": sequence})
        return int(answer["read"])

    def trace(self, case: str) -> list[dict[str, Any]]:
        """Who did or read what in this case, and when."""
        return list(self._transport.pages(f"/cases/{case}/trace"))

    def opened(self, facts: Mapping[str, Any]) -> Case:
        """A case from the server's answer, everything verified."""
        with self._lock:
            self._numbers[str(facts["id"])] = str(facts["number"])
            opened = self._keys.open(facts)
        check_circle(facts, opened.chain)
        if str(facts["opened_by"]["id"]) != opened.chain.opener:
            about = About("case", str(facts["id"]), name=str(facts["number"]))
            raise CaseEventsBroken(f"case {facts['id']}: opened by another than shown", about)
        generation = int(facts["header"]["generation"])
        if generation not in opened.keys:
            about = About("case", str(facts["id"]), name=str(facts["number"]))
            raise NoGrant(f"case {facts['id']}: no key of generation {generation}", about)
        return self._with_header(facts, opened.keys[generation], opened.chain.opener)

    def _fetched(self, case: str) -> dict[str, Any]:
        """A case as shown; whatever the answer calls itself, it must hold for the one asked for."""
        facts: dict[str, Any] = self._transport.get(f"/cases/{case}")
        return {**facts, "id": case}

    def _listed(self, facts: Mapping[str, Any]) -> Case:
        try:
            key = self._listed_key(facts)
            return self._with_header(facts, key, str(facts["opened_by"]["id"]))
        except KeyPending as later:
            return Case(str(facts["id"]), facts, None, later)
        except BrokenSeal as broken:
            self.report(broken)
            return Case(str(facts["id"]), facts, None, broken)

    def _listed_key(self, facts: Mapping[str, Any]) -> bytes:
        """The header's key: known, by a grant, or, where one came later, by the whole case."""
        ident, generation = str(facts["id"]), int(facts["header"]["generation"])
        known = self._keys.known(ident)
        if known and generation in known.keys:
            return known.keys[generation]
        if key := self._keys.find_grant(facts, generation):
            return key
        keys = self.renew_keys(ident).keys
        if generation not in keys:
            about = About("case", ident, name=str(facts["number"]))
            raise NoGrant(f"case {ident}: no key of generation {generation}", about)
        return keys[generation]

    def _with_header(self, facts: Mapping[str, Any], key: bytes, author: str) -> Case:
        ident = str(facts["id"])
        net, person = self._own.keys.net, self._directory.person(author)
        try:
            header = open_header(net, facts, key, person)
        except HeaderBroken:  # they may have renewed their keys since they were read
            fresh = self._directory.person(author, refresh=True)
            if fresh.sign_keys == person.sign_keys:
                raise
            header = open_header(net, facts, key, fresh)
        for who in _shown(facts):
            if self._directory.person(str(who["id"])).name != who["name"]:
                raise PersonNotTrusted(
                    f"case {ident}: another name beside the keys of {who['id']}",
                    About("account", str(who["id"]), ident, str(who["name"])),
                )
        return Case(ident, facts, header)


def _shown(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The people whom the server names in a case: who asked and, if there is one, the expert."""
    return [who for who in (facts["opened_by"], facts.get("expert")) if who]
