"""What the operator of a network does with its root key: found it, sign its policies.

The root's private key never touches the server's process: statements are signed here, and handed to
the server's own command as JSON. Keep the key file off the machine between two uses; whoever has it
can name the registrars of this network.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from client.crypto import (
    cosign_statement,
    random_key,
    sign_public,
    sign_statement,
    verify_policy_chain,
)
from client.errors import CordeeError, PersonNotTrusted, PolicyNotTrusted, broken_as
from client.keys import verify_last_keys
from client.private_files import write_private
from client.version import VERSION
from protocol import Account, Policy
from protocol.encoding import b64, unb64
from protocol.errors import ProtocolError
from protocol.shapes import KEY_SIZE
from protocol.statement import POLICY, Statement
from protocol.statements import PolicyPayload, read_payload


class ServerCommandFailed(CordeeError):
    """`cordee server …` refused; the text is what it said."""


class RootKeyUnusable(CordeeError):
    """The root key file is missing, already there, or not one we wrote."""


@dataclass(frozen=True)
class RootKey:
    """The network's root, as its file keeps it."""

    net: str
    seed: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> RootKey:
        return cls(str(uuid4()), random_key())

    @property
    def public(self) -> bytes:
        return sign_public(self.seed)

    def write(self, path: Path) -> None:
        """To a file only its owner reads; never over another one."""
        if path.exists():
            raise RootKeyUnusable(f"{path} already exists: a root key is never overwritten")
        record = {"about": "Cordée network root: keep offline", "net": self.net}
        text = json.dumps({**record, "seed": b64(self.seed)}, indent=1, ensure_ascii=False)
        write_private(path, text.encode())

    @classmethod
    def read(cls, path: Path) -> RootKey:
        try:
            record = json.loads(path.read_text())
            return cls(str(record["net"]), unb64(record["seed"], KEY_SIZE))
        except (OSError, ValueError, KeyError, TypeError, ProtocolError) as error:
            raise RootKeyUnusable(f"{path} does not hold a root key") from error


def founding(name: str, root: RootKey, log_key: str | None = None) -> dict[str, Any]:
    """What founds a network: its id, name, public root and first policy, without registrar.

    ``log_key`` is the server's public log key in base64: from the first statement on, clients then
    believe only what the key log shows.
    """
    policy = {
        "v": 1,
        "net": root.net,
        "seq": 0,
        "registrars": [],
        "custodians": [],
        "log_key": log_key,
        "witnesses": [],
        "k": 0,
        "minimum_client": VERSION,
        "prev": None,
    }
    return {
        "net": root.net,
        "name": name,
        "root": b64(root.public),
        "policy": sign_statement(POLICY, policy, root.seed),
    }


def found_network(name: str, admin_mail: str, key_file: Path, language: str = "fr") -> str:
    """Make a network: root key to ``key_file``, first policy to the server.

    Gives the single-use link for the first administrator. The policy names no registrar yet: the
    administrator signs up, then ``appoint_registrar``.
    """
    log_key = str(server_command("log-key")["log_key"])
    root = RootKey.fresh()
    root.write(key_file)
    given = founding(name, root, log_key)
    options = ("--admin-mail", admin_mail, "--language", language)
    try:
        return str(server_command("install-network", *options, given=given)["link"])
    except ServerCommandFailed:
        key_file.unlink()  # it founded nothing
        raise


@dataclass(frozen=True)
class Candidate:
    """Somebody about to become a registrar: check name and fingerprint with them first."""

    account: Account
    policy: Policy
    statements: Sequence[Mapping[str, Any]] = field(repr=False)
    """Their key statements; the last one is to be co-signed."""

    @property
    def fingerprint(self) -> str:
        """The first bytes of the hash of their key statement, to read aloud."""
        text = self.account.hash[:10].hex()
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def candidate(mail: str, root: RootKey) -> Candidate:
    """Fetch and verify who has this address; nothing is signed yet."""
    return read_candidate(server_command("pending-registrar", mail), root)


def read_candidate(found: Mapping[str, Any], root: RootKey) -> Candidate:
    """Verify what the server says of somebody before anything is signed."""
    policy = _verified_policy(found["policy"], root)
    *earlier, last = found["statements"]
    with broken_as(PersonNotTrusted, f"keys of {found['name']}"):
        account = verify_last_keys(earlier, last, policy)
    if account.payload.account != found["account"]:
        raise PersonNotTrusted("the keys shown are another person's")
    return Candidate(account, policy, found["statements"])


def appoint_registrar(person: Candidate, root: RootKey) -> None:
    """Name somebody a registrar and hand that to the server."""
    server_command("install-appointment", given=appointment(person, root))


def appointment(person: Candidate, root: RootKey) -> dict[str, Any]:
    """The next policy, naming somebody a registrar, and the root's signature on their keys."""
    entry = {"account": person.account.payload.account, "sign_key": b64(person.account.sign_key)}
    named = person.policy.payload.model_dump(mode="json")["registrars"]
    others = [known for known in named if known["account"] != entry["account"]]
    last = person.statements[-1]
    signed_by = {signature["k"] for signature in last["s"]}
    vouched = dict(last) if b64(root.public) in signed_by else cosign_statement(last, root.seed)
    return {
        "policy_statement": next_policy(root, person.policy, registrars=[*others, entry]),
        "account_statement": vouched,
    }


def todays_policy(root: RootKey) -> Policy:
    """The policy the server has, verified from the first statement to the last."""
    return _verified_policy(server_command("policy")["policy"], root)


def next_policy(root: RootKey, policy: Policy, **changes: Any) -> dict[str, Any]:
    """The policy that follows, signed: everything as before but ``changes``.

    The payload is checked before it is signed: a root never signs what clients would refuse.
    """
    payload = policy.payload.model_dump(mode="json")
    payload.update(changes, seq=policy.payload.seq + 1, prev=b64(policy.hash))
    read_payload(PolicyPayload, payload)
    return sign_statement(POLICY, payload, root.seed)


def install_policy(statement: Mapping[str, Any]) -> int:
    """Hand a signed policy to the server; its sequence number."""
    return int(server_command("install-policy", given={"statement": statement})["seq"])


def _verified_policy(statements: Sequence[Statement], root: RootKey) -> Policy:
    with broken_as(PolicyNotTrusted, "the network's policy"):
        policy = verify_policy_chain(statements, root.public)
    if policy.net != root.net:
        raise PolicyNotTrusted("this server serves another network than the root key's")
    return policy


def server_command(*arguments: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Run `cordee server …` beside us, JSON in and out; this process never loads the server."""
    done = subprocess.run(  # noqa: S603 - our own interpreter, arguments never pass a shell
        [sys.executable, "-m", "protocol.command", "server", *arguments],
        input=json.dumps(given or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerCommandFailed(done.stderr.strip().removeprefix("Error: ") or "no reason given")
    try:
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise ServerCommandFailed("the server's command gave no JSON") from error
    return answer
