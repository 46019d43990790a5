"""A witness: somebody independent who watches that the logs only grow, and signs what it saw.

Run by an organisation of the network, away from the server's machine. It keeps one size and root
for each log, asks for a proof that the next state extends it, writes the new one down, and only
then cosigns (https://c2sp.org/tlog-witness says why in that order). It sees no name and no case.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client.crypto import random_key, sign_public, signing_key
from client.errors import (
    CheckpointForged,
    CordeeError,
    LogForked,
    LogRolledBack,
    PolicyNotTrusted,
    broken_as,
)
from client.network import Network
from client.operator import RootKey, install_policy, next_policy, todays_policy
from client.private_files import write_private
from client.transport import Transport
from protocol import Policy
from protocol.encoding import b64, unb64
from protocol.errors import EncodingRefused, LogRefused, NoteMalformed, ProtocolError
from protocol.log import EMPTY_ROOT, check_hashes, verify_consistency
from protocol.note import (
    COSIGNATURE,
    Checkpoint,
    Note,
    cosignature,
    cosigned_message,
    key_log_origin,
    read_note,
    read_verifier_key,
    trace_origin,
    verifier_key,
    verify_checkpoint,
)
from protocol.shapes import HASH_SIZE, KEY_SIZE, SIGN_KEY_SIZE

ORIGINS = {"key": key_log_origin, "trace": trace_origin}


class WitnessFileUnusable(CordeeError):
    """A witness's key or memory is missing, already there, or not what we wrote."""


@dataclass(frozen=True)
class WitnessKey:
    """What a witness signs with."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def fresh(cls, name: str | None = None) -> WitnessKey:
        """A new key; without a name of its own it is called after itself."""
        seed = random_key()
        chosen = name or f"cordee.witness/{sign_public(seed)[:8].hex()}"
        if not chosen or any(sign.isspace() or sign == "+" for sign in chosen):
            raise WitnessFileUnusable("a witness's name has no space and no plus")
        return cls(chosen, seed)

    @property
    def public(self) -> bytes:
        return sign_public(self.seed)

    @property
    def verifier(self) -> str:
        """The public line to hand to the network's operator."""
        return verifier_key(self.name, COSIGNATURE, self.public)

    def write(self, path: Path) -> None:
        """To a file only its owner reads; never over another one."""
        if path.exists():
            raise WitnessFileUnusable(f"{path} already exists: a key is never overwritten")
        record = {"about": "Cordée witness: keep private", "name": self.name}
        text = json.dumps({**record, "seed": b64(self.seed)}, indent=1, ensure_ascii=False)
        write_private(path, text.encode())

    @classmethod
    def read(cls, path: Path) -> WitnessKey:
        try:
            record = json.loads(path.read_text())
            return cls(str(record["name"]), unb64(record["seed"], KEY_SIZE))
        except (OSError, ValueError, KeyError, TypeError, ProtocolError) as error:
            raise WitnessFileUnusable(f"{path} does not hold a witness's key") from error

    def cosign(self, text: str, moment: int) -> str:
        """The signature line under a state of a log, at ``moment`` in seconds since 1970."""
        signature = signing_key(self.seed).sign(cosigned_message(text, moment))
        return cosignature(self.name, self.public, moment, signature).line()


@dataclass
class Memory:
    """What a witness has seen, on its own disk: the network's root, and each log's last state."""

    path: Path
    root: bytes | None = None
    seen: dict[str, Checkpoint] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    """Size of the last state of each log whose cosignature the server has."""

    @classmethod
    def read(cls, path: Path) -> Memory:
        """Nothing is remembered on the first run. A memory that cannot be read stops the witness:
        starting anew would let the log take back what was seen."""
        if not path.exists():
            return cls(path)
        try:
            record = json.loads(path.read_text())
            seen = {
                tree: Checkpoint(one["origin"], int(one["size"]), unb64(one["root"], HASH_SIZE))
                for tree, one in record["seen"].items()
            }
            return cls(path, unb64(record["root"], SIGN_KEY_SIZE), seen, dict(record["sent"]))
        except (OSError, ValueError, KeyError, TypeError, ProtocolError) as error:
            raise WitnessFileUnusable(f"{path} does not hold what a witness has seen") from error

    def write(self) -> None:
        record = {
            "root": b64(self.root or b""),
            "seen": {
                tree: {"origin": one.origin, "size": one.size, "root": b64(one.root)}
                for tree, one in self.seen.items()
            },
            "sent": self.sent,
        }
        write_private(self.path, json.dumps(record, indent=1).encode())


class Witness:
    """Watches both logs of one network."""

    def __init__(
        self, transport: Transport, key: WitnessKey, memory: Memory, root: bytes | None = None
    ) -> None:
        """``root`` is the network's, from an invitation link or its operator. Without it the one
        the server names is believed on the first run and held to ever after."""
        self._transport = transport
        self._key = key
        self._memory = memory
        self._network = Network(transport)
        wanted = root or memory.root or unb64(self._network.facts()["root"], SIGN_KEY_SIZE)
        if memory.root not in (None, wanted):
            raise PolicyNotTrusted("this witness has watched a network of another root")
        self._network.pin(wanted)
        memory.root = wanted

    def watch(self) -> dict[str, int]:
        """Look at both logs once and cosign what grew; log → size, of those cosigned now.

        Raises ``CheckpointForged``, ``LogRolledBack`` and ``LogForked``: then tell the network's
        people, and keep the note that the error carries.
        """
        policy = self._network.policy(refresh=True)
        done = {tree: self._look(tree, policy) for tree in ORIGINS}
        return {tree: size for tree, size in done.items() if size is not None}

    def _look(self, tree: str, policy: Policy) -> int | None:
        note = self._checkpoint(tree, policy)
        point = note.checkpoint
        self._check_growth(tree, self._memory.seen.get(tree), note)
        if self._memory.seen.get(tree) != point:
            self._memory.seen[tree] = point
            self._memory.write()
        if self._memory.sent.get(tree) == point.size:
            return None
        line = self._key.cosign(note.text, int(time.time()))
        self._transport.send(
            "POST",
            "/log/cosignatures",
            json={"tree": tree, "size": point.size, "line": line},
            repeatable=True,
        )
        self._memory.sent[tree] = point.size
        self._memory.write()
        return point.size

    def _checkpoint(self, tree: str, policy: Policy) -> Note:
        written = self._transport.send(
            "GET", "/log/checkpoint", params={"tree": tree, "newest": "true"}
        ).text
        if policy.payload.log_key is None:
            raise CordeeError("the network's policy names no log")
        with broken_as(CheckpointForged, f"the state of the {tree} log"):
            note = read_note(written)
            verify_checkpoint(note, ORIGINS[tree](policy.net), unb64(policy.payload.log_key))
        return note

    def _check_growth(self, tree: str, before: Checkpoint | None, note: Note) -> None:
        point = note.checkpoint
        old = before or Checkpoint(point.origin, 0, EMPTY_ROOT)
        if point.size < old.size:
            raise LogRolledBack(
                f"the {tree} log had {old.size} entries and now shows {point.size}:\n"
                + note.written()
            )
        proof: list[bytes] = []
        if 0 < old.size < point.size:
            answer: Mapping[str, Any] = self._transport.get(
                "/log/consistency", **{"tree": tree, "from": old.size, "to": point.size}
            )
            proof = [unb64(one, HASH_SIZE) for one in answer["proof"]]
        try:
            verify_consistency(old.size, old.root, point.size, point.root, check_hashes(proof))
        except LogRefused as error:
            raise LogForked(
                f"the {tree} log of {point.size} entries is no growth of the {old.size} seen "
                f"before:\n{note.written()}"
            ) from error


def read_public(text: str) -> bytes:
    """A witness's public key: the line `cordee witness create` prints, or plain base64."""
    try:
        return read_verifier_key(text, COSIGNATURE)[1]
    except NoteMalformed:
        try:
            return unb64(text.strip(), SIGN_KEY_SIZE)
        except EncodingRefused as error:
            raise WitnessFileUnusable("this is not a witness's public key") from error


def appoint_witness(root: RootKey, public: bytes, k: int | None = None) -> Policy:
    """Name a witness in the next policy, and how many must cosign; the policy of before."""
    policy = todays_policy(root)
    named = policy.payload.witnesses
    witnesses = named if b64(public) in named else (*named, b64(public))
    wanted = policy.payload.k if k is None else k
    if wanted > len(witnesses):
        raise WitnessFileUnusable(f"{wanted} cosignatures of {len(witnesses)} witnesses")
    install_policy(next_policy(root, policy, witnesses=list(witnesses), k=wanted))
    return policy
