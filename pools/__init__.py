"""Organisations, pools and care teams: who may be asked, and who reads with which key."""

from __future__ import annotations

from flask import Flask

from app.config import Config


def register(app: Flask, config: Config) -> None:
    """Bind this feature to the application."""
    from pools.routes import pools

    app.register_blueprint(pools, url_prefix="/api/v1")
