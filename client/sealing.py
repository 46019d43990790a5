"""Signing and sealing what goes into a case, opening and checking what comes out.

The one place where a header or message becomes ciphertext: everything that leaves passes here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from client.crypto import seal, sign_statement, unseal, verify_statement
from client.directory import Person
from client.errors import About, HeaderBroken, MessageBroken, MessageMisplaced, broken_as
from client.keys import Keys
from protocol.contexts import header_context, message_context
from protocol.encoding import unb64, utc_time
from protocol.statement import HEADER, MESSAGE, Statement, statement_signers
from protocol.statements import (
    HeaderPayload,
    LogCheckpoint,
    Manifest,
    MessagePayload,
    read_payload,
)


@dataclass(frozen=True)
class Header:
    """The opened header of a case: who the patient is, what is asked."""

    by: str
    at: str
    version: int
    body: Mapping[str, Any] = field(repr=False)
    attachments: tuple[Manifest, ...] = field(repr=False)

    @property
    def patient(self) -> Mapping[str, Any]:
        patient: Mapping[str, Any] = self.body["patient"]
        return patient

    @property
    def question(self) -> str:
        return str(self.body["question"])


@dataclass(frozen=True)
class Message:
    """One opened and verified turn of a case."""

    id: str
    sequence: int
    kind: str
    author: Person
    at: str
    """When the author says it was written."""
    posted_at: str
    """When the server says it came in."""
    body: Mapping[str, Any] = field(repr=False)
    attachments: tuple[Manifest, ...] = field(repr=False)
    seen: tuple[str, ...] = ()
    log: LogCheckpoint | None = None
    """The key log as the author had verified it."""
    generation: int = 0
    """Of the case's key that it lies under."""

    @property
    def text(self) -> str:
        return str(self.body.get("text", ""))


@dataclass(frozen=True)
class Place:
    """Where something is sealed: a case and the key of one of its generations."""

    case: str
    generation: int
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Draft:
    """A message before it is signed and sealed."""

    id: str
    kind: str
    body: Mapping[str, Any] = field(repr=False)
    attachments: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    seen: Sequence[str] = ()
    """The message it follows: so that a reader notices when the server drops one."""
    log: Mapping[str, Any] | None = None
    """Size and root of the key log as verified here: a reader who was shown another notices."""


def now() -> str:
    return utc_time(datetime.now(UTC))


def seal_header(keys: Keys, place: Place, version: int, body: Mapping[str, Any]) -> bytes:
    """A header, signed by its author and sealed for its case, generation and version."""
    payload = {
        "v": 1,
        "net": keys.net,
        "case": place.case,
        "version": version,
        "g": place.generation,
        "by": keys.account,
        "at": now(),
        "body": dict(body),
    }
    statement = sign_statement(HEADER, payload, keys.sign_seed)
    context = header_context(keys.net, place.case, place.generation, version)
    return seal(place.key, context, _written(statement))


def open_header(net: str, shown: Mapping[str, Any], key: bytes, author: Person) -> Header:
    """The header of a case, which its author must have signed for exactly this place.

    ``shown`` is the case as the server shows it, with its header.
    """
    about = About("case", str(shown["id"]), name=str(shown.get("number", "")))
    case, facts = str(shown["id"]), shown["header"]
    generation, version = int(facts["generation"]), int(facts["version"])
    with broken_as(HeaderBroken, f"header of case {case}", about):
        plain = unseal(key, header_context(net, case, generation, version), unb64(facts["sealed"]))
        statement = _statement(plain, HeaderBroken, about)
        payload = read_payload(HeaderPayload, _signed_by(author, HEADER, statement))
        attachments = _manifests(payload.body.get("attachments", []))
    told = (payload.net, payload.case, payload.g, payload.version, payload.by)
    if told != (net, case, generation, version, author.id):
        raise HeaderBroken(f"header of case {case}: signed for another place or author", about)
    return Header(payload.by, payload.at, version, payload.body, attachments)


def seal_message(keys: Keys, place: Place, draft: Draft) -> bytes:
    """A message, signed by its author and sealed for its place in the case."""
    payload = {
        "v": 1,
        "net": keys.net,
        "case": place.case,
        "id": draft.id,
        "g": place.generation,
        "by": keys.account,
        "kind": draft.kind,
        "at": now(),
        "seen": list(draft.seen),
        "body": dict(draft.body),
        "attachments": [dict(manifest) for manifest in draft.attachments],
        "log": dict(draft.log) if draft.log else None,
    }
    statement = sign_statement(MESSAGE, payload, keys.sign_seed)
    context = message_context(keys.net, place.case, place.generation, draft.id)
    return seal(place.key, context, _written(statement))


def open_message(
    net: str, case: str, keys: Mapping[int, bytes], row: Mapping[str, Any], author: Person
) -> Message:
    """A message as the server handed it over, checked against what its author signed.

    Raises ``MessageBroken`` (does not open, not signed) and ``MessageMisplaced`` (signed, but for
    another case, id, kind or author than shown).
    """
    ident, generation = str(row["id"]), int(row["generation"])
    about = About("message", ident, case, f"{row['sequence']} ({author.name})")
    if generation not in keys:
        raise MessageBroken(f"message {ident}: no key of generation {generation}", about)
    with broken_as(MessageBroken, f"message {ident}", about):
        place = message_context(net, case, generation, ident)
        statement = _statement(
            unseal(keys[generation], place, unb64(row["sealed"])), MessageBroken, about
        )
        payload = read_payload(MessagePayload, _signed_by(author, MESSAGE, statement))
    told = (payload.net, payload.case, payload.id, payload.g, payload.by, payload.kind)
    shown = (net, case, ident, generation, author.id, str(row["kind"]))
    if told != shown:
        raise MessageMisplaced(f"message {ident} was signed for another place than shown", about)
    return Message(
        ident,
        int(row["sequence"]),
        payload.kind,
        author,
        payload.at,
        str(row["posted_at"]),
        payload.body,
        payload.attachments,
        payload.seen,
        payload.log,
        generation,
    )


def announced(manifests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the server is told of sealed files: ids and ciphertext sizes, previews included."""
    rows: list[dict[str, Any]] = []
    for manifest in manifests:
        both = [manifest.get("preview"), manifest]
        rows.extend(
            {"id": one["id"], "size": sum(part["size"] for part in one["parts"])}
            for one in both
            if one
        )
    return rows


def _signed_by(author: Person, kind: str, statement: Statement) -> dict[str, Any]:
    """Verify with whichever of the author's keys signed; they may have changed since."""
    signers = statement_signers(statement).keys() & set(author.sign_keys)
    keys = signers or {author.sign_keys[-1]}
    return verify_statement(kind, statement, *keys)


def _manifests(values: Any) -> tuple[Manifest, ...]:
    if not isinstance(values, list):
        raise HeaderBroken("the list of files is not a list")
    try:
        return tuple(Manifest.model_validate(value) for value in values)
    except ValueError as error:
        raise HeaderBroken("the description of a file is not one a client writes") from error


def _statement(
    plain: bytes, broken: type[HeaderBroken] | type[MessageBroken], about: About
) -> Statement:
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError) as error:
        raise broken("what was sealed is not a statement", about) from error
    if not isinstance(value, dict):
        raise broken("what was sealed is not a statement", about)
    return value


def _written(statement: Mapping[str, Any]) -> bytes:
    return json.dumps(statement, ensure_ascii=False, separators=(",", ":")).encode()
