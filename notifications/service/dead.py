"""Notifications that were given up: seen, and tried again, by an administrator."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app import clock
from app.background import wake
from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.models import Account
from auth.service.paging import read_cursor, write_cursor
from notifications.errors import DeliveryNotFound
from notifications.models import Delivery
from notifications.rules import CLOCK
from notifications.schemas import DeadDelivery, DeadPage, PersonName
from trace import Action, record


@transactional
def list_dead(actor: Actor, cursor: str | None, limit: int) -> DeadPage:
    """In the order of their ids: stable while the list changes."""
    query = (
        select(Delivery, Account.name)
        .outerjoin(Account, Account.id == Delivery.account_id)
        .where(Delivery.state == "dead")
        .order_by(Delivery.id)
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(Delivery.id > read_cursor(cursor, UUID)[0])
    found = session().execute(query).all()
    record(actor, Action.NOTIFICATION_DEAD_LIST, ("account", actor.account_id))
    items = [_shown(delivery, name) for delivery, name in found[:limit]]
    more = write_cursor(items[-1].id) if len(found) > limit else None
    return DeadPage(items=items, next=more)


@transactional
def retry_dead(actor: Actor, delivery_id: UUID) -> None:
    """Send once more, from the first attempt. Raises DeliveryNotFound."""
    delivery = session().get(Delivery, delivery_id, with_for_update=True)
    if delivery is None or delivery.state != "dead":
        raise DeliveryNotFound()
    delivery.state = "waiting"
    delivery.attempts = 0
    delivery.due_at = clock.now()
    delivery.settled_at = None
    record(actor, Action.NOTIFICATION_RETRY, ("notification", delivery_id))
    wake(CLOCK)


def _shown(delivery: Delivery, name: str | None) -> DeadDelivery:
    person = None
    if delivery.account_id and name:
        person = PersonName(id=delivery.account_id, name=name)
    return DeadDelivery(
        id=delivery.id,
        channel=delivery.channel,
        kind=delivery.kind,
        account=person,
        attempts=delivery.attempts,
        fault=delivery.fault,
        created_at=delivery.created_at,
        settled_at=delivery.settled_at,
    )
