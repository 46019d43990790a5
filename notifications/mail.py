"""Sending a mail by SMTP (RFC 5321), or keeping it where the demonstration shows it."""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import unquote, urlsplit

from app import clock
from app.config import Config
from app.db import session
from app.transactions import transactional
from notifications.models import DemoMail
from notifications.outcome import Outcome, Retry, Sent, Useless
from notifications.wording import Letter, as_html, as_text

TIMEOUT = 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class StartTlsMissing(smtplib.SMTPException):
    """The mail server offers no encryption and is not on this machine."""


def send_mail(recipient: str, letter: Letter, config: Config) -> Outcome:
    """Hand one mail over; what became of it."""
    if config.demo:
        _keep(recipient, letter)
        return Sent()
    try:
        message = compose(recipient, letter, config)
    except ValueError:
        return Useless("address_refused")
    return _hand_over(message, config)


def _hand_over(message: EmailMessage, config: Config) -> Outcome:
    try:
        with connect(config) as server:
            server.send_message(message)
        return Sent()
    except smtplib.SMTPRecipientsRefused as refusal:
        return _judge(max(code for code, _ in refusal.recipients.values()))
    except smtplib.SMTPAuthenticationError:
        # Ours to repair, and not this letter's fault: it waits.
        return Retry("smtp_authentication")
    except smtplib.SMTPResponseException as refusal:
        return _judge(refusal.smtp_code)
    except StartTlsMissing:
        return Retry("smtp_without_tls")
    except (smtplib.SMTPException, OSError):
        return Retry("smtp_unreachable")


def _judge(code: int) -> Outcome:
    """Permanent (5yz) or to be tried again (RFC 5321 section 4.2.1)."""
    return Useless(f"smtp_{code}") if 500 <= code < 600 else Retry(f"smtp_{code}")


def connect(config: Config) -> smtplib.SMTP:
    """An authenticated connection: `smtps://` is TLS from the start, `smtp://` by STARTTLS.

    Only a mail server on this machine may be spoken to in clear. Raises StartTlsMissing.
    """
    parts = urlsplit(config.smtp_url or "")
    host = parts.hostname or "localhost"
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT)
    try:
        server.ehlo_or_helo_if_needed()
        if parts.scheme != "smtps":
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif host not in LOOPBACK:
                raise StartTlsMissing()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def compose(recipient: str, letter: Letter, config: Config) -> EmailMessage:
    """Text and HTML of one letter. Raises ValueError for an address that is none."""
    message = EmailMessage()
    message["Subject"] = letter.subject
    message["From"] = Address("Cordée", addr_spec=config.mail_from)
    message["To"] = Address(addr_spec=recipient)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = make_msgid(domain=urlsplit(config.base_url).hostname)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    message.set_content(as_text(letter))
    message.add_alternative(as_html(letter), subtype="html")
    # Last: making a multipart moves every Content- header into its first part.
    message["Content-Language"] = letter.language
    return message


@transactional
def _keep(recipient: str, letter: Letter) -> None:
    session().add(
        DemoMail(
            recipient=recipient,
            subject=letter.subject,
            text=as_text(letter),
            html=as_html(letter),
            at=clock.now(),
        )
    )
