"""Statements and checkpoints that a dishonest server makes, alone or with an accomplice's key."""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import httpx

from client import CordeeClient
from client.crypto import cosign_statement, random_key, sign_public, sign_statement, signing_key
from client.demo_people import PASSWORD
from protocol.encoding import b64
from protocol.log import GrowingTree
from protocol.merkle import LEAF_SIZE
from protocol.note import Checkpoint, Note, NoteSignature, log_signature
from protocol.statement import parse_payload, statement_payload

Row = dict[str, Any]


def signed_in(url: str, mail: str) -> CordeeClient:
    """Somebody of the demonstration, with the keys they hold on their own device."""
    code = httpx.get(f"{url}/api/v1/demo/people/{mail}/code").raise_for_status().json()
    if code["wait"]:
        time.sleep(code["wait"] + 0.5)
        code = httpx.get(f"{url}/api/v1/demo/people/{mail}/code").json()
    client = CordeeClient(url)
    client.sign_in(mail, PASSWORD, code["code"])
    return client


POOL = "Urologie"


@dataclass(frozen=True)
class Accomplices:
    """Whose keys a dishonest server may use: a registrar's, and a former manager's."""

    registrar: CordeeClient
    former: CordeeClient
    pool: str
    """Founded by the registrar; Dr Jacquier managed it for a while, then left it."""

    @property
    def registrar_seed(self) -> bytes:
        return self.registrar.account.keys.sign_seed


def said(statement: Row) -> Row:
    """What a statement says."""
    payload: Row = parse_payload(statement_payload(statement))
    return payload


def resigned(statement: Row, *seeds: bytes, **changes: Any) -> Row:
    """The same statement with other words under other hands."""
    return sign_statement(statement["t"], {**said(statement), **changes}, *seeds)


def cosigned(statement: Row, seed: bytes) -> Row:
    return cosign_statement(statement, seed)


def key_pair() -> tuple[bytes, str]:
    """A signing seed nobody vouches for, and its public key."""
    seed = random_key()
    return seed, b64(sign_public(seed))


def note(origin: str, leaves: bytes, seed: bytes, *lines: NoteSignature) -> str:
    """A checkpoint over these leaves, packed, truly signed by the log's key."""
    tree = GrowingTree()
    for start in range(0, len(leaves), LEAF_SIZE):
        tree.append(leaves[start : start + LEAF_SIZE])
    point = Checkpoint(origin, len(tree), tree.root())
    signature = signing_key(seed).sign(point.text().encode())
    own = log_signature(origin, sign_public(seed), signature)
    return Note(point, point.text(), (own, *lines)).written()


def leaf_of_nobody() -> bytes:
    """A leaf about an account that no one has met."""
    return bytes([1]) + sha256(random_key()).digest()[:16] + bytes(4) + random_key()
