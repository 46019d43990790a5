"""Handing out stored ciphertext to those who may read the case."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

import trace
from app.db import session
from app.transactions import transactional
from attachments.errors import AttachmentNotStored
from attachments.models import Attachment
from attachments.service.access import access_attachment
from auth.actor import Actor
from auth.permissions import Permission
from messaging.models import AnnouncedAttachment
from messaging.service.access import access_case
from trace import Action


@dataclass(frozen=True)
class Stored:
    """A blob that may be read: its name, its size, its digest."""

    attachment_id: UUID
    size: int
    sha256: bytes

    @property
    def etag(self) -> str:
        return self.sha256.hex()


@dataclass(frozen=True)
class Progress:
    """How far an announced attachment has come."""

    id: UUID
    size: int
    stored: bool
    offset: int


@transactional
def fetch_attachment(actor: Actor, attachment_id: UUID) -> Stored:
    """Let the caller read a file, and trace it. Raises AttachmentNotFound, AttachmentNotStored."""
    stored = _stored(actor, attachment_id)
    announced = session().get_one(AnnouncedAttachment, attachment_id)
    trace.record(
        actor, Action.ATTACHMENT_DOWNLOAD, ("attachment", attachment_id), case_id=announced.case_id
    )
    return stored


@transactional
def look_at_attachment(actor: Actor, attachment_id: UUID) -> Stored:
    """Size and digest only: nothing is read, so nothing is traced but a denial."""
    return _stored(actor, attachment_id)


@transactional
def list_attachments(actor: Actor, case_id: UUID) -> list[Progress]:
    """Every attachment a case announces, and how far each has come."""
    access_case(actor, case_id, Permission.CASE_READ)
    query = (
        select(AnnouncedAttachment, Attachment)
        .outerjoin(Attachment, Attachment.id == AnnouncedAttachment.attachment_id)
        .where(AnnouncedAttachment.case_id == case_id)
        .order_by(AnnouncedAttachment.attachment_id)
    )
    return [
        Progress(
            id=announced.attachment_id,
            size=announced.size,
            stored=announced.stored_at is not None,
            offset=0 if row is None else row.size if row.stored_at else row.received,
        )
        for announced, row in session().execute(query)
    ]


def _stored(actor: Actor, attachment_id: UUID) -> Stored:
    access_attachment(actor, attachment_id)
    row = session().get(Attachment, attachment_id)
    if row is None or row.stored_at is None or row.sha256 is None:
        raise AttachmentNotStored()
    return Stored(attachment_id, row.size, row.sha256)
