"""Telling people that something awaits them: outbox, mail, Web Push. Never what it is."""

from __future__ import annotations

from flask import Flask

from app import background
from app.config import Config

EVERY = 2.0
"""Seconds between two looks at the outbox; new cases and steps wake it at once."""
DAY = 86400.0


def register(app: Flask, config: Config) -> None:
    """Listen to the other rooms, offer the endpoints, start the dispatcher."""
    from auth.service.network import publish_vapid_key
    from notifications import demo, routes, rules
    from notifications.service.dispatching import Dispatcher, forget_old
    from notifications.vapid import vapid_key

    rules.listen()
    publish_vapid_key(lambda: vapid_key(config).public)
    app.register_blueprint(routes.notifications, url_prefix="/api/v1")
    app.register_blueprint(demo.demo, url_prefix="/api/v1")
    background.every(EVERY, rules.CLOCK, Dispatcher(app, config).run)
    background.every(DAY, "notifications-forget", forget_old)
