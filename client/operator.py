"""What the operator of a network does with its root key: found it, and appoint registrars.

The root's private key never touches the server's process: statements are signed here, and handed to
the server's own command as JSON. Keep the key file off the machine between two uses; whoever has it
can name the registrars of this network.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from client.crypto import (
    cosign_statement,
    random_key,
    sign_public,
    sign_statement,
    verify_account_chain,
    verify_policy_chain,
)
from client.errors import CordeeError, PersonNotTrusted, PolicyNotTrusted, broken_as
from client.private_files import write_private
from client.version import VERSION
from protocol import Account, Policy
from protocol.encoding import b64, unb64
from protocol.errors import ProtocolError
from protocol.shapes import KEY_SIZE
from protocol.statement import POLICY


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


def founding(name: str, root: RootKey) -> dict[str, Any]:
    """What founds a network: its id, name, public root and first policy, without registrar."""
    policy = {
        "v": 1,
        "net": root.net,
        "seq": 0,
        "registrars": [],
        "custodians": [],
        "log_key": None,
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
    root = RootKey.fresh()
    root.write(key_file)
    given = founding(name, root)
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
    statement: Mapping[str, Any] = field(repr=False)

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
    with broken_as(PolicyNotTrusted, "the network's policy"):
        policy = verify_policy_chain(found["policy"], root.public)
    if policy.net != root.net:
        raise PolicyNotTrusted("this server serves another network than the root key's")
    with broken_as(PersonNotTrusted, f"keys of {found['name']}"):
        account = verify_account_chain([found["statement"]], policy, certified=False)
    if account.payload.account != found["account"]:
        raise PersonNotTrusted("the keys shown are another person's")
    return Candidate(account, policy, found["statement"])


def appoint_registrar(person: Candidate, root: RootKey) -> None:
    """Name somebody a registrar and hand that to the server."""
    server_command("install-appointment", given=appointment(person, root))


def appointment(person: Candidate, root: RootKey) -> dict[str, Any]:
    """The next policy, naming somebody a registrar, and the root's signature on their keys."""
    payload = person.policy.payload.model_dump(mode="json")
    entry = {"account": person.account.payload.account, "sign_key": b64(person.account.sign_key)}
    others = [known for known in payload["registrars"] if known["account"] != entry["account"]]
    payload.update(
        seq=payload["seq"] + 1,
        registrars=[*others, entry],
        prev=b64(person.policy.hash),
    )
    signed_by = {signature["k"] for signature in person.statement["s"]}
    vouched = (
        dict(person.statement)
        if b64(root.public) in signed_by
        else cosign_statement(person.statement, root.seed)
    )
    return {
        "policy_statement": sign_statement(POLICY, payload, root.seed),
        "account_statement": vouched,
    }


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
