"""``CordeeClient``: all a program needs to take part in a Cordée network."""

from __future__ import annotations

from typing import Any

import httpx

from client.account import OwnAccount, SignedUp
from client.administration import Administration
from client.attachments import Attachments
from client.case_keys import CaseKeys
from client.cases import Cases
from client.directory import Directory
from client.keys import Keys
from client.live import Live
from client.network import Network
from client.steps import Steps
from client.thread import Thread
from client.transport import Transport


class CordeeClient:
    """One person's connection to one network.

    >>> with CordeeClient("https://cordee.example.fr") as cordee:       # doctest: +SKIP
    ...     cordee.sign_in("claire.favre@example.fr", password, totp_code)
    ...     case = cordee.cases.open_case("dermatology", request, files=["lesion.jpg"])
    ...     for message in cordee.thread.read(case.id):
    ...         print(message.author.name, message.text)

    Parts: ``account`` (password, recovery, sessions), ``network`` (policy), ``directory`` (people,
    groups), ``administration``, ``cases``, ``thread`` (messages), ``steps`` (claim … close),
    ``attachments``, ``live`` (events). Everything received is verified before it is returned; what
    cannot be believed raises a ``BrokenSeal`` that says what is wrong.

    ``transport`` replaces the network, for example by ``httpx.WSGITransport``.
    """

    def __init__(
        self,
        base_url: str,
        transport: httpx.BaseTransport | None = None,
        *,
        language: str = "fr",
    ) -> None:
        self.transport = Transport(base_url, transport, language=language)
        self.network = Network(self.transport)
        self.account = OwnAccount(self.transport, self.network)
        self.directory = Directory(self.transport, self.network, self.account)
        self.administration = Administration(
            self.transport, self.network, self.account, self.directory
        )
        self.attachments = Attachments(self.transport, self.account)
        self._case_keys = CaseKeys(self.account, self.directory)
        self.cases = Cases(
            self.transport, self.account, self.directory, self._case_keys, self.attachments
        )
        self.thread = Thread(
            self.transport, self.account, self.directory, self.cases, self.attachments
        )
        self.steps = Steps(self.transport, self.cases, self.thread)
        self.live = Live(self.transport, self.account, self.thread)

    def sign_up(self, link: str, **person: Any) -> SignedUp:
        """Make an account from an invitation link; see ``OwnAccount.sign_up``."""
        return self.account.sign_up(link, **person)

    def sign_in(self, mail: str, password: str, totp_code: str) -> dict[str, Any]:
        """Open a session and the keys; see ``OwnAccount.sign_in``."""
        return self.account.sign_in(mail, password, totp_code)

    def resume(self, keys: Keys, cookies: dict[str, str], csrf: str | None) -> dict[str, Any]:
        """Go on with a session that was kept."""
        self.transport.restore(cookies, csrf)
        return self.account.resume(keys)

    def sign_out(self) -> None:
        """End the session here and on the server, and drop every key from memory."""
        self.live.close()
        self.account.sign_out()
        for part in (
            self._case_keys,
            self.directory,
            self.thread,
            self.attachments,
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
