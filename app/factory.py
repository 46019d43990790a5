"""Builds the application. The only file that knows every feature."""

from __future__ import annotations

import gc
from typing import Any

from flask import Flask

from app import background, db, sealing
from app.config import Config
from app.errors import register_errors
from app.extensions import babel, pick_language, socketio
from app.health import health, register_metrics
from app.http import openapi
from app.logs import configure_logs
from app.pages import ROOT, pages
from app.security import register_security
from app.sockets import EVENTS
from app.wire import guard_wire

FEATURES = ("trace", "auth", "pools", "messaging", "attachments", "notifications")
"""Each package offers `register(app, config)` in its `__init__`."""


def create_app(config: Config | None = None) -> Flask:
    """A ready application. `config` defaults to the environment.

    Raises ConfigurationRefused when the environment lacks or weakens something.
    """
    config = config or Config.from_environment()
    configure_logs(config.log_level)
    app = Flask("cordee", root_path=str(ROOT), template_folder="templates", static_folder=None)
    app.config["CORDEE"] = config
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "app" / "translations")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    sealing.bind(config.secret_key)
    db.bind(config)
    babel.init_app(app, default_locale="fr", locale_selector=pick_language)
    socketio.init_app(app, **_socket_options(config))
    guard_wire(socketio.server, EVENTS)
    register_errors(app)
    register_security(app, config)
    register_metrics(app)
    for name in FEATURES:
        __import__(name).register(app, config)
    app.register_blueprint(health)
    openapi.register(app)
    app.register_blueprint(pages)
    return app


def create_served_app() -> Flask:
    """What gunicorn serves: the application with its clocks running, if they run here."""
    app = create_app()
    config: Config = app.config["CORDEE"]
    _listen_from_the_start()
    if config.worker_inline:
        background.start()
    _calm_collector()
    return app


def _listen_from_the_start() -> None:
    """Hear what other processes emit before the first socket comes: Socket.IO would begin with it,
    and what is told at that moment would never reach it."""
    server: Any = socketio.server
    server.manager_initialized = True
    server.manager.initialize()


def _calm_collector() -> None:
    """What start made stays for good: walking it again and again would take a fifth of the time
    of a busy process, in pauses that everybody feels."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _socket_options(config: Config) -> dict[str, Any]:
    import gevent.monkey

    served = gevent.monkey.is_module_patched("socket")
    origins = [config.base_url, *(["http://127.0.0.1:8000"] if config.demo else [])]
    return {
        "async_mode": "gevent" if served else "threading",
        "message_queue": config.redis_url,
        "cors_allowed_origins": origins,
    }
