"""One PATCH from its first byte to its answer. No transaction is open while bytes travel."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from app import clock
from app.db import session
from app.errors import DomainError
from app.transactions import transactional
from attachments.body import LineCut
from attachments.errors import (
    ChecksumMismatch,
    OffsetMismatch,
    StorageFull,
    TransferInterrupted,
    TransferTakenOver,
    UploadOverlong,
)
from attachments.models import Attachment
from attachments.service import receiving
from attachments.service.access import access_upload
from attachments.service.completion import complete
from attachments.service.receiving import LEASE, Receiving
from attachments.service.uploads import (
    LIFETIME,
    Standing,
    align_with_disk,
    past_a_silent_writer,
    release,
    require_alive,
    require_unlocked,
)
from attachments.store import blobs
from attachments.threads import beside_loop, off_loop
from attachments.tus import Checksum
from auth.actor import Actor


def receive_bytes(
    actor: Actor,
    upload_id: UUID,
    offset: int,
    length: int | None,
    body: Iterable[bytes],
    *,
    checksum: Checksum | None,
) -> Standing:
    """Append `body` at `offset`; the upload that is then whole becomes the stored attachment.

    `length` is what the request announced, None when it did not. What arrived before a cut is
    kept; what does not match its checksum, or overflows the upload, is thrown away.
    Raises UploadNotFound, UploadExpired, UploadLocked, OffsetMismatch, UploadOverlong,
    ChecksumMismatch, TransferInterrupted, TransferTakenOver, StorageFull.
    """
    writer = past_a_silent_writer(
        upload_id, lambda: _begin(actor, upload_id, offset, length, checksum)
    )
    if isinstance(writer, Standing):
        return writer
    try:
        if writer.room:
            off_loop(writer.open)
        refusal = _take_all(writer, body)
        if isinstance(refusal, UploadOverlong | ChecksumMismatch):
            off_loop(writer.roll_back)
        off_loop(writer.flush)
        if refusal is None and writer.received == writer.size:
            return complete(actor, writer)
        held = release(writer)
        if not held:
            raise TransferTakenOver()
        if refusal is not None:
            raise refusal
    except BaseException:
        release(writer)
        raise
    finally:
        receiving.stop(writer)
        off_loop(writer.close)
    return _standing(upload_id)


@transactional
def _begin(
    actor: Actor, upload_id: UUID, offset: int, length: int | None, checksum: Checksum | None
) -> Receiving | Standing:
    """Take the lock; an upload that is stored already answers where it stands."""
    row = access_upload(actor, upload_id, lock=True)
    require_alive(row)
    require_unlocked(row)
    align_with_disk(row)
    standing = Standing.of(row)
    if offset != standing.received:
        raise OffsetMismatch(offset=standing.received)
    if length is not None and length > row.size - offset:
        raise UploadOverlong()
    if standing.stored:
        return standing
    writer = Receiving(upload_id, blobs().arriving(upload_id), offset, row.size, checksum)
    row.locked_by = writer.token
    row.locked_until = clock.now() + timedelta(seconds=LEASE)
    receiving.start(writer)
    return writer


def _take_all(writer: Receiving, body: Iterable[bytes]) -> DomainError | None:
    """Write the whole body; the refusal it deserves, if any."""
    try:
        if not _pump(writer, body):
            return UploadOverlong()
    except LineCut:
        return TransferInterrupted()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StorageFull()
        raise
    return None if writer.checksum_holds() else ChecksumMismatch()


def _pump(writer: Receiving, body: Iterable[bytes]) -> bool:
    """Write piece by piece, reading the next while one is written; false if there is too much."""
    written: Callable[[], None] = _nothing_yet
    try:
        for piece in body:
            written()
            if writer.checkpoint_due:
                _checkpoint(writer)
            if len(piece) > writer.room:
                return False
            written = beside_loop(writer.take, piece)
    finally:
        # However it ends, nobody looks at the file before the last piece has landed.
        written()
    return True


def _nothing_yet() -> None:
    """Before the first piece there is nothing to wait for."""


def _checkpoint(writer: Receiving) -> None:
    off_loop(writer.flush)
    if not _count(writer):
        writer.lost = True
        raise TransferTakenOver()
    writer.renewed_at = writer.moved_at


@transactional
def _count(writer: Receiving) -> bool:
    """Write down how far a writer is and renew its lease; false if it lost the upload."""
    now = clock.now()
    held = session().scalar(
        update(Attachment)
        .where(Attachment.upload_id == writer.upload_id, Attachment.locked_by == writer.token)
        .values(
            received=writer.durable,
            locked_until=now + timedelta(seconds=LEASE),
            expires_at=now + LIFETIME,
        )
        .returning(Attachment.id)
    )
    return held is not None


@transactional(read_only=True)
def _standing(upload_id: UUID) -> Standing:
    row = session().query(Attachment).filter_by(upload_id=upload_id).one()
    return Standing.of(row)
