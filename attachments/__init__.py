"""Sealed files of cases: resumable upload (tus), the blob store, download with ranges."""

from __future__ import annotations

from flask import Flask

from app import background
from app.announcements import on_commit
from app.config import Config

SWEEP_SECONDS = 600


def register(app: Flask, config: Config) -> None:
    """Open the blob store, offer the endpoints, start the sweeper."""
    from attachments import downloads, limits, store, uploads
    from attachments.announced import AttachmentStored
    from attachments.announcements import tell_stored
    from attachments.service.sweeping import sweep

    assert downloads  # its endpoints are part of the blueprint
    store.bind(config)
    limits.bind(config)
    app.register_blueprint(uploads.attachments, url_prefix="/api/v1")
    on_commit(AttachmentStored, tell_stored)
    background.every(SWEEP_SECONDS, "attachments", sweep)
