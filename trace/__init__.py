"""The append-only trace: who did or read what, when, from where, with what result; and the logs."""

from __future__ import annotations

from flask import Flask

from app import background
from app.config import Config
from trace.actions import Action
from trace.recording import compose, record, record_refusal

__all__ = ["Action", "compose", "record", "record_refusal", "register"]


def register(app: Flask, config: Config) -> None:
    """Start giving rows their place and hash, and open the doors of the logs."""
    from trace import keeping, keylog, signing
    from trace.routes import logs
    from trace.sequencer import EVERY, place_rows

    signing.bind(config)
    app.register_blueprint(logs, url_prefix="/api/v1")
    background.every(EVERY, "trace-sequencer", place_rows)
    background.every(keylog.EVERY, "key-log", keylog.log_missing)
    background.wake("key-log")
    background.every(keeping.EVERY, "security-purge", keeping.purge_security_events)
    background.wake("security-purge")
