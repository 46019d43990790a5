"""A care circle: a pool in the valley, a care team on the mountain, and a case between them.

Every statement, key and seal is made as a device makes it; the server under test only sees bytes.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from app import clock
from client.crypto import (
    check_epoch_secret,
    group_kem_public,
    group_kem_seed,
    kem_public,
    key_commitment,
    open_previous_epoch,
    seal,
    seal_previous_epoch,
    sign_statement,
    statement_hash,
    unseal,
    unwrap,
    wrap,
)
from protocol.contexts import (
    account_recipient,
    case_context,
    group_context,
    group_recipient,
    header_context,
    message_context,
)
from protocol.encoding import unb64, utc_time
from tests.factories.people import FoundedNetwork, Person, b64

KINDS = {
    "request_information": "information_request",
    "answer_information": "information_answer",
    "give_opinion": "opinion",
    "amend_opinion": "opinion",
    "refuse": "refusal",
    "ask_again": "question",
    "cancel": "cancellation",
    "give_second_opinion": "opinion",
}


@dataclass
class SealedGroup:
    """A pool or care team with the secret of its epoch, as whoever made it holds it."""

    net: str
    kind: str
    name: str
    id: str = field(default_factory=lambda: str(uuid4()))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    chain: list[dict[str, Any]] = field(default_factory=list)
    epoch: int = 0
    overflow: list[str] = field(default_factory=list)

    @property
    def recipient(self) -> str:
        return group_recipient(self.id, self.epoch)

    @property
    def kem_public(self) -> bytes:
        return group_kem_public(self.secret)

    def statement(
        self, signer: Person, members: list[Person], managers: list[Person], **changes: Any
    ) -> dict[str, Any]:
        """The next link of the chain, not yet kept."""
        payload = {
            "v": 1,
            "net": self.net,
            "group": self.id,
            "kind": self.kind,
            "seq": len(self.chain),
            "epoch": self.epoch,
            "kem_key": b64(self.kem_public),
            "members": [member.id for member in members],
            "managers": [manager.id for manager in managers],
            "name": self.name,
            "prev": b64(statement_hash(self.chain[-1])) if self.chain else None,
            **({"overflow": self.overflow} if self.overflow else {}),
            **changes,
        }
        return sign_statement("cordee1.group", payload, signer.sign_seed)

    def grant(self, member: Person, member_seq: int = 0) -> dict[str, Any]:
        """The epoch's secret wrapped to a member."""
        context = group_context(self.net, self.id, self.epoch, member.id, member_seq)
        wrapped = wrap(kem_public(member.kem_seed), context, self.secret)
        return {"member_seq": member_seq, "wrapped": b64(wrapped)}

    def rotate(self) -> str:
        """Begin the next epoch with a fresh secret; the link to the one before, sealed."""
        before, self.secret, self.epoch = self.secret, secrets.token_bytes(32), self.epoch + 1
        return self.link(self.epoch, self.secret, before)

    def link(self, epoch: int, secret: bytes, before: bytes) -> str:
        """The secret of the epoch before, sealed under this one's."""
        return b64(seal_previous_epoch(self.net, self.id, epoch, secret, before))

    def state(
        self,
        signer: Person,
        members: list[Person],
        managers: list[Person],
        granted: Sequence[Person] = (),
        *,
        until: dict[str, str] | None = None,
        **besides: Any,
    ) -> TestResponse:
        """Ask the server for the next statement, with the key for those `granted`; `until` are end
        dates, `besides` other fields of the body."""
        changes = {"until": until} if until else {}
        body = {
            "statement": self.statement(signer, members, managers, **changes),
            "grants": {member.id: self.grant(member) for member in granted},
            **besides,
        }
        answer = signer.post(f"/groups/{self.id}/statements", body)
        if answer.status_code == 201:
            self.chain.append(body["statement"])
        return answer

    def reached_by(self, reader: Person) -> dict[int, bytes]:
        """The secret of each epoch that a person opens: by their grants, then link by link back."""
        shown = reader.get(f"/groups/{self.id}").json
        found: dict[int, bytes] = {}
        for grant in shown["grants"]:
            place = (self.net, self.id, grant["epoch"], reader.id, grant["member_seq"])
            wrapped = unb64(grant["wrapped"])
            found[grant["epoch"]] = unwrap(reader.kem_seed, group_context(*place), wrapped)
        for link in reversed(shown["previous"]):
            epoch = link["epoch"]
            if epoch in found and epoch - 1 not in found:
                found[epoch - 1] = open_previous_epoch(
                    self.net, self.id, epoch, found[epoch], unb64(link["sealed"])
                )
        for epoch, secret in found.items():
            check_epoch_secret(secret, self._signed_key(epoch))
        return found

    def _signed_key(self, epoch: int) -> bytes:
        """The public key that the chain names for an epoch."""
        stated = [json.loads(unb64(statement["p"])) for statement in self.chain]
        return unb64(next(one["kem_key"] for one in stated if one["epoch"] == epoch))

    def found(
        self,
        founder: Person,
        members: list[Person],
        granted: list[Person] | None = None,
        **facts: Any,
    ) -> TestResponse:
        """Ask the server to found it, by a registrar; `granted` are the members with a key."""
        statement = self.statement(founder, members, [founder])
        answer = founder.put(
            f"/groups/{self.id}",
            {
                "kind": self.kind,
                "name": self.name,
                "specialty": "dermatology" if self.kind == "pool" else None,
                "territory": "Chablais",
                "statement": statement,
                "grants": {
                    member.id: self.grant(member)
                    for member in (members if granted is None else granted)
                },
                **facts,
            },
        )
        if answer.status_code == 201:
            self.chain.append(statement)
        return answer


@dataclass
class SealedCase:
    """A case with its key, as a device of the circle holds it."""

    net: str
    opener: Person
    pool: SealedGroup
    team: SealedGroup | None = None
    id: str = field(default_factory=lambda: str(uuid4()))
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def recipients(self) -> dict[str, bytes]:
        publics = {
            account_recipient(self.opener.id, 0): kem_public(self.opener.kem_seed),
            self.pool.recipient: self.pool.kem_public,
        }
        if self.team:
            publics[self.team.recipient] = self.team.kem_public
        return publics

    def event(self, to: list[str] | None = None, **changes: Any) -> dict[str, Any]:
        payload = {
            "v": 1,
            "net": self.net,
            "case": self.id,
            "n": 0,
            "event": "open",
            "generation": 0,
            "kc": b64(key_commitment(self.key)),
            "to": sorted(self.recipients()) if to is None else to,
            "by": self.opener.id,
            "prev": None,
            **changes,
        }
        return sign_statement("cordee1.case", payload, self.opener.sign_seed)

    def body(self, urgency: str = "priority", **changes: Any) -> dict[str, Any]:
        grants = {
            name: b64(wrap(public, case_context(self.net, self.id, 0, name), self.key))
            for name, public in self.recipients().items()
        }
        return {
            "pool": self.pool.id,
            "care_team": self.team.id if self.team else None,
            "urgency": urgency,
            "consent": True,
            "event": self.event(),
            "grants": grants,
            "header": {
                "generation": 0,
                "version": 0,
                "sealed": b64(self.header()),
                "attachments": [],
            },
            **changes,
        }

    def header(self) -> bytes:
        payload = {
            "v": 1,
            "net": self.net,
            "case": self.id,
            "version": 0,
            "g": 0,
            "by": self.opener.id,
            "at": utc_time(clock.now()),
            "body": {"question": "Lésion pigmentée du dos, quelle conduite ?"},
        }
        statement = sign_statement("cordee1.header", payload, self.opener.sign_seed)
        context = header_context(self.net, self.id, 0, 0)
        return seal(self.key, context, json.dumps(statement).encode())

    def sealed(self, author: Person, text: str, kind: str, message: str) -> bytes:
        payload = {
            "v": 1,
            "net": self.net,
            "case": self.id,
            "id": message,
            "g": 0,
            "by": author.id,
            "kind": kind,
            "at": utc_time(clock.now()),
            "seen": [],
            "body": {"text": text},
            "attachments": [],
            "log": None,
        }
        statement = sign_statement("cordee1.message", payload, author.sign_seed)
        context = message_context(self.net, self.id, 0, message)
        return seal(self.key, context, json.dumps(statement).encode())

    def message(
        self, author: Person, text: str = "Bonjour", kind: str = "text", **changes: Any
    ) -> dict[str, Any]:
        """A sealed turn with its id."""
        message = str(uuid4())
        return {
            "id": message,
            "kind": kind,
            "generation": 0,
            "sealed": b64(self.sealed(author, text, kind, message)),
            "attachments": [],
            **changes,
        }

    def text_of(self, message: dict[str, Any]) -> str:
        """What a reader with the case key reads."""
        context = message_context(self.net, self.id, message["generation"], message["id"])
        statement = json.loads(unseal(self.key, context, unb64(message["sealed"])))
        return str(json.loads(unb64(statement["p"]))["body"]["text"])

    def post(self, author: Person, text: str = "Bonjour", **changes: Any) -> TestResponse:
        message = self.message(author, text, **changes)
        path = f"/cases/{self.id}/messages/{message.pop('id')}"
        return author.put(path, message)

    def step(self, actor: Person, step: str, **changes: Any) -> TestResponse:
        """Take a step, with the words it asks for."""
        body: dict[str, Any] = {"step": step}
        if step in KINDS and step != "cancel":
            body["message"] = self.message(actor, f"Texte de {step}", KINDS[step])
        return actor.put(f"/cases/{self.id}/steps/{uuid4()}", {**body, **changes})


class CareCircle:
    """Dr Favre and the nurse Maret on the mountain, Drs Blanc and Roche in Thonon's pool.

    Dr Vidal is an outsider: certified, in no group of the case. Anne Berthet administers.
    """

    def __init__(self, network: FoundedNetwork) -> None:
        self.network = network
        self.net = network.net
        self.administrator = network.administrator
        self.favre = network.favre()
        self.blanc = network.blanc()
        self.roche = network.member("ines.roche@thonon.test", "Inès Roche", specialty="dermatology")
        self.maret = network.member(
            "julie.maret@ehpad.test", "Julie Maret", profession="nurse", specialty="geriatrics"
        )
        self.vidal = network.member("paul.vidal@annecy.test", "Paul Vidal", specialty="radiology")
        self.pool = SealedGroup(self.net, "pool", "Dermatologie du Chablais")
        self.team = SealedGroup(self.net, "care_team", "EHPAD Les Balcons")
        for group, members in (
            (self.pool, [self.blanc, self.roche]),
            (self.team, [self.favre, self.maret]),
        ):
            answer = group.found(self.administrator, members)
            assert answer.status_code == 201, answer.text

    def person(self, role: str) -> Person:
        return {
            "requester": self.favre,
            "nurse": self.maret,
            "expert": self.blanc,
            "colleague": self.roche,
            "outsider": self.vidal,
            "administrator": self.administrator,
        }[role]

    def new_case(self, opener: Person | None = None, with_team: bool = True) -> SealedCase:
        """A case not sent yet."""
        return SealedCase(
            self.net, opener or self.favre, self.pool, self.team if with_team else None
        )

    def open_case(self, urgency: str = "priority", with_team: bool = True) -> SealedCase:
        """A case of Dr Favre's, sent to the pool."""
        case = self.new_case(with_team=with_team)
        answer = self.favre.put(f"/cases/{case.id}", case.body(urgency))
        assert answer.status_code == 201, answer.text
        return case

    def case_key(self, reader: Person, group: SealedGroup, case: dict[str, Any]) -> bytes:
        """The case key as a member opens it: through their grant of the group, then the case's."""
        answer = reader.get(f"/groups/{group.id}").json
        grant = answer["grants"][0]
        context = group_context(self.net, group.id, 0, reader.id, grant["member_seq"])
        secret = unwrap(reader.kem_seed, context, unb64(grant["wrapped"]))
        wrapped = next(g for g in case["grants"] if g["recipient"] == group.recipient)
        place = case_context(self.net, case["id"], wrapped["generation"], group.recipient)
        return unwrap(group_kem_seed(secret), place, unb64(wrapped["wrapped"]))
