"""A real mail server on loopback that keeps what it is given, and can be told to misbehave."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.support.ports import free_port


class MailServer:
    """SMTP without TLS, as only loopback may be spoken to."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refusals: list[str] = []
        """Answers to the next recipients, before it behaves again."""
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=60)
        self.controller.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    def to(self, mail: str) -> list[EmailMessage]:
        """Everything sent to one person, oldest first."""
        return [letter for letter in self.letters if letter["To"] == mail]

    def take(self) -> list[EmailMessage]:
        """Everything since the last time."""
        taken, self.letters = self.letters, []
        return taken

    def stop(self) -> None:
        """End it; a test may have done so before."""
        if not self.controller.loop.is_closed():
            self.controller.stop()


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(letter: EmailMessage) -> str:
    body = letter.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def links_in(letter: EmailMessage) -> list[str]:
    return re.findall(r"https?://\S+", text_of(letter))
