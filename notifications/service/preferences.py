"""How a person wants to be told, and on which devices."""

from __future__ import annotations

import base64
import binascii
import hashlib
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from sqlalchemy import delete, func, select

from app import clock
from app.background import wake
from app.config import Config
from app.db import session
from app.errors import ValidationFailed
from app.transactions import transactional
from auth.actor import Actor
from notifications.errors import NoDevice, TooManyDevices
from notifications.models import Delivery, Preference, PushSubscription
from notifications.push import check_endpoint
from notifications.rules import CLOCK
from notifications.schemas import Preferences, QuietHours, Subscription
from trace import Action, record

MAX_DEVICES = 20


@transactional(read_only=True)
def read_preferences(actor: Actor) -> Preferences:
    return preferences_of(actor.account_id)


@transactional
def choose_preferences(actor: Actor, chosen: Preferences) -> Preferences:
    """Take the person's choice; what is already on its way is not held back."""
    row = session().get(Preference, actor.account_id) or Preference(account_id=actor.account_id)
    row.mail = chosen.mail
    row.push = chosen.push
    row.quiet_from = chosen.quiet.from_ if chosen.quiet else None
    row.quiet_to = chosen.quiet.to if chosen.quiet else None
    row.urgent_breaks_quiet = chosen.urgent_breaks_quiet
    session().add(row)
    record(actor, Action.NOTIFICATION_PREFERENCES, ("account", actor.account_id))
    return chosen


@transactional
def subscribe(actor: Actor, body: Subscription, config: Config) -> None:
    """Remember a browser. One that served another person before now serves this one.

    Raises EndpointRefused, ValidationFailed, TooManyDevices.
    """
    check_endpoint(body.endpoint, config)
    p256dh, auth = _point(body.keys.p256dh), _secret(body.keys.auth)
    mark = endpoint_hash(body.endpoint)
    query = select(PushSubscription).where(PushSubscription.endpoint_hash == mark)
    row = session().scalar(query)
    if row is None or row.account_id != actor.account_id:
        own = select(func.count()).where(PushSubscription.account_id == actor.account_id)
        if (session().scalar(own) or 0) >= MAX_DEVICES:
            raise TooManyDevices()
    if row is None:
        row = PushSubscription(
            id=uuid4(), endpoint=body.endpoint, endpoint_hash=mark, created_at=clock.now()
        )
        session().add(row)
    row.account_id, row.p256dh, row.auth = actor.account_id, p256dh, auth
    record(actor, Action.NOTIFICATION_SUBSCRIBE, ("account", actor.account_id))


@transactional
def unsubscribe(actor: Actor, endpoint: str) -> None:
    """Forget one of the person's browsers; an unknown one is forgotten already."""
    session().execute(
        delete(PushSubscription).where(
            PushSubscription.endpoint_hash == endpoint_hash(endpoint),
            PushSubscription.account_id == actor.account_id,
        )
    )
    record(actor, Action.NOTIFICATION_UNSUBSCRIBE, ("account", actor.account_id))


@transactional
def try_push(actor: Actor) -> int:
    """Send a trial to each of the person's devices; how many there are. Raises NoDevice."""
    devices = devices_of(actor.account_id)
    if not devices:
        raise NoDevice()
    now = clock.now()
    for device in devices:
        session().add(
            Delivery(
                id=uuid4(),
                channel="push",
                kind="test",
                account_id=actor.account_id,
                subscription_id=device.id,
                urgent=True,
                state="waiting",
                attempts=0,
                created_at=now,
                due_at=now,
            )
        )
    record(actor, Action.NOTIFICATION_TEST, ("account", actor.account_id))
    wake(CLOCK)
    return len(devices)


def preferences_of(account_id: UUID) -> Preferences:
    """Inside a transaction; the defaults for whoever has chosen nothing."""
    row = session().get(Preference, account_id)
    if row is None:
        return Preferences()
    quiet = None
    if row.quiet_from and row.quiet_to:
        quiet = QuietHours.model_validate({"from": row.quiet_from, "to": row.quiet_to})
    return Preferences(
        mail=row.mail, push=row.push, quiet=quiet, urgent_breaks_quiet=row.urgent_breaks_quiet
    )


def devices_of(account_id: UUID) -> list[PushSubscription]:
    query = select(PushSubscription).where(PushSubscription.account_id == account_id)
    return list(session().scalars(query))


def endpoint_hash(endpoint: str) -> bytes:
    return hashlib.sha256(endpoint.encode()).digest()


def _point(text: str) -> bytes:
    """The browser's public key: an uncompressed point that lies on P-256 (RFC 8291 section 3.1)."""
    raw = _base64url(text, "keys.p256dh")
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)
    except ValueError:
        raise _refused("keys.p256dh") from None
    if len(raw) != 65:
        raise _refused("keys.p256dh")
    return raw


def _secret(text: str) -> bytes:
    raw = _base64url(text, "keys.auth")
    if len(raw) != 16:
        raise _refused("keys.auth")
    return raw


def _base64url(text: str, field: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        raise _refused(field) from None


def _refused(field: str) -> ValidationFailed:
    return ValidationFailed(errors=[{"field": field, "message": "not a push key"}])
