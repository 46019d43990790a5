"""Being told: preferences, devices, and what could not be delivered."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, current_app

from app.config import Config
from app.http import describe, parse, parse_query, reply
from auth.gate import current_actor, require
from auth.limits import spend
from auth.permissions import Permission
from auth.schemas import PageQuery
from notifications.schemas import DeadPage, Endpoint, Preferences, Subscription
from notifications.service import dead, preferences

notifications = Blueprint("notifications", __name__)


@notifications.get("/account/notifications")
@require(Permission.NOTIFICATION_OWN)
@describe(answer=Preferences)
def get_preferences() -> Response:
    return reply(preferences.read_preferences(current_actor()))


@notifications.put("/account/notifications")
@require(Permission.NOTIFICATION_OWN)
@describe(body=Preferences, answer=Preferences)
def put_preferences() -> Response:
    return reply(preferences.choose_preferences(current_actor(), parse(Preferences)))


@notifications.post("/account/push-subscriptions")
@require(Permission.NOTIFICATION_OWN)
@describe(body=Subscription, status=204)
def post_subscription() -> Response:
    actor = current_actor()
    spend(actor, "push-subscription", 30, per=3600)
    config: Config = current_app.config["CORDEE"]
    preferences.subscribe(actor, parse(Subscription), config)
    return reply(None)


@notifications.delete("/account/push-subscriptions")
@require(Permission.NOTIFICATION_OWN)
@describe(body=Endpoint, status=204)
def delete_subscription() -> Response:
    preferences.unsubscribe(current_actor(), parse(Endpoint).endpoint)
    return reply(None)


@notifications.post("/account/push-test")
@require(Permission.NOTIFICATION_OWN)
@describe(status=204)
def post_trial() -> Response:
    actor = current_actor()
    spend(actor, "push-test", 5, per=60)
    preferences.try_push(actor)
    return reply(None)


@notifications.get("/notifications/dead")
@require(Permission.NOTIFICATION_ADMIN)
@describe(query=PageQuery, answer=DeadPage)
def get_dead() -> Response:
    query = parse_query(PageQuery)
    return reply(dead.list_dead(current_actor(), query.cursor, query.limit))


@notifications.post("/notifications/dead/<uuid:delivery_id>/retry")
@require(Permission.NOTIFICATION_ADMIN)
@describe(status=204)
def post_retry(delivery_id: UUID) -> Response:
    dead.retry_dead(current_actor(), delivery_id)
    return reply(None)
