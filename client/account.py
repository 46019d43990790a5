"""One's own account: sign-up, sign-in, password, recovery, sessions.

The password never leaves this machine: Argon2id gives ``auth`` (shown to the server) and ``kek``
(which opens the account key, AK). AK in turn opens the seeds. The recovery code does the same by
another way, so a forgotten password loses nothing.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pyotp

from client.crypto import (
    DEFAULT_KDF,
    format_recovery_code,
    new_recovery_code,
    password_keys,
    random_key,
    random_salt,
    read_recovery_code,
    recovery_keys,
    seal,
    statement_hash,
    unseal,
)
from client.errors import (
    CordeeError,
    KdfDowngraded,
    NotUnlocked,
    OwnKeysBroken,
    PersonNotTrusted,
    broken_as,
)
from client.invitation import Invitation
from client.keys import Keys, last_payload
from client.network import Network
from client.transport import Transport
from client.words import weak_password
from protocol.contexts import account_key_context
from protocol.encoding import b64, unb64, utc_time

KDF = dict(DEFAULT_KDF)


class PasswordTooWeak(CordeeError):
    """Too easy to guess; the text says what would help."""


@dataclass(frozen=True)
class SignedUp:
    """What a new person must keep: shown once, stored by nobody else."""

    account: dict[str, Any]
    recovery_code: str = field(repr=False)
    totp_secret: str = field(repr=False)


@dataclass(frozen=True)
class Recovered:
    """A recovery that is one step from its end: choose a password, confirm the new TOTP."""

    recovery: str
    code: str = field(repr=False)
    keys: Keys = field(repr=False)
    account_key: bytes = field(repr=False)
    totp_secret: str = field(repr=False)
    totp_uri: str = field(repr=False)


class OwnAccount:
    """The account of whoever uses this client. ``keys`` are here while signed in."""

    def __init__(self, transport: Transport, network: Network) -> None:
        self._transport = transport
        self._network = network
        self._keys: Keys | None = None
        self.facts: dict[str, Any] = {}
        """Account as the server shows it: id, name, mail, kind, certified…"""

    @property
    def keys(self) -> Keys:
        """Raises ``NotUnlocked``."""
        if self._keys is None:
            raise NotUnlocked("sign in first")
        return self._keys

    @property
    def id(self) -> str:
        return self.keys.account

    def sign_up(
        self,
        link: str,
        *,
        name: str,
        password: str,
        profession: str,
        rpps: str | None = None,
        specialty: str | None = None,
        language: str = "fr",
        device: str | None = None,
    ) -> SignedUp:
        """Make an account from an invitation and sign in with it.

        The keys are made here; the server receives them sealed. An administrator must certify the
        person before anything but waiting is possible.
        """
        invitation = Invitation.read(link)
        if advice := weak_password(password, [name]):
            raise PasswordTooWeak(advice)
        self._network.pin(invitation.root)
        opening = self._transport.post("/sign-up/opening", {"token": invitation.token})
        net = self._network.policy().net
        keys = Keys.fresh(net, str(uuid4()), invitation.root)
        account_key, code = random_key(), new_recovery_code()
        body = {
            "token": invitation.token,
            "account": keys.account,
            "name": name,
            "rpps": rpps,
            "profession": profession,
            "specialty": specialty,
            "language": language,
            **self._password_fields(keys, account_key, password),
            **self._recovery_fields(keys, account_key, code),
            "keys": b64(keys.sealed(account_key)),
            "statement": keys.statement(name, rpps),
            "totp_code": pyotp.TOTP(opening["totp_secret"]).now(),
            "device": device or this_device(),
        }
        session = self._transport.post("/sign-up", body)
        self._enter(session, keys)
        return SignedUp(self.facts, format_recovery_code(code), opening["totp_secret"])

    def sign_in(
        self, mail: str, password: str, totp_code: str, *, device: str | None = None
    ) -> dict[str, Any]:
        """Open a session and the keys; returns the account as the server shows it.

        Raises ``SignInFailed``, ``RateLimited``, ``KdfDowngraded`` (before the password is used)
        and ``OwnKeysBroken``.
        """
        opening = self._transport.post("/sign-in/opening", {"mail": mail})
        with broken_as(KdfDowngraded, "the password parameters"):
            auth, kek = password_keys(password, unb64(opening["salt"]), opening["kdf"])
        session = self._transport.post(
            "/sign-in",
            {
                "mail": mail,
                "auth": b64(auth),
                "totp_code": totp_code,
                "device": device or this_device(),
            },
        )
        net, account = str(self._network.facts()["net"]), str(session["account"]["id"])
        sealed = session["sealed"]
        with broken_as(OwnKeysBroken, "the account key"):
            account_key = unseal(
                kek, account_key_context(net, account, "password"), unb64(sealed["ak_password"])
            )
        keys = Keys.opened(net, account, account_key, unb64(sealed["keys"]), session["statements"])
        self._network.pin(keys.root)
        self._enter(session, keys)
        return self.facts

    def resume(self, keys: Keys) -> dict[str, Any]:
        """Go on with a session whose cookies and keys were kept. Raises ``NotSignedIn``."""
        session = self._transport.get("/session")
        if session["account"]["id"] != keys.account:
            raise PersonNotTrusted("the session belongs to another account than the keys")
        self._network.pin(keys.root)
        self._enter(session, keys)
        return self.facts

    def refresh(self) -> dict[str, Any]:
        """The account as the server shows it now; tells whether it was certified meanwhile."""
        self._enter(self._transport.get("/session"), self.keys)
        return self.facts

    def sign_out(self) -> None:
        """End the session and drop the keys from memory."""
        self._transport.delete("/session")
        self._transport.forget()
        self._keys = None
        self.facts = {}

    def sessions(self) -> list[dict[str, Any]]:
        """Where this account is signed in."""
        answer = self._transport.get("/sessions")
        return list(answer["items"] if isinstance(answer, dict) else answer)

    def revoke_session(self, session: str) -> None:
        self._transport.delete(f"/sessions/{session}")

    def revoke_other_sessions(self) -> None:
        self._transport.delete("/sessions")

    def change_password(self, current: str, new: str, totp_code: str) -> None:
        """Seal the account key again under a new password; other sessions end."""
        if advice := weak_password(new, [str(self.facts.get("name", ""))]):
            raise PasswordTooWeak(advice)
        auth, account_key = self._account_key(current)
        body = {
            "current_auth": b64(auth),
            "totp_code": totp_code,
            **self._password_fields(self.keys, account_key, new),
        }
        self._transport.put("/account/password", body)

    def renew_recovery_code(self, password: str) -> str:
        """A new recovery code; the old one opens nothing any more."""
        auth, account_key = self._account_key(password)
        code = new_recovery_code()
        fields = self._recovery_fields(self.keys, account_key, code)
        self._transport.put("/account/recovery", {"current_auth": b64(auth), **fields})
        return format_recovery_code(code)

    def renew_keys(
        self, password: str, new_password: str, totp_code: str, *, suite: int | None = None
    ) -> str:
        """New keys in place of ones somebody else may hold; gives the new recovery code.

        Everything changes: password, recovery code, account key and both seeds; other sessions end.
        An administrator must confirm the new keys before anything but waiting is possible; what was
        received before still opens. ``suite=2`` moves to the second KEM.
        """
        if advice := weak_password(new_password, [str(self.facts.get("name", ""))]):
            raise PasswordTooWeak(advice)
        auth, _ = self._account_key(password)
        statements = self._transport.get("/account/keys")["statements"]
        before, old = last_payload(statements), self.keys
        keys, account_key, code = old.renewed(suite), random_key(), new_recovery_code()
        prev = b64(statement_hash(statements[-1]))
        body = {
            "current_auth": b64(auth),
            "totp_code": totp_code,
            "statement": keys.statement(before.name, before.rpps, prev, old.sign_seed),
            "keys": b64(keys.sealed(account_key)),
            **self._password_fields(keys, account_key, new_password),
            **self._recovery_fields(keys, account_key, code),
        }
        self._enter(self._transport.put("/account/keys", body), keys)
        return format_recovery_code(code)

    def come_back(self, link: str, password: str, *, device: str | None = None) -> SignedUp:
        """Return to an account whose every key is lost, by the link an administrator gave.

        The account stays the same person's; its keys are new, and wait to be confirmed. Group
        managers and the circle of each case then give access again.
        """
        invitation = Invitation.read(link)
        self._network.pin(invitation.root)
        opening = self._transport.post("/return/opening", {"token": invitation.token})
        if advice := weak_password(password, [opening["name"]]):
            raise PasswordTooWeak(advice)
        fresh = Keys.fresh(self._network.policy().net, opening["account"], invitation.root)
        keys = replace(fresh, seq=int(opening["seq"]))
        account_key, code = random_key(), new_recovery_code()
        body = {
            "token": invitation.token,
            "account": keys.account,
            "statement": keys.statement(opening["name"], opening["rpps"], opening["prev"]),
            "keys": b64(keys.sealed(account_key)),
            **self._password_fields(keys, account_key, password),
            **self._recovery_fields(keys, account_key, code),
            "totp_code": pyotp.TOTP(opening["totp_secret"]).now(),
            "device": device or this_device(),
        }
        self._enter(self._transport.post("/return", body), keys)
        return SignedUp(self.facts, format_recovery_code(code), opening["totp_secret"])

    def go_on_leave(
        self, start: datetime, until: datetime, delegate: str | None = None
    ) -> dict[str, Any]:
        """Say that one is away, and who stands in: a member of a group one shares."""
        body = {"from": utc_time(start), "until": utc_time(until), "delegate": delegate}
        answer: dict[str, Any] = self._transport.put("/account/leave", body)
        return answer

    def come_back_from_leave(self) -> None:
        """End one's absence, or give it up."""
        self._transport.delete("/account/leave")

    def open_recovery(self, mail: str, recovery_code: str) -> str:
        """Start a recovery; if the code is right, eight digits are on their way by mail.

        Returns the recovery's id, alike whether or not the code was right.
        """
        auth, _ = recovery_keys(read_recovery_code(recovery_code))
        answer = self._transport.post(
            "/recovery/opening", {"mail": mail, "recovery_auth": b64(auth)}
        )
        return str(answer["recovery"])

    def confirm_recovery(self, recovery: str, mailed_code: str, recovery_code: str) -> Recovered:
        """Open the account key by the recovery code; gives the new TOTP secret to enrol."""
        _, kek = recovery_keys(read_recovery_code(recovery_code))
        answer = self._transport.post("/recovery/code", {"recovery": recovery, "code": mailed_code})
        net, account = str(answer["net"]), str(answer["account"])
        with broken_as(OwnKeysBroken, "the account key"):
            account_key = unseal(
                kek, account_key_context(net, account, "recovery"), unb64(answer["ak_recovery"])
            )
        keys = Keys.opened(net, account, account_key, unb64(answer["keys"]), answer["statements"])
        return Recovered(
            recovery, mailed_code, keys, account_key, answer["totp_secret"], answer["totp_uri"]
        )

    def complete_recovery(
        self, recovered: Recovered, password: str, totp_code: str, *, device: str | None = None
    ) -> dict[str, Any]:
        """Choose a password, confirm the new TOTP secret, and be signed in."""
        if advice := weak_password(password, []):
            raise PasswordTooWeak(advice)
        body = {
            "recovery": recovered.recovery,
            "code": recovered.code,
            **self._password_fields(recovered.keys, recovered.account_key, password),
            "totp_code": totp_code,
            "device": device or this_device(),
        }
        session = self._transport.post("/recovery/completion", body)
        self._network.pin(recovered.keys.root)
        self._enter(session, recovered.keys)
        return self.facts

    def _enter(self, session: dict[str, Any], keys: Keys) -> None:
        self.facts = dict(session["account"])
        self._transport.csrf = session["csrf"]
        self._keys = keys

    def _account_key(self, password: str) -> tuple[bytes, bytes]:
        """``(auth, AK)`` for this session's account, by its present password."""
        kept = self._transport.get("/account/keys")
        with broken_as(KdfDowngraded, "the password parameters"):
            auth, kek = password_keys(password, unb64(kept["salt"]), kept["kdf"])
        place = account_key_context(self.keys.net, self.keys.account, "password")
        with broken_as(OwnKeysBroken, "the account key (is the password right?)"):
            return auth, unseal(kek, place, unb64(kept["ak_password"]))

    def _password_fields(self, keys: Keys, account_key: bytes, password: str) -> dict[str, Any]:
        salt = random_salt()
        auth, kek = password_keys(password, salt, KDF)
        place = account_key_context(keys.net, keys.account, "password")
        return {
            "salt": b64(salt),
            "kdf": KDF,
            "auth": b64(auth),
            "ak_password": b64(seal(kek, place, account_key)),
        }

    def _recovery_fields(self, keys: Keys, account_key: bytes, code: bytes) -> dict[str, str]:
        auth, kek = recovery_keys(code)
        place = account_key_context(keys.net, keys.account, "recovery")
        return {
            "ak_recovery": b64(seal(kek, place, account_key)),
            "recovery_auth": b64(auth),
        }


def this_device() -> str:
    """How this session shows in the person's list of devices."""
    return f"cordee ({platform.system() or 'unknown'})"
