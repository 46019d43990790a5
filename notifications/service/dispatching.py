"""The clock that tells people: claim, send outside any transaction, write down what became of it.

At least once: a process that dies between sending and writing sends again. Two dispatchers never
hold the same delivery (`FOR UPDATE SKIP LOCKED`, and a claim that outlives the transaction).
"""

from __future__ import annotations

import base64
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import delete, or_, select

from app import clock, sealing
from app.config import Config
from app.db import session
from app.extensions import LANGUAGES
from app.transactions import transactional
from auth.models import Account
from notifications.audience import SECURITY, still_needed
from notifications.mail import send_mail
from notifications.models import Delivery, PushSubscription
from notifications.outcome import Needless, Outcome, Retry, Sent, Unknown, Useless
from notifications.presence import is_looking
from notifications.push import Device, push
from notifications.rules import LETTER_OF, PURPOSE
from notifications.service.expanding import expand
from notifications.wording import LETTERS, Places, push_payload

log = structlog.get_logger()

BATCH = 40
BREATH = 0.005
SENDERS = 4
CLAIM = timedelta(minutes=3)
"""Longer than the slowest attempt: then the delivery is anybody's again."""
FIRST_RETRY, LAST_RETRY = 15.0, 3600.0
MAX_ATTEMPTS = 10
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Errand:
    """One claimed delivery with everything needed to run it."""

    delivery_id: UUID
    channel: str
    kind: str
    urgent: bool
    language: str
    recipient: str
    device: Device | None
    places: Places
    attempts: int


class Dispatcher:
    """Sends what is due. One per process; its job is the clock `notifications`."""

    def __init__(self, app: Flask, config: Config) -> None:
        self.app = app
        self.config = config

    def run(self) -> int:
        """Expand and send until nothing is due; how many were attempted."""
        while expand():
            # A backlog is no reason to keep the event loop from those who write now.
            time.sleep(BREATH)
        tried = 0
        with ThreadPoolExecutor(SENDERS, "notify") as senders:
            while errands := self.claim():
                tried += len(errands)
                list(senders.map(self._run, errands))
        return tried

    @transactional
    def claim(self) -> list[Errand]:
        """Take a batch nobody else holds; what proves needless is settled on the way."""
        now = clock.now()
        due = session().scalars(
            select(Delivery)
            .where(
                Delivery.state == "waiting",
                Delivery.due_at <= now,
                or_(Delivery.claimed_until.is_(None), Delivery.claimed_until <= now),
            )
            .order_by(Delivery.urgent.desc(), Delivery.due_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        errands = []
        for delivery in due:
            prepared = self._prepare(delivery, now)
            if isinstance(prepared, Errand):
                delivery.claimed_until = now + CLAIM
                delivery.attempts += 1
                errands.append(prepared)
            else:
                _settle(delivery, prepared)
        return errands

    def _prepare(self, delivery: Delivery, now: datetime) -> Errand | Outcome:
        if delivery.expires_at is not None and delivery.expires_at <= now:
            return Useless("expired")
        looking = is_looking(delivery.account_id, delivery.case_id)
        if not still_needed(delivery, looking):
            return Needless()
        told = _whom(delivery)
        if not isinstance(told, _Told):
            return told
        return Errand(
            delivery_id=delivery.id,
            channel=delivery.channel,
            kind=delivery.kind,
            urgent=delivery.urgent,
            language=told.language if told.language in LANGUAGES else "fr",
            recipient=told.mail,
            device=told.device,
            places=Places(base_url=self.config.base_url, case_id=delivery.case_id, **told.places),
            attempts=delivery.attempts + 1,
        )

    def _run(self, errand: Errand) -> None:
        try:
            outcome = self.attempt(errand)
        except Exception:
            log.exception("notification_fault", delivery=str(errand.delivery_id))
            outcome = Retry("fault")
        _write_down(errand.delivery_id, outcome)

    def attempt(self, errand: Errand) -> Outcome:
        """Send one, in the person's language. No transaction is open."""
        letter = LETTER_OF.get(errand.kind, errand.kind)
        with self.app.app_context(), force_locale(errand.language):
            if errand.channel == "mail":
                return send_mail(errand.recipient, LETTERS[letter](errand.places), self.config)
            payload = push_payload(letter, errand.places)
        if errand.device is None:
            return Unknown()
        return push(errand.device, payload, self.config, errand.urgent)


@dataclass(frozen=True)
class _Told:
    mail: str
    language: str
    device: Device | None
    places: dict[str, Any]


def _whom(delivery: Delivery) -> _Told | Outcome:
    """Address, language and places of a delivery, as they are now."""
    if delivery.closed is not None:
        secret = json.loads(sealing.open_(PURPOSE, delivery.closed))
        mail, language = secret.pop("mail"), secret.pop("language")
        return _Told(mail, language, None, secret)
    account = session().get(Account, delivery.account_id) if delivery.account_id else None
    if account is None or (account.suspended_at and delivery.kind not in SECURITY):
        return Needless()
    if delivery.channel == "mail":
        return _Told(account.mail, account.language, None, {})
    row = session().get(PushSubscription, delivery.subscription_id)
    if row is None or row.account_id != account.id:
        return Unknown()
    device = Device(row.endpoint, _base64url(row.p256dh), _base64url(row.auth))
    return _Told(account.mail, account.language, device, {})


@transactional
def _write_down(delivery_id: UUID, outcome: Outcome) -> None:
    delivery = session().get(Delivery, delivery_id, with_for_update=True)
    if delivery is not None and delivery.state == "waiting":
        _settle(delivery, outcome)


def _settle(delivery: Delivery, outcome: Outcome) -> None:
    delivery.claimed_until = None
    match outcome:
        case Sent():
            _end(delivery, "sent")
        case Needless():
            _end(delivery, "needless")
        case Unknown():
            session().execute(
                delete(PushSubscription).where(PushSubscription.id == delivery.subscription_id)
            )
            _end(delivery, "gone")
        case Retry(fault, after) if delivery.attempts < MAX_ATTEMPTS:
            delivery.fault = fault
            delivery.due_at = clock.now() + timedelta(seconds=pause(delivery.attempts, after))
        case Retry(fault) | Useless(fault):
            delivery.fault = fault
            delivery.state = "dead"
            delivery.settled_at = clock.now()
            log.warning("notification_dead", kind=delivery.kind, fault=fault)


def _end(delivery: Delivery, state: str) -> None:
    delivery.state = state
    delivery.settled_at = clock.now()
    delivery.closed = None
    delivery.fault = None


def pause(attempts: int, asked: int | None) -> float:
    """Seconds until the next attempt: doubling, up to an hour, never in step with others."""
    if asked is not None:
        return min(float(max(asked, 1)), LAST_RETRY)
    ceiling = min(FIRST_RETRY * 2.0 ** (attempts - 1), LAST_RETRY)
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 (spreads load, guards nothing)


@transactional
def forget_old() -> None:
    """Drop what was settled long ago; the dead stay until an administrator has seen to them."""
    session().execute(
        delete(Delivery).where(
            Delivery.state.in_(("sent", "needless", "gone")),
            Delivery.settled_at < clock.now() - KEPT,
        )
    )


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
