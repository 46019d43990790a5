"""The life of an upload around its bytes: created, asked about, taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import update

import trace
from app import clock
from app.db import database, session
from app.transactions import transactional
from attachments.errors import (
    AttachmentNotAnnounced,
    AttachmentSizeDiffers,
    AttachmentStoredAlready,
    TusHeaderRefused,
    UploadExpired,
    UploadLocked,
    UploadTooLarge,
)
from attachments.limits import limits
from attachments.models import Attachment
from attachments.service import quota, receiving
from attachments.service.access import access_upload
from attachments.service.receiving import PROCESS, STALLED, Receiving
from attachments.store import blobs
from attachments.threads import off_loop
from auth.actor import Actor
from auth.permissions import Permission
from messaging.models import AnnouncedAttachment
from messaging.service.access import access_case
from trace import Action

LIFETIME = timedelta(days=7)
"""How long an interrupted upload waits for its sender, counted from its last byte."""

T = TypeVar("T")


@dataclass(frozen=True)
class Standing:
    """Where an upload stands, for the headers of an answer."""

    upload_id: UUID
    attachment_id: UUID
    case_id: UUID
    size: int
    received: int
    stored: bool
    expires_at: datetime

    @classmethod
    def of(cls, row: Attachment) -> Standing:
        return cls(
            upload_id=row.upload_id,
            attachment_id=row.id,
            case_id=row.case_id,
            size=row.size,
            received=row.size if row.stored_at else row.received,
            stored=row.stored_at is not None,
            expires_at=row.expires_at,
        )

    @property
    def whole(self) -> bool:
        """Every byte is here though the blob has not got its name: a crash came in between."""
        return self.received == self.size and not self.stored


@transactional
def create_upload(
    actor: Actor, case_id: UUID, attachment_id: UUID, length: int
) -> tuple[Standing, bool]:
    """Open an upload for an announced attachment; asking again finds the same one.

    Says where it stands and whether it is new. Raises CaseNotFound, AttachmentNotAnnounced,
    AttachmentSizeDiffers, UploadTooLarge, QuotaExceeded.
    """
    access_case(actor, case_id, Permission.CASE_WRITE)
    if length == 0:
        raise TusHeaderRefused(header="Upload-Length")
    if length > limits().attachment_bytes:
        raise UploadTooLarge(limit_mb=limits().attachment_bytes // (1024 * 1024))
    announced = session().get(AnnouncedAttachment, attachment_id, with_for_update=True)
    theirs = announced is not None and announced.author_id == actor.account_id
    if announced is None or announced.case_id != case_id or not theirs:
        subject = ("attachment", attachment_id)
        trace.record_refusal(actor, Action.ATTACHMENT_DENY, subject, case_id=case_id)
        raise AttachmentNotAnnounced()
    if announced.size != length:
        raise AttachmentSizeDiffers(size=announced.size)
    now = clock.now()
    row = session().get(Attachment, attachment_id)
    if row is not None:
        if row.stored_at is None:
            row.expires_at = now + LIFETIME
        return Standing.of(row), False
    quota.charge(actor.account_id, length, limits().daily_bytes)
    row = Attachment(
        id=attachment_id,
        case_id=case_id,
        owner_id=actor.account_id,
        upload_id=uuid4(),
        size=length,
        received=0,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session().add(row)
    trace.record(
        actor, Action.ATTACHMENT_UPLOAD, ("attachment", attachment_id), case_id=case_id,
        detail={"size": length},
    )  # fmt: skip
    return Standing.of(row), True


def where_it_stands(actor: Actor, upload_id: UUID) -> Standing:
    """Where to go on from. Takes over from a connection that fell silent; 423 if it is alive."""
    standing = past_a_silent_writer(upload_id, lambda: _where_it_stands(actor, upload_id))
    if standing.whole:
        # Said only once it is true: a client that reads offset == length asks no more.
        from attachments.service.completion import finish_whole

        finish_whole(upload_id)
        standing = _where_it_stands(actor, upload_id)
    return standing


@transactional
def _where_it_stands(actor: Actor, upload_id: UUID) -> Standing:
    row = access_upload(actor, upload_id, lock=True)
    require_alive(row)
    require_unlocked(row)
    align_with_disk(row)
    return Standing.of(row)


def terminate_upload(actor: Actor, upload_id: UUID) -> None:
    """Give up an unfinished upload and free what it held. A stored one belongs to its case."""
    past_a_silent_writer(upload_id, lambda: _terminate(actor, upload_id))
    receiving.forget_digest(upload_id)
    off_loop(blobs().discard, upload_id)


@transactional
def _terminate(actor: Actor, upload_id: UUID) -> None:
    row = access_upload(actor, upload_id, lock=True)
    if row.stored_at is not None:
        raise AttachmentStoredAlready()
    require_unlocked(row)
    quota.give_back(row.owner_id, row.created_at, row.size - row.received)
    trace.record(actor, Action.ATTACHMENT_DISCARD, ("attachment", row.id), case_id=row.case_id)
    session().delete(row)


def require_alive(row: Attachment) -> None:
    if row.stored_at is None and row.expires_at <= clock.now():
        raise UploadExpired()


def require_unlocked(row: Attachment) -> None:
    """Raises UploadLocked while another request writes; see service/receiving.py for the rules."""
    if row.stored_at is not None or row.locked_by is None or row.locked_until is None:
        return
    ours = row.locked_by.startswith(PROCESS)
    if ours or (not database().sqlite and row.locked_until > clock.now()):
        raise UploadLocked(retry_after=int(STALLED) + 1)


def align_with_disk(row: Attachment) -> None:
    """Never claim more than the file holds, should it have been lost; a whole one may be moved."""
    if row.stored_at is None and row.received < row.size:
        row.received = min(row.received, blobs().arrived(row.upload_id))


def past_a_silent_writer(upload_id: UUID, attempt: Callable[[], T]) -> T:
    """Run `attempt`; if a writer is in its way that has fallen silent, end that one and go on.

    `attempt` checks the caller's right before it looks at the lock, so only the owner ends one.
    """
    try:
        return attempt()
    except UploadLocked:
        holder = receiving.running(upload_id)
        if holder is not None and not holder.stalled:
            raise
        if holder is not None:
            off_loop(holder.abandon)
            release(holder)
            receiving.stop(holder)
            off_loop(holder.close)
        elif not _free_orphaned_lock(upload_id):
            raise
        return attempt()


@transactional
def release(holder: Receiving) -> bool:
    """Count what a writer made durable and let the upload go; false if it was lost before."""
    freed = session().scalar(
        update(Attachment)
        .where(Attachment.upload_id == holder.upload_id, Attachment.locked_by == holder.token)
        .values(
            received=holder.durable,
            locked_by=None,
            locked_until=None,
            expires_at=clock.now() + LIFETIME,
        )
        .returning(Attachment.id)
    )
    return freed is not None


@transactional
def _free_orphaned_lock(upload_id: UUID) -> bool:
    """Drop a lock this process wrote and no longer stands behind, once its lease is over."""
    freed = session().scalar(
        update(Attachment)
        .where(
            Attachment.upload_id == upload_id,
            Attachment.locked_by.startswith(PROCESS),
            Attachment.locked_until <= clock.now(),
        )
        .values(locked_by=None, locked_until=None)
        .returning(Attachment.id)
    )
    return freed is not None
