"""What the server can check of what it cannot open: shape, size, generation, announced files."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select

from app.db import session
from app.errors import Conflict
from auth.actor import Actor
from messaging.errors import SealRefused, StaleGeneration
from messaging.models import AnnouncedAttachment
from messaging.schemas import AttachmentAnnouncement
from protocol.errors import ShapeRefused
from protocol.shapes import check_sealed


def check_seal(sealed: bytes, most: int) -> None:
    """Raise SealRefused for what no client sealed, or more than `most` bytes of it."""
    if len(sealed) > most:
        raise SealRefused(reason="TooLarge", most=most)
    try:
        check_sealed(sealed)
    except ShapeRefused as error:
        raise SealRefused(reason=type(error).__name__) from error


def require_current_generation(current: int, generation: int) -> None:
    """Raise StaleGeneration unless sealed under the case's key of today."""
    if generation != current:
        raise StaleGeneration(generation=current)


def announce_attachments(
    actor: Actor,
    case_id: UUID,
    message_id: UUID | None,
    attachments: Sequence[AttachmentAnnouncement],
) -> None:
    """Let these files be uploaded to the case by the actor. Raises Conflict for a known id."""
    if not attachments:
        return
    ids = [attachment.id for attachment in attachments]
    known = session().scalar(
        select(AnnouncedAttachment.attachment_id)
        .where(AnnouncedAttachment.attachment_id.in_(ids))
        .limit(1)
    )
    if known or len(set(ids)) != len(ids):
        raise Conflict()
    session().execute(
        insert(AnnouncedAttachment),
        [
            {
                "attachment_id": attachment.id,
                "case_id": case_id,
                "author_id": actor.account_id,
                "message_id": message_id,
                "size": attachment.size,
                "stored_at": None,
            }
            for attachment in attachments
        ],
    )
