"""The append-only trace: who did or read what, when, from where, with what result."""

from __future__ import annotations

from flask import Flask

from app import background
from app.config import Config
from trace.actions import Action
from trace.recording import compose, record, record_refusal

__all__ = ["Action", "compose", "record", "record_refusal", "register"]


def register(app: Flask, config: Config) -> None:
    """Start giving rows their place and hash."""
    from trace.sequencer import EVERY, place_rows

    background.every(EVERY, "trace-sequencer", place_rows)
