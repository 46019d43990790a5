"""Flask extensions, made once and bound by the factory."""

from __future__ import annotations

from flask import Request, request
from flask_babel import Babel
from flask_socketio import SocketIO

LANGUAGES = ("fr", "en")

babel = Babel()

socketio = SocketIO(
    async_handlers=False,
    manage_session=False,
    ping_interval=25,
    ping_timeout=20,
    max_http_buffer_size=98304,
    cookie=None,
    cors_allowed_origins=[],
)
"""The async mode (gevent when served, threading in tests without sockets) is set by the factory."""


def pick_language(incoming: Request | None = None) -> str:
    """French unless the person asked otherwise: by cookie (the language switch), then header."""
    incoming = incoming or request
    chosen = incoming.cookies.get("cordee_language")
    if chosen in LANGUAGES:
        return chosen
    return incoming.accept_languages.best_match(LANGUAGES, default="fr") or "fr"
