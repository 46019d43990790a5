"""What the command line keeps between two commands, in files only their owner reads.

``device.key`` holds a random key; ``session.json`` the session's cookie and the account's keys
sealed under it. Whoever copies one of the two alone has nothing; whoever can read this user's files
has the session, as with any program of this user. ``sign-out`` removes both. ``key-log`` holds what
was verified of the public key log.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.cordee import CordeeClient
from client.crypto import random_key
from client.errors import NotUnlocked, OwnKeysBroken
from client.keys import Keys
from client.private_files import write_private
from protocol.encoding import b64, unb64
from protocol.errors import ProtocolError
from protocol.shapes import KEY_SIZE


def state_directory() -> Path:
    """``$CORDEE_STATE``, or ``cordee`` under the XDG state directory (XDG Base Directory 0.8)."""
    if chosen := os.environ.get("CORDEE_STATE"):
        return Path(chosen)
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "cordee"


@dataclass(frozen=True)
class Device:
    """The two files of one signed-in person."""

    directory: Path

    @classmethod
    def here(cls) -> Device:
        return cls(state_directory())

    def keep(self, client: CordeeClient, mail: str) -> None:
        """Save a signed-in client."""
        keys = client.account.keys
        device_key = random_key()
        statements = client.transport.get("/account/keys")["statements"]
        record = {
            "base_url": client.transport.base_url,
            "mail": mail,
            "cookies": client.transport.cookies,
            "csrf": client.transport.csrf,
            "net": keys.net,
            "account": keys.account,
            "keys": b64(keys.sealed(device_key)),
            "statements": statements,
        }
        write_private(self.directory / "device.key", b64(device_key).encode())
        write_private(self.directory / "session.json", json.dumps(record, indent=1).encode())
        self.keep_log(client)

    def keep_log(self, client: CordeeClient) -> None:
        """Save what was verified of the key log: a later run notices if it was taken back."""
        if kept := client.log.kept():
            write_private(self.directory / "key-log", kept)

    def recall_log(self, client: CordeeClient) -> None:
        """Let a client start from what an earlier run verified of the key log."""
        with suppress(FileNotFoundError):
            client.log.remember((self.directory / "key-log").read_bytes())

    def client(self) -> CordeeClient:
        """Take up the saved session. Raises ``NotUnlocked``, ``OwnKeysBroken``, ``NotSignedIn``."""
        record = self._record()
        try:
            device_key = unb64((self.directory / "device.key").read_text().strip(), KEY_SIZE)
            sealed = unb64(record["keys"])
        except (OSError, ProtocolError) as error:
            raise OwnKeysBroken("the device key is missing: sign in again") from error
        keys = Keys.opened(
            record["net"], record["account"], device_key, sealed, record["statements"]
        )
        client = CordeeClient(record["base_url"])
        self.recall_log(client)
        client.resume(keys, record["cookies"], record["csrf"])
        return client

    def forget(self) -> None:
        """Remove session and keys. What was seen of the public key log stays: it is no secret, and
        the next person here should notice as well if the server takes it back."""
        for name in ("session.json", "device.key"):
            (self.directory / name).unlink(missing_ok=True)

    def _record(self) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads((self.directory / "session.json").read_text())
        except (OSError, ValueError) as error:
            raise NotUnlocked("nobody is signed in here: run `cordee sign-in`") from error
        return record
