"""Socket handlers: parse, call one service, answer. The translator of refusals for the socket."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from flask import Flask
from flask_babel import force_locale
from pydantic import BaseModel

from app.errors import DomainError
from app.extensions import socketio
from app.http import validate

log = structlog.get_logger()

Handler = Callable[..., dict[str, Any] | None]

EVENTS: dict[str, Handler] = {}
"""Every event a client may send, by name: what the guard tests walk."""

_languages: dict[str, str] = {}


def remember_language(sid: str, language: str) -> None:
    _languages[sid] = language


def forget_language(sid: str) -> None:
    _languages.pop(sid, None)


def register_event(app: Flask, name: str, schema: type[BaseModel], handler: Handler) -> None:
    """Register `handler(sid, body) -> ack` on the bare Socket.IO server.

    Not through Flask-SocketIO's own decorator: no request context is built per event, which
    costs half the throughput. `handler` must authorise by itself, afresh, from the sid.
    """
    EVENTS[name] = handler

    @wraps(handler)
    def run(sid: str, payload: Any = None) -> dict[str, Any]:
        try:
            body = validate(schema, payload if isinstance(payload, dict) else {})
            return {"code": "ok", **(handler(sid, body) or {})}
        except DomainError as refusal:
            with app.app_context(), force_locale(_languages.get(sid, "fr")):
                return {**refusal.problem(), "code": refusal.code}
        except Exception:
            log.exception("socket_fault", name=name)
            return {"code": "fault", "status": 500}

    assert socketio.server is not None, "socketio.init_app comes first"
    socketio.server.on(name, run)
