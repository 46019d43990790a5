"""Opening one case from a backup with the archive key, and believing none of it unverified.

The chain of belief is the one of every client: root → policy → people → groups → events of the case
→ its key, committed to by an event → each sealed thing, signed by its author for its place. Twenty
years later registrars have left, so those of earlier policies count too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from client.backup import Backup
from client.case_keys import read_event
from client.crypto import (
    check_key_commitment,
    unseal,
    unsealed_parts,
    unwrap,
    verify_account_chain,
    verify_case_events,
    verify_group_chain,
    verify_policy_chain,
)
from client.directory import Person
from client.errors import (
    BrokenSeal,
    CaseEventsBroken,
    CordeeError,
    NoGrant,
    PersonNotTrusted,
    PolicyNotTrusted,
    broken_as,
)
from client.private_files import write_private
from client.sealing import open_header, open_message
from protocol import CaseChain, Policy
from protocol.contexts import case_context, case_prev_context, parse_recipient
from protocol.encoding import b64, unb64, utc_time
from protocol.errors import ProtocolError
from protocol.statement import Statement, parse_payload, statement_payload
from protocol.statements import GroupPayload, Manifest, Preview, read_payload

CHUNK = 1024 * 1024
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


class FolderNotEmpty(CordeeError):
    """A restored case goes into a folder of its own."""


@dataclass(frozen=True)
class Fault:
    """Something of the case that did not stand verification, and so was not restored."""

    kind: str
    id: str
    reason: str


@dataclass
class Restored:
    """What was opened: facts, words, files, and what could not be believed."""

    number: str
    state: str
    headers: list[dict[str, Any]] = field(default_factory=list, repr=False)
    messages: list[dict[str, Any]] = field(default_factory=list, repr=False)
    files: list[dict[str, Any]] = field(default_factory=list, repr=False)
    faults: list[Fault] = field(default_factory=list)


class Archive:
    """A backup seen with an archive key."""

    def __init__(self, backup: Backup, seed: bytes, root: bytes | None = None) -> None:
        """``root`` is the network's public root key, from an invitation or the operator. Without
        it the backup's own word is taken: compare ``root`` with one known to be right."""
        self._backup = backup
        self._seed = seed
        self.root_given = root is not None
        self.root: bytes = root or backup.network()["root"]
        with broken_as(PolicyNotTrusted, "the network's policy"):
            self.policy: Policy = verify_policy_chain(backup.policies(), self.root)
        self._people: dict[str, Person] = {}

    @property
    def net(self) -> str:
        return self.policy.net

    def restore(self, case: str, folder: Path, reason: str) -> Restored:
        """Open a case into an empty ``folder``: ``case.json``, ``files/``, ``opening.json``.

        What does not verify is left out and named in ``faults``. Raises ``CaseEventsBroken`` and
        ``NoGrant`` when there is nothing to stand on.
        """
        if folder.exists() and any(folder.iterdir()):
            raise FolderNotEmpty(f"{folder} is not empty")
        facts = self._backup.case(case)
        chain = self._chain(case)
        keys = self._keys(case, chain)
        restored = Restored(facts["number"], facts["state"])
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        manifests = [*self._headers(case, facts, keys, restored)]
        manifests += self._messages(case, facts, keys, restored)
        for manifest in manifests:
            self._file(case, manifest, folder / "files", restored)
        self._write(case, chain, reason, folder, restored)
        return restored

    # whom to believe

    def _person(self, ident: str) -> Person:
        if ident not in self._people:
            with broken_as(PersonNotTrusted, f"keys of account {ident}"):
                account = verify_account_chain(
                    self._backup.account_chain(ident), self.policy, former_registrars=True
                )
            if account.payload.account != ident:
                raise PersonNotTrusted(f"the keys kept for {ident} are another person's")
            self._people[ident] = Person(ident, account.payload.name, account, {})
        return self._people[ident]

    def _members(self, group: str) -> dict[str, frozenset[str]]:
        """``id@epoch`` → who was a member from then on."""
        statements = self._backup.group_chain(group)
        payloads = [_group_payload(statement) for statement in statements]
        managers = {manager for payload in payloads[:-1] for manager in payload.managers}
        keys = {manager: self._person(manager).sign_keys for manager in managers}
        followed = verify_group_chain(statements, self.policy, keys, former_registrars=True)
        if followed.payload.group != group:
            raise CaseEventsBroken(f"the statements kept for group {group} are another's")
        return {f"{group}@{epoch}": members for epoch, members in enumerate(followed.since)}

    def _chain(self, case: str) -> CaseChain:
        events = self._backup.events(case)
        with broken_as(CaseEventsBroken, f"case {case}"):
            payloads = [read_event(event) for event in events]
            named = [parse_recipient(name) for payload in payloads for name in payload.to]
            groups = {one.id for one in named if one.kind == "group"}
            chain = verify_case_events(
                events,
                {payload.by: self._person(payload.by).sign_keys for payload in payloads},
                {key: known for group in groups for key, known in self._members(group).items()},
                net=self.net,
            )
        if chain.payload.case != case:
            raise CaseEventsBroken(f"the events kept for case {case} are another's")
        return chain

    # keys

    def _keys(self, case: str, chain: CaseChain) -> dict[int, bytes]:
        """The key of each generation that the archive key reaches, itself or by links."""
        keys: dict[int, bytes] = {}
        for grant in self._backup.grants(case):
            generation, recipient = grant["generation"], grant["recipient"]
            if parse_recipient(recipient).kind != "custodian":
                continue
            place = case_context(self.net, case, generation, recipient)
            try:
                key = unwrap(self._seed, place, grant["wrapped"])
                check_key_commitment(key, chain.commitments[generation])
            except (ProtocolError, IndexError):
                continue  # another custodian's, or not the key the event commits to
            keys[generation] = key
        links = self._backup.links(case)
        for generation in range(chain.payload.generation, 0, -1):
            if generation in keys and generation in links and generation - 1 not in keys:
                place = case_prev_context(self.net, case, generation)
                try:
                    key = unseal(keys[generation], place, links[generation])
                    check_key_commitment(key, chain.commitments[generation - 1])
                except ProtocolError:
                    continue
                keys[generation - 1] = key
        if not keys:
            raise NoGrant(f"case {case}: nothing in this backup is wrapped to this archive key")
        return keys

    # what was written

    def _headers(
        self, case: str, facts: Mapping[str, Any], keys: Mapping[int, bytes], restored: Restored
    ) -> Iterator[Manifest]:
        for row in self._backup.headers(case):
            shown = {**row, "sealed": b64(row["sealed"])}
            try:
                key = _key_of(keys, row["generation"])
                author = self._person(row["author_id"])
                about = {"id": case, "number": facts["number"], "header": shown}
                header = open_header(self.net, about, key, author)
            except BrokenSeal as broken:
                restored.faults.append(_fault("header", str(row["version"]), broken))
                continue
            restored.headers.append(
                {
                    "version": header.version,
                    "by": {"id": author.id, "name": author.name},
                    "at": header.at,
                    "body": header.body,
                }
            )
            yield from header.attachments

    def _messages(
        self, case: str, facts: Mapping[str, Any], keys: Mapping[int, bytes], restored: Restored
    ) -> Iterator[Manifest]:
        expected = 1
        for row in self._backup.messages(case):
            for missing in range(expected, row["sequence"]):
                restored.faults.append(Fault("message", str(missing), "MessageMissing"))
            expected = row["sequence"] + 1
            shown = {**row, "sealed": b64(row["sealed"])}
            try:
                author = self._person(row["author_id"])
                message = open_message(self.net, case, keys, shown, author)
            except BrokenSeal as broken:
                restored.faults.append(_fault("message", row["id"], broken))
                continue
            restored.messages.append(
                {
                    "id": message.id,
                    "sequence": message.sequence,
                    "kind": message.kind,
                    "by": {"id": author.id, "name": author.name},
                    "at": message.at,
                    "posted_at": message.posted_at,
                    "body": message.body,
                    "attachments": [manifest.id for manifest in message.attachments],
                }
            )
            yield from message.attachments
        for missing in range(expected, facts["last_sequence"] + 1):
            restored.faults.append(Fault("message", str(missing), "MessageMissing"))

    # files

    def _file(self, case: str, manifest: Manifest, folder: Path, restored: Restored) -> None:
        folder.mkdir(exist_ok=True, mode=0o700)
        suffix = Path(manifest.name).suffix
        name = manifest.id + (suffix if _SUFFIX.fullmatch(suffix) else "")
        try:
            digest = self._restore_file(case, manifest, folder / name)
        except (ProtocolError, OSError) as error:
            (folder / name).unlink(missing_ok=True)
            restored.faults.append(Fault("attachment", manifest.id, type(error).__name__))
            return
        restored.files.append(
            {
                "id": manifest.id,
                "file": f"files/{name}",
                "name": manifest.name,
                "type": manifest.type,
                "size": manifest.size,
                "caption": manifest.caption,
                "sha256": digest,
            }
        )

    def _restore_file(self, case: str, manifest: Manifest | Preview, target: Path) -> str:
        """Part by part, each against the digest that its author signed; SHA-256 of the content."""
        whole = sha256()
        digests = [unb64(part.sha256) for part in manifest.parts]
        with (
            self._backup.blob(manifest.id).open("rb") as source,
            os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        ):
            parts = (source.read(part.size) for part in manifest.parts)
            key = unb64(manifest.key)
            for plain in unsealed_parts(key, self.net, case, manifest.id, parts, digests=digests):
                file.write(plain)
                whole.update(plain)
        return whole.hexdigest()

    # out

    def _write(
        self, case: str, chain: CaseChain, reason: str, folder: Path, restored: Restored
    ) -> None:
        content = {
            "case": case,
            "number": restored.number,
            "state": restored.state,
            "headers": restored.headers,
            "messages": restored.messages,
            "files": restored.files,
        }
        text = json.dumps(content, ensure_ascii=False, indent=1).encode()
        write_private(folder / "case.json", text)
        opening = {
            "about": "A case restored from a backup with the archive key",
            "case": case,
            "reason": reason,
            "at": utc_time(datetime.now(UTC)),
            "net": self.net,
            "root": b64(self.root),
            "root_given": self.root_given,
            "events": chain.payload.n + 1,
            "generation": chain.payload.generation,
            "case_json_sha256": sha256(text).hexdigest(),
            "faults": [vars(fault) for fault in restored.faults],
        }
        write_private(
            folder / "opening.json", json.dumps(opening, ensure_ascii=False, indent=1).encode()
        )


def _key_of(keys: Mapping[int, bytes], generation: int) -> bytes:
    if generation not in keys:
        raise NoGrant(f"no key of generation {generation}")
    return keys[generation]


def _fault(kind: str, ident: str, broken: BrokenSeal) -> Fault:
    return Fault(kind, ident, type(broken).__name__)


def _group_payload(statement: Statement) -> GroupPayload:
    return read_payload(GroupPayload, parse_payload(statement_payload(statement)))
