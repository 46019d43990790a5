"""The conversation of a case: read it verified, add to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from client.account import OwnAccount
from client.attachments import Attachments, Progress, SealedFile, manifests_of
from client.cases import Files
from client.circle import Circle
from client.cleaning import PlainFile
from client.directory import Person
from client.errors import (
    About,
    BrokenSeal,
    MessageBroken,
    MessageMisplaced,
    MessageMissing,
    MessageReplayed,
    StaleEpoch,
    StaleGeneration,
    StillOutdated,
)
from client.sealing import Draft, Message, Place, announced, open_message, seal_message
from client.transport import Transport
from client.verdicts import Reporting
from protocol.encoding import b64

PAGE = 50
DESCRIPTIONS = 28 * 1024
"""Bytes of file descriptions in one message: sealed, it stays well below the server's 48 KiB."""

ATTEMPTS = 5
"""How often a message is sealed again because the case's key changed while it was on its way."""

Sealing = Callable[[Path | str | PlainFile], SealedFile]


@dataclass(frozen=True)
class Sealed:
    """A sealed message as the server takes it."""

    id: str
    kind: str
    generation: int
    sealed: str
    attachments: list[dict[str, Any]]

    def fields(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "generation": self.generation,
            "sealed": self.sealed,
            "attachments": self.attachments,
        }

    def within_step(self) -> dict[str, Any]:
        return {"id": self.id, **self.fields()}


@dataclass(frozen=True)
class Unreadable:
    """A message that cannot be believed, where it stands; ``sequence`` 0 for the whole."""

    sequence: int
    id: str
    broken: BrokenSeal
    seen: tuple[str, ...] = ()


class Gossip(Protocol):
    """The key log as verified here, told and compared; ``client.key_log.KeyLog`` does."""

    def latest_checkpoint(self) -> Mapping[str, Any] | None: ...
    def check_gossip(self, log: Mapping[str, Any]) -> None: ...


class Thread(Reporting):
    """Messages of cases. Each message says which it followed, so a dropped one is noticed; and how
    the key log looked to its author, so that two people who are shown two logs notice."""

    def __init__(
        self,
        transport: Transport,
        own: OwnAccount,
        circle: Circle,
        attachments: Attachments,
        log: Gossip | None = None,
    ) -> None:
        self._transport = transport
        self._own = own
        self._circle = circle
        self._cases = circle.cases
        self._directory = circle.directory
        self._attachments = attachments
        self._log = log
        self._heads: dict[str, tuple[int, str]] = {}
        """Case → sequence and id of the last message read or written here."""
        self._places: dict[str, dict[str, int]] = {}
        """Case → message → sequence, as read here."""

    def forget(self) -> None:
        self._heads.clear()
        self._places.clear()

    @property
    def me(self) -> str:
        """Account id of whoever writes here."""
        return self._own.id

    def read(self, case: str) -> list[Message]:
        """The whole conversation, oldest first, every message opened and verified.

        Raises ``MessageMissing`` when an author had seen a message that is not shown.
        """
        last = self._heads.get(case, (0, ""))[0]
        messages = self.since(case, 0)
        _check_whole(About("case", case, name=self._cases.number(case)), messages, last)
        return messages

    def readable(self, case: str) -> list[Message | Unreadable]:
        """The whole conversation with each broken seal in its place: the rest stays usable.

        What concerns the conversation as a whole, such as a message held back, comes last.
        """
        shown: list[Message | Unreadable] = []
        last = self._heads.get(case, (0, ""))[0]
        while True:
            after = shown[-1].sequence if shown else 0
            rows = self._rows(case, after=after)
            for row in rows:
                try:
                    shown.extend(self.verify(case, [row]))
                except BrokenSeal as broken:
                    self.report(broken)
                    shown.append(Unreadable(int(row["sequence"]), str(row["id"]), broken))
            if len(rows) < PAGE:
                break
        try:
            _check_whole(About("case", case, name=self._cases.number(case)), shown, last)
        except BrokenSeal as broken:
            self.report(broken)
            shown.append(Unreadable(0, "", broken))
        return shown

    def since(self, case: str, sequence: int) -> list[Message]:
        """Messages after ``sequence``, as after a broken line."""
        messages: list[Message] = []
        while True:
            page = self._page(case, after=messages[-1].sequence if messages else sequence)
            messages.extend(page)
            if len(page) < PAGE:
                return messages

    def before(self, case: str, sequence: int, limit: int = PAGE) -> list[Message]:
        """One page of older messages, oldest first."""
        return self._page(case, before=sequence, limit=limit)

    def verify(self, case: str, rows: Sequence[Mapping[str, Any]]) -> list[Message]:
        """Open rows as they came by HTTP or by socket, in order of sequence."""
        if not rows:
            return []
        people = self._directory.people({str(row["author"]["id"]) for row in rows})
        opened = self._cases.keys_of(case)
        if any(int(row["generation"]) not in opened.keys for row in rows):
            opened = self._cases.renew_keys(case)
        messages = [
            self._opened(case, opened.keys, row, people[str(row["author"]["id"])])
            for row in sorted(rows, key=lambda row: int(row["sequence"]))
        ]
        for message in messages:
            self._once(case, message)
            self._note(case, message.id, message.sequence)
        return messages

    def _once(self, case: str, message: Message) -> None:
        """One message stands at one place, for as long as this client lives."""
        place = self._places.setdefault(case, {}).setdefault(message.id, message.sequence)
        if place != message.sequence:
            raise MessageReplayed(
                f"message {message.id} stands at {place} and, twice, at {message.sequence}",
                About("case", case, name=self._cases.number(case)),
            )

    def _opened(
        self, case: str, keys: Mapping[int, bytes], row: Mapping[str, Any], author: Person
    ) -> Message:
        """One row, verified; asking again for the author's keys, which may be newer than known."""
        net = self._own.keys.net
        try:
            message = open_message(net, case, keys, row, author)
        except MessageBroken:
            fresh = self._directory.person(author.id, refresh=True)
            if fresh.sign_keys == author.sign_keys:
                raise
            message = open_message(net, case, keys, row, fresh)
        if not self._had_part(case, author.id, message.generation):
            raise MessageBroken(
                f"message {message.id}: OutsideCareCircle: its author had no part in the case",
                About("message", message.id, case, f"{message.sequence} ({author.name})"),
            )
        if self._log and message.log:
            self._log.check_gossip(message.log.model_dump())
        return message

    def _had_part(self, case: str, author: str, generation: int) -> bool:
        """Asking again for the case: its key may have been given to them since it was opened."""
        if self._cases.had_part(case, author, generation):
            return True
        self._cases.renew_keys(case)
        return self._cases.had_part(case, author, generation)

    def post(
        self,
        case: str,
        text: str,
        *,
        reply_to: str | None = None,
        files: Files = (),
        message: str | None = None,
        progress: Progress | None = None,
        sealing: Sealing | None = None,
    ) -> int:
        """Say something in a case, with or without files; gives its sequence number.

        Files are cleaned, sealed and sent a handful at a time: a long DICOM series becomes several
        messages, and never fills the disk. ``sealing`` replaces how one file is sealed (caption,
        original size). Give ``message`` to send the same words again: they will not appear twice.
        """
        seal = sealing or (lambda file: self._attachments.seal(case, file))
        body = {"text": text, **({"reply_to": reply_to} if reply_to else {})}
        batch: list[SealedFile] = []
        first: int | None = None
        for file in files:
            try:
                sealed = seal(file)
            except BaseException:
                for waiting in batch:
                    waiting.close()
                raise
            if batch and _described(batch) + _described([sealed]) > DESCRIPTIONS:
                sequence = self.post_sealed_files(
                    case, body, batch, message=message, progress=progress
                )
                first = sequence if first is None else first
                batch, body, message = [], {"text": ""}, None
            batch.append(sealed)
        sequence = self.post_sealed_files(case, body, batch, message=message, progress=progress)
        return sequence if first is None else first

    def post_sealed_files(
        self,
        case: str,
        body: Mapping[str, Any],
        files: Sequence[SealedFile],
        *,
        message: str | None = None,
        progress: Progress | None = None,
    ) -> int:
        """One message for files that were sealed before; closes them when they are stored."""
        ident = message or str(uuid4())
        try:
            sequence = self.deliver(case, "text", body, self._put, files=files, message=ident)
            assert sequence is not None
            self._attachments.upload(case, files, progress)
        finally:
            for file in files:
                file.close()
        return sequence

    def deliver(
        self,
        case: str,
        kind: str,
        body: Mapping[str, Any],
        send: Callable[[str, Sealed], Mapping[str, Any]],
        *,
        files: Sequence[SealedFile] = (),
        message: str | None = None,
    ) -> int | None:
        """Seal and ``send`` until it is in; gives its sequence number.

        Words written offline may meet a key that changed meanwhile: then the case's key is renewed
        for those who are in the circle now, and the same words under the same id are sealed and
        sent again. Nothing is lost, nothing is said twice.
        """
        ident = message or str(uuid4())
        for _ in range(ATTEMPTS):
            self._circle.require_current(case)
            sealed = self.seal(case, kind, body, files=files, message=ident)
            try:
                answer = send(case, sealed)
            except StaleGeneration:
                self._cases.renew_keys(case)
            except StaleEpoch as stale:
                self._circle.catch_up(stale)
                self._circle.rekey(case)
            else:
                sequence = answer.get("sequence")
                if sequence is not None:
                    self._note(case, ident, int(sequence))
                return None if sequence is None else int(sequence)
        raise StillOutdated(f"case {case}: its key kept changing while a message was on its way")

    def seal(
        self,
        case: str,
        kind: str,
        body: Mapping[str, Any],
        *,
        files: Sequence[SealedFile] = (),
        message: str | None = None,
    ) -> Sealed:
        """A message signed and sealed, not yet sent."""
        opened = self._cases.keys_of(case)
        manifests = manifests_of(files)
        ident = message or str(uuid4())
        log = self._log.latest_checkpoint() if self._log else None
        draft = Draft(ident, kind, body, manifests, self._head(case), log)
        raw = seal_message(self._own.keys, Place(case, opened.generation, opened.key), draft)
        return Sealed(ident, kind, opened.generation, b64(raw), announced(manifests))

    # inside

    def _put(self, case: str, sealed: Sealed) -> dict[str, Any]:
        answer: dict[str, Any] = self._transport.put(
            f"/cases/{case}/messages/{sealed.id}", sealed.fields()
        )
        return answer

    def _page(self, case: str, **params: Any) -> list[Message]:
        return self.verify(case, self._rows(case, **params))

    def _rows(self, case: str, **params: Any) -> list[Mapping[str, Any]]:
        answer = self._transport.get(f"/cases/{case}/messages", **{"limit": PAGE, **params})
        rows: list[Mapping[str, Any]] = answer["items"]
        return rows

    def _head(self, case: str) -> list[str]:
        """The last message one has read or written, for ``seen``."""
        if case not in self._heads:
            facts = self._transport.get(f"/cases/{case}")
            last = int(facts["last_sequence"])
            if last:
                self._page(case, after=last - 1)
        return [self._heads[case][1]] if case in self._heads else []

    def _note(self, case: str, message: str, sequence: int) -> None:
        if sequence > self._heads.get(case, (0, ""))[0]:
            self._heads[case] = (sequence, message)


def _described(files: Iterable[SealedFile]) -> int:
    """How many bytes the descriptions of these files take in a message, as base64."""
    return sum(len(json.dumps(file.manifest)) * 4 // 3 for file in files)


def _check_whole(about: About, messages: Sequence[Message | Unreadable], last: int) -> None:
    """A conversation read from its beginning has no gap, ends no earlier than before, and holds
    every message its authors had seen."""
    if [message.sequence for message in messages] != list(range(1, len(messages) + 1)):
        raise MessageMissing("the conversation has a gap", about)
    if len(messages) < last:
        raise MessageMissing("the conversation is shorter than when it was last read", about)
    known: set[str] = set()
    generation = 0
    for message in messages:
        if isinstance(message, Message):
            if message.generation < generation:
                place = f"{message.sequence} ({message.author.name})"
                raise MessageMisplaced(
                    f"message {message.sequence} lies under a key given up before it",
                    About("message", message.id, about.id, place),
                )
            generation = message.generation
        if lost := set(message.seen) - known:
            raise MessageMissing(
                f"message {message.sequence} follows one that is not shown: {min(lost)}", about
            )
        known.add(message.id)
