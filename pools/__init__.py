"""Organisations, pools and care teams: who may be asked, and who reads with which key."""

from __future__ import annotations

from flask import Flask

from app import background
from app.config import Config


def register(app: Flask, config: Config) -> None:
    """Bind this feature to the application."""
    from pools.rooms import register_rooms
    from pools.routes import pools
    from pools.service import departures

    app.register_blueprint(pools, url_prefix="/api/v1")
    register_rooms(config)
    background.every(departures.EVERY_SECONDS, departures.CLOCK, departures.see_off)
