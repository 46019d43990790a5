"""The moment a whole upload becomes a stored attachment."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

import trace
from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.transactions import transactional
from attachments.announced import AttachmentStored
from attachments.errors import TransferTakenOver
from attachments.models import Attachment
from attachments.service import receiving
from attachments.service.receiving import Receiving
from attachments.service.uploads import Standing
from attachments.store import blobs
from attachments.threads import off_loop
from auth.actor import Actor
from messaging.models import AnnouncedAttachment
from trace import Action

RENAMING, PUTTING = timedelta(seconds=10), timedelta(minutes=10)
"""How long naming a blob may take: on disk, and where a bucket swallows the largest file."""


def complete(actor: Actor, writer: Receiving) -> Standing:
    """Name the blob and tell the case. A crash at any point is made good by `finish_whole`."""
    writer.completing = True
    digest = writer.sha256()
    if not _hold_whole(writer):
        raise TransferTakenOver()
    off_loop(writer.close)
    return _adopt(actor, writer.upload_id, digest)


def finish_whole(upload_id: UUID) -> Standing | None:
    """Finish an upload whose bytes are all here but whose last step was cut off by a crash.

    None when the bytes are gone after all: the upload is then back at its beginning.
    """
    attachment = _attachment_of(upload_id)
    if attachment is None:
        return None
    attachment_id, size = attachment
    present = off_loop(blobs().arrived, upload_id)
    if present != size and off_loop(blobs().size, attachment_id) != size:
        _start_over(upload_id)
        return None
    return _adopt(None, upload_id, None)


def _adopt(actor: Actor | None, upload_id: UUID, digest: bytes | None) -> Standing:
    attachment = _attachment_of(upload_id)
    if attachment is None:
        raise TransferTakenOver()
    attachment_id, _ = attachment
    if digest is None:
        digest = off_loop(blobs().digest, attachment_id, upload_id)
    off_loop(blobs().adopt, upload_id, attachment_id)
    receiving.forget_digest(upload_id)
    return _store(actor, upload_id, digest)


@transactional
def _hold_whole(writer: Receiving) -> bool:
    moving = RENAMING if blobs().local else PUTTING
    held = session().scalar(
        update(Attachment)
        .where(Attachment.upload_id == writer.upload_id, Attachment.locked_by == writer.token)
        .values(received=writer.durable, locked_until=clock.now() + moving)
        .returning(Attachment.id)
    )
    return held is not None


@transactional
def _store(actor: Actor | None, upload_id: UUID, digest: bytes) -> Standing:
    query = select(Attachment).where(Attachment.upload_id == upload_id).with_for_update()
    row = session().scalars(query).one()
    row.locked_by = row.locked_until = None
    if row.stored_at is None:
        row.stored_at = clock.now()
        row.received = row.size
        row.sha256 = digest
        announced = session().get(AnnouncedAttachment, row.id, with_for_update=True)
        if announced is not None:
            announced.stored_at = row.stored_at
        trace.record(
            actor, Action.ATTACHMENT_STORE, ("attachment", row.id), case_id=row.case_id,
            detail={"size": row.size},
        )  # fmt: skip
        announce_on_commit(AttachmentStored(case_id=row.case_id, attachment_id=row.id))
    return Standing.of(row)


@transactional(read_only=True)
def _attachment_of(upload_id: UUID) -> tuple[UUID, int] | None:
    query = select(Attachment.id, Attachment.size).where(Attachment.upload_id == upload_id)
    found = session().execute(query).one_or_none()
    return None if found is None else (found.id, found.size)


@transactional
def _start_over(upload_id: UUID) -> None:
    session().execute(
        update(Attachment)
        .where(Attachment.upload_id == upload_id, Attachment.stored_at.is_(None))
        .values(received=0, locked_by=None, locked_until=None)
    )
