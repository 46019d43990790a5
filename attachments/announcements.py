"""Telling the people of a case that a file can be fetched."""

from __future__ import annotations

from app.extensions import socketio
from attachments.announced import AttachmentStored


def tell_stored(fact: AttachmentStored) -> None:
    socketio.emit(
        "attachment:stored",
        {"case": str(fact.case_id), "attachment": str(fact.attachment_id)},
        to=f"case:{fact.case_id}",
    )
