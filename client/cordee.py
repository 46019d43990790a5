"""``CordeeClient``: all a program needs to take part in a Cordée network."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx

from client.account import OwnAccount, SignedUp
from client.administration import Administration
from client.attachments import Attachments
from client.case_keys import CaseKeys
from client.cases import Cases
from client.circle import Circle
from client.directory import Directory
from client.errors import About, CordeeError, LogRefused, OwnKeysBroken
from client.groups import Governing, GroupSecrets, Owed
from client.healing import Healed, Healing
from client.key_log import KeyLog
from client.keys import Keys
from client.live import Live
from client.network import Network
from client.rewrap import Rewrapping
from client.steps import Steps
from client.thread import Thread
from client.transport import Transport
from client.verdicts import Reporting, SealReports


class CordeeClient:
    """One person's connection to one network.

    >>> with CordeeClient("https://cordee.example.fr") as cordee:       # doctest: +SKIP
    ...     cordee.sign_in("claire.favre@example.fr", password, totp_code)
    ...     case = cordee.cases.open_case("dermatology", request, files=["lesion.jpg"])
    ...     for message in cordee.thread.read(case.id):
    ...         print(message.author.name, message.text)

    Parts: ``account`` (password, recovery, sessions), ``network`` (policy), ``directory`` (people,
    groups), ``administration``, ``governing`` (who belongs to a group), ``cases``, ``circle`` (who
    reads a case), ``thread`` (messages), ``steps`` (claim … close), ``attachments``, ``live``
    (events). Everything received is verified before it is returned; what cannot be believed raises
    a ``BrokenSeal`` that says what is wrong, and is reported to the administrator without content.

    ``transport`` replaces the network, for example by ``httpx.WSGITransport``.
    """

    def __init__(
        self,
        base_url: str,
        transport: httpx.BaseTransport | None = None,
        *,
        language: str = "fr",
    ) -> None:
        self.language = language
        self.transport = Transport(base_url, transport, language=language)
        self.reports = SealReports(self.transport)
        self.network = Network(self.transport)
        self.log = KeyLog(self.transport, self.network)
        self.account = OwnAccount(self.transport, self.network)
        self.directory = Directory(self.transport, self.network, self.account, self.log)
        self.secrets = GroupSecrets(self.transport, self.account, self.directory)
        self.governing = Governing(self.transport, self.account, self.directory, self.secrets)
        self.administration = Administration(
            self.transport, self.network, self.account, self.directory, self.governing
        )
        self.attachments = Attachments(self.transport, self.account)
        self._case_keys = CaseKeys(self.account, self.directory, self.secrets)
        self.cases = Cases(
            self.transport, self.account, self.directory, self._case_keys, self.attachments
        )
        self.circle = Circle(
            self.transport, self.account, self.directory, self._case_keys, self.cases
        )
        self.rewrapping = Rewrapping(self.transport, self.directory, self.circle)
        self.thread = Thread(self.transport, self.account, self.circle, self.attachments, self.log)
        self.steps = Steps(self.transport, self.thread)
        owed = Owed(self.transport, self.account, self.directory, self.secrets, self.governing)
        self._healing = Healing(self.transport, owed, self.circle)
        self.live = Live(self.transport, self.account, self.thread, self._heard)
        for part in vars(self).values():
            if isinstance(part, Reporting):
                part.reports = self.reports
        owed.reports = self.reports

    def sign_up(self, link: str, **person: Any) -> SignedUp:
        """Make an account from an invitation link; see ``OwnAccount.sign_up``."""
        signed_up = self.account.sign_up(link, **person)
        self.reports.account = self.account.id
        return signed_up

    def sign_in(self, mail: str, password: str, totp_code: str) -> dict[str, Any]:
        """Open a session and the keys, and do what is owed; see ``OwnAccount.sign_in``."""
        self.account.sign_in(mail, password, totp_code)
        return self._entered()

    def resume(self, keys: Keys, cookies: dict[str, str], csrf: str | None) -> dict[str, Any]:
        """Go on with a session that was kept."""
        self.transport.restore(cookies, csrf)
        self.account.resume(keys)
        self.reports.account = self.account.id
        return self.account.facts

    def heal(self) -> Healed:
        """Do what others wait for: keys for newcomers, links between epochs, removals that fell
        due, new keys of cases. Run at sign-in and when the server says that something changed."""
        return self._healing.heal()

    def _entered(self) -> dict[str, Any]:
        """After signing in. What is owed must not keep anybody from working."""
        self.reports.account = self.account.id
        if self.account.facts.get("certified"):
            self._compare_own_keys()
            with suppress(CordeeError):
                self.heal()
        return self.account.facts

    def _compare_own_keys(self) -> None:
        """Others must be shown the keys that opened here, and the log must hold them.

        Raises ``OwnKeysBroken`` and ``LogRefused``; whatever else fails is told where it matters.
        """
        keys = self.account.keys
        try:
            shown = self.directory.person(keys.account, refresh=True)
        except (LogRefused, OwnKeysBroken):
            raise
        except CordeeError:
            return
        if (shown.seq, shown.account.sign_key) != (keys.seq, keys.sign_public):
            about = About("account", keys.account, name=shown.name)
            raise OwnKeysBroken("the server shows others other keys than these", about)

    def _heard(self, event: str, payload: dict[str, Any]) -> None:
        """A live event that may mean something is owed, or that something is no longer ours."""
        if event == "case:left":
            self.cases.forget(str(payload["case"]))
        elif event == "group:left":
            self.secrets.forget(str(payload["group"]))
            self._case_keys.forget()
        else:
            with suppress(CordeeError):
                self.heal()

    def sign_out(self) -> None:
        """End the session here and on the server, and drop every key from memory."""
        self.live.close()
        self.account.sign_out()
        self.reports.account = None
        for part in (
            self._case_keys,
            self.secrets,
            self.directory,
            self.thread,
            self.attachments,
            self.log,
            self.network,
        ):
            part.forget()

    def close(self) -> None:
        """Close the connection; the session on the server lives on."""
        self.live.close()
        self.transport.close()

    def __enter__(self) -> CordeeClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
