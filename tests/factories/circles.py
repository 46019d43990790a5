"""Cases that travel: their next events signed and wrapped as a device of the circle does it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from app import clock
from client.crypto import (
    group_kem_seed,
    kem_public,
    key_commitment,
    seal,
    sign_statement,
    statement_hash,
    unseal,
    unwrap,
    wrap,
)
from protocol.contexts import (
    account_recipient,
    case_context,
    case_prev_context,
    custodian_recipient,
    message_context,
)
from protocol.encoding import unb64, utc_time
from tests.factories.care import CareCircle, SealedCase, SealedGroup
from tests.factories.people import FoundedNetwork, Person, b64

Holder = SealedGroup | Person


@dataclass
class TravellingCase(SealedCase):
    """A case with the whole life of its key, as a device that signs the next event knows it."""

    overflow: list[SealedGroup] = field(default_factory=list)
    archives: list[bytes] = field(default_factory=list)
    """Public keys of the custodians of today's policy."""
    chain: list[dict[str, Any]] = field(default_factory=list)
    former: list[bytes] = field(default_factory=list)
    """Keys of the generations before."""
    seqs: dict[str, int] = field(default_factory=dict)
    """By account id: the key sequence of those who renewed theirs."""

    @property
    def generation(self) -> int:
        return len(self.former)

    def recipients(self) -> dict[str, bytes]:
        publics = super().recipients()
        publics |= {pool.recipient: pool.kem_public for pool in self.overflow}
        return publics | self.archive()

    def archive(self) -> dict[str, bytes]:
        return {str(custodian_recipient(i)): key for i, key in enumerate(self.archives)}

    def opened_by(self, person: Person, **changes: Any) -> TestResponse:
        body = self.body(**changes)
        answer = person.put(f"/cases/{self.id}", body)
        if answer.status_code == 201:
            self.chain = [body["event"]]
        return answer

    def named(self, holder: Holder) -> tuple[str, bytes]:
        """Recipient and public key of a group or a person."""
        if isinstance(holder, SealedGroup):
            return holder.recipient, holder.kem_public
        seq = self.seqs.get(holder.id, 0)
        return str(account_recipient(holder.id, seq)), kem_public(holder.kem_seed)

    def next_event(
        self, signer: Person, event: str, key: bytes, to: list[str], **changes: Any
    ) -> dict[str, Any]:
        payload = {
            "v": 1,
            "net": self.net,
            "case": self.id,
            "n": len(self.chain),
            "event": event,
            "generation": self.generation + (event == "rotate"),
            "kc": b64(key_commitment(key)),
            "to": sorted(to),
            "by": signer.id,
            "prev": b64(statement_hash(self.chain[-1])),
            **changes,
        }
        return sign_statement("cordee1.case", payload, signer.sign_seed)

    def wraps(self, key: bytes, publics: dict[str, bytes], generation: int) -> dict[str, str]:
        return {
            name: b64(wrap(public, case_context(self.net, self.id, generation, name), key))
            for name, public in publics.items()
        }

    def grant(self, signer: Person, purpose: str, target: Holder, **changes: Any) -> dict[str, Any]:
        """The body that lets somebody in, or in again."""
        name, public = self.named(target)
        return {
            "event": self.next_event(signer, "grant", self.key, [name], **changes),
            "grants": self.wraps(self.key, {name: public}, self.generation),
            "purpose": purpose,
            "target": target.id,
        }

    def rotation(
        self,
        signer: Person,
        holders: list[Holder],
        purpose: str = "rekey",
        target: Holder | None = None,
        **changes: Any,
    ) -> tuple[dict[str, Any], bytes]:
        """The body that changes the key for those who stay, and the new key."""
        key, generation = secrets.token_bytes(32), self.generation + 1
        publics = dict(self.named(holder) for holder in holders) | self.archive()
        previous = seal(key, case_prev_context(self.net, self.id, generation), self.key)
        body = {
            "event": self.next_event(signer, "rotate", key, list(publics), **changes),
            "grants": self.wraps(key, publics, generation),
            "previous": b64(previous),
            "purpose": purpose,
        }
        return body | ({"target": target.id} if target else {}), key

    def send(self, signer: Person, body: dict[str, Any], key: bytes | None = None) -> TestResponse:
        """Post an event; what was accepted is the chain's new end."""
        answer = signer.post(f"/cases/{self.id}/events", body)
        if answer.status_code == 200:
            self.chain.append(body["event"])
            if key is not None:
                self.former.append(self.key)
                self.key = key
        return answer

    def let_in(self, signer: Person, purpose: str, target: Holder) -> TestResponse:
        return self.send(signer, self.grant(signer, purpose, target))

    def rotate(self, signer: Person, holders: list[Holder], **besides: Any) -> TestResponse:
        body, key = self.rotation(signer, holders, **besides)
        return self.send(signer, body, key)

    def circle(self) -> list[Holder]:
        """Whom it was opened to."""
        team: list[Holder] = [self.team] if self.team else []
        return [self.opener, self.pool, *team, *self.overflow]

    def message(
        self, author: Person, text: str = "Bonjour", kind: str = "text", **changes: Any
    ) -> dict[str, Any]:
        return super().message(author, text, kind, **{"generation": self.generation, **changes})

    def sealed(self, author: Person, text: str, kind: str, message: str) -> bytes:
        payload = {
            "v": 1,
            "net": self.net,
            "case": self.id,
            "id": message,
            "g": self.generation,
            "by": author.id,
            "kind": kind,
            "at": utc_time(clock.now()),
            "seen": [],
            "body": {"text": text},
            "attachments": [],
            "log": None,
        }
        statement = sign_statement("cordee1.message", payload, author.sign_seed)
        context = message_context(self.net, self.id, self.generation, message)
        return seal(self.key, context, json.dumps(statement).encode())

    def keys_reached_by(self, reader: Person, *groups: SealedGroup) -> dict[int, bytes]:
        """Every generation's key a reader comes to: by their grants, then link by link back."""
        shown = reader.get(f"/cases/{self.id}").json
        seeds = {group.recipient: group_kem_seed(group.secret) for group in groups}
        seeds[self.named(reader)[0]] = reader.kem_seed
        found: dict[int, bytes] = {}
        for grant in shown["grants"]:
            if seed := seeds.get(grant["recipient"]):
                place = case_context(self.net, self.id, grant["generation"], grant["recipient"])
                found[grant["generation"]] = unwrap(seed, place, unb64(grant["wrapped"]))
        for link in reversed(shown["previous"]):
            generation = link["generation"]
            if generation in found and generation - 1 not in found:
                place = case_prev_context(self.net, self.id, generation)
                found[generation - 1] = unseal(found[generation], place, unb64(link["sealed"]))
        return found

    def roles(self, reader: Person) -> dict[str, str]:
        """Who reads now, by name: as the reader is shown it."""
        circle = reader.get(f"/cases/{self.id}").json["circle"]
        return {entry["name"]: entry["role"] for entry in circle if not entry["left"]}


class WideCircle(CareCircle):
    """The care circle, with a second pool in Annecy and somebody's own doctor in Évian."""

    def __init__(self, network: FoundedNetwork) -> None:
        super().__init__(network)
        self.moret = network.member("lea.moret@annecy.test", "Léa Moret", specialty="dermatology")
        self.second = SealedGroup(self.net, "pool", "Dermatologie d'Annecy")
        answer = self.second.found(self.administrator, [self.moret])
        assert answer.status_code == 201, answer.text

    def travelling(
        self, urgency: str = "priority", *, with_team: bool = True, **facts: Any
    ) -> TravellingCase:
        """Dr Favre's case at the pool in Thonon; `facts` are fields of the case."""
        case = TravellingCase(
            self.net, self.favre, self.pool, self.team if with_team else None, **facts
        )
        answer = case.opened_by(self.favre, urgency=urgency)
        assert answer.status_code == 201, answer.text
        return case

    def prepare_overflow(self, *pools: SealedGroup) -> None:
        """Declare where Thonon's cases go when nobody takes them."""
        self.pool.overflow = [pool.id for pool in pools]
        manager = self.administrator
        answer = self.pool.state(manager, [self.blanc, self.roche], [manager])
        assert answer.status_code == 201, answer.text

    def appoint_custodian(self) -> tuple[bytes, bytes]:
        """Let the root name an archive key: its seed and public half."""
        seed = secrets.token_bytes(32)
        self.network.name_custodians(kem_public(seed))
        return seed, kem_public(seed)

    def remove(self, group: SealedGroup, stay: list[Person], *, now: bool = False) -> None:
        """The administrator removes everybody else: next epoch, for those who stay."""
        group.rotate()
        answer = group.state(self.administrator, stay, [self.administrator], granted=stay, now=now)
        assert answer.status_code == 201, answer.text
