"""Feature package."""

from __future__ import annotations

from flask import Flask

from app.config import Config


def register(app: Flask, config: Config) -> None:
    """Bind this feature to the application."""
