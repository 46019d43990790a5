"""TOTP (RFC 6238): six digits, thirty seconds, one step either way, each code once."""

from __future__ import annotations

import hmac
import math
from datetime import datetime

import pyotp
from sqlalchemy import select, update

from app import clock, sealing
from app.db import session
from app.transactions import transactional
from auth.models import Account

PURPOSE = "totp secret"
STEP = 30
ISSUER = "Cordée"


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226 section 4 asks."""
    return pyotp.random_base32(32)


def close_secret(secret: str) -> bytes:
    return sealing.close(PURPOSE, secret.encode())


def open_secret(closed: bytes) -> str:
    return sealing.open_(PURPOSE, closed).decode()


def enrolment_uri(secret: str, mail: str) -> str:
    """The `otpauth://` address an authenticator application scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=mail, issuer_name=ISSUER)


def matching_step(secret: str, code: str, at: datetime | None = None) -> int | None:
    """The time step this code belongs to, among the last, the present and the next.

    Every candidate is compared, in constant time, whichever matches.
    """
    present = _step(at or clock.now())
    totp = pyotp.TOTP(secret)
    matched = None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            matched = step
    return matched


def use_step(account: Account, step: int) -> bool:
    """Burn a code inside the caller's transaction; False when it, or a later one, was used."""
    burnt = session().execute(
        update(Account)
        .where(Account.id == account.id, Account.totp_step < step)
        .values(totp_step=step)
        .returning(Account.id)
    )
    return burnt.first() is not None


@transactional(read_only=True)
def next_code(mail: str) -> tuple[str, int] | None:
    """The earliest code this person could still use, and in how many seconds it is valid.

    For the demonstration only, whose people have no telephone. None for unknown people.
    """
    account = session().scalars(select(Account).where(Account.mail == mail)).first()
    if account is None:
        return None
    now = clock.now()
    step = max(account.totp_step + 1, _step(now))
    wait = max(0, math.ceil((step - 1) * STEP - now.timestamp()))
    return pyotp.TOTP(open_secret(account.totp_secret)).generate_otp(step), wait


def _step(at: datetime) -> int:
    return int(at.timestamp()) // STEP
