"""Cases: the sealed question, its thread, its opinion, and who is told."""

from __future__ import annotations

from flask import Flask

from app.config import Config


def register(app: Flask, config: Config) -> None:
    """Bind this feature to the application."""
    from messaging.announcements import register_announcements
    from messaging.events import register_events
    from messaging.routes import cases
    from messaging.service import freshness

    app.register_blueprint(cases, url_prefix="/api/v1")
    register_events(app)
    register_announcements(config)
    freshness.listen()
