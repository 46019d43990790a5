"""A server of a key log that a test can make say anything: what it signs, what it shows, to whom."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from client.crypto import random_key, sign_public, sign_statement, signing_key, statement_hash
from client.key_log import KeyLog
from client.network import Network
from client.transport import Transport
from client.witness import WitnessKey
from protocol.encoding import b64, unb64
from protocol.log import GrowingTree, consistency_proof
from protocol.merkle import LogKind, log_leaf
from protocol.note import Checkpoint, Note, key_log_origin, log_signature, read_signature

Statement = dict[str, Any]


@dataclass
class LogServer(httpx.BaseTransport):
    """One network's log. `shown` is what it answers with when not None, instead of the truth."""

    net: str = field(default_factory=lambda: str(uuid4()))
    root_seed: bytes = field(default_factory=random_key)
    log_seed: bytes = field(default_factory=random_key)
    policies: list[Statement] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    cosignatures: dict[int, list[str]] = field(default_factory=dict)
    k: int = 0
    notes: list[str] = field(default_factory=list)
    """When not empty, the last one is answered instead of today's state."""
    asked: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return key_log_origin(self.net)

    def policy(self, **changes: Any) -> Statement:
        """Sign and log the next policy."""
        payload = {
            "v": 1,
            "net": self.net,
            "seq": len(self.policies),
            "registrars": [],
            "custodians": [],
            "log_key": b64(sign_public(self.log_seed)),
            "witnesses": [],
            "k": 0,
            "minimum_client": "0.1.0",
            "prev": b64(statement_hash(self.policies[-1])) if self.policies else None,
            **changes,
        }
        statement = sign_statement("cordee1.policy", payload, self.root_seed)
        self.policies.append(statement)
        self.k = int(payload["k"])
        self.log("policy", self.net, statement)
        return statement

    def log(self, kind: str, subject: str, statement: Statement, seq: int | None = None) -> None:
        """Append a leaf."""
        payload = json.loads(unb64(statement["p"]))
        number = payload["seq"] if seq is None else seq
        numbers = {"account": LogKind.ACCOUNT, "group": LogKind.GROUP, "policy": LogKind.POLICY}
        self.leaves.append(log_leaf(numbers[kind], subject, number, statement_hash(statement)))

    def person(self) -> tuple[str, list[Statement]]:
        """Somebody with one logged statement; only its hash matters here."""
        ident = str(uuid4())
        statement = self.statement(ident, 0)
        self.log("account", ident, statement)
        return ident, [statement]

    def statement(self, ident: str, seq: int) -> Statement:
        payload = {"account": ident, "seq": seq, "nonce": str(uuid4())}
        return sign_statement("cordee1.account", payload, self.log_seed)

    def tree(self, size: int | None = None) -> GrowingTree:
        grown = GrowingTree()
        for leaf in self.leaves[:size]:
            grown.append(leaf)
        return grown

    def note(self, size: int | None = None, *, seed: bytes | None = None) -> str:
        """The state at `size`, signed by the log's key or another, with its cosignatures."""
        grown, by = self.tree(size), seed or self.log_seed
        point = Checkpoint(self.origin, len(grown), grown.root())
        signature = signing_key(by).sign(point.text().encode())
        lines = [log_signature(self.origin, sign_public(by), signature)]
        lines += map(read_signature, self.cosignatures.get(len(grown), []))
        return Note(point, point.text(), tuple(lines)).written()

    def cosign(self, *witnesses: WitnessKey, moment: int = 1_790_000_000) -> None:
        """Let witnesses sign today's state."""
        text = self.note().rpartition("\n\n")[0] + "\n"
        lines = [witness.cosign(text, moment) for witness in witnesses]
        self.cosignatures[len(self.leaves)] = lines

    def forked(self) -> LogServer:
        """The same server as it looks to somebody else: same keys, same past so far."""
        return LogServer(
            self.net, self.root_seed, self.log_seed, list(self.policies), list(self.leaves)
        )

    def reader(self, **options: Any) -> KeyLog:
        """A device that follows this log."""
        transport = Transport("http://log.test", self, sleep=lambda _: None)
        network = Network(transport)
        network.pin(sign_public(self.root_seed))
        log = KeyLog(transport, network, **{"sleep": lambda _: None, **options})
        log.policy = network.policy  # type: ignore[attr-defined]
        return log

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix("/api/v1"), dict(request.url.params)
        self.asked.append(f"{path}?{request.url.query.decode()}")
        if path == "/network":
            facts = {"net": self.net, "root": b64(sign_public(self.root_seed))}
            return httpx.Response(200, json={**facts, "policy": self.policies})
        if path == "/log/checkpoint":
            return httpx.Response(200, text=self._answered("newest" in query))
        if path == "/log/leaves":
            wanted = self.leaves[int(query["start"]) : int(query["end"])]
            return httpx.Response(200, content=b"".join(wanted))
        if path == "/log/consistency":
            grown = self.tree(int(query["to"]))
            proof = consistency_proof(int(query["from"]), len(grown), grown.subtree)
            return httpx.Response(200, json={"proof": [b64(one) for one in proof]})
        if path == "/log/cosignatures":
            body = json.loads(request.read())
            self.cosignatures.setdefault(body["size"], []).append(body["line"])
            return httpx.Response(204)
        return httpx.Response(404, json={"code": "not_found"})

    def _answered(self, newest: bool) -> str:
        if self.notes:
            return self.notes[-1]
        if not newest and self.k:
            for size in range(len(self.leaves), 0, -1):
                if len(self.cosignatures.get(size, [])) >= self.k:
                    return self.note(size)
        return self.note()


class Clock:
    """Time that passes only by waiting; `meanwhile` happens during the first wait."""

    def __init__(self, meanwhile: Any = None) -> None:
        self.now = 0.0
        self.meanwhile = meanwhile

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.meanwhile:
            self.meanwhile()
            self.meanwhile = None

    def __call__(self) -> float:
        return self.now
