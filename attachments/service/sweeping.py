"""The clock that leaves no orphan: expired uploads, files no row names, blobs no row names."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

import trace
from app import clock
from app.db import session
from app.transactions import transactional
from attachments.models import Attachment
from attachments.service import quota, receiving
from attachments.service.completion import finish_whole
from attachments.store import Found, blobs
from attachments.threads import off_loop
from trace import Action

GRACE = timedelta(hours=24)
"""How old a file nobody names must be: a younger one may be about to be named."""
BATCH = 200


def sweep() -> dict[str, int]:
    """Put everything right once; says how much was. Safe to run beside itself."""
    counts = {"finished": 0, "expired": 0, "arrivals": 0, "blobs": 0}
    for upload_id in _whole():
        counts["finished"] += finish_whole(upload_id) is not None
    while ended := _expire():
        for upload_id in ended:
            receiving.forget_digest(upload_id)
            off_loop(blobs().discard, upload_id)
        counts["expired"] += len(ended)
    counts["arrivals"] = _sweep_arrivals()
    counts["blobs"] = _sweep_blobs()
    return counts


@transactional(read_only=True)
def _whole() -> list[UUID]:
    """Uploads with every byte here, that nobody finishes any more."""
    query = (
        select(Attachment.upload_id)
        .where(
            Attachment.stored_at.is_(None),
            Attachment.received == Attachment.size,
            or_(Attachment.locked_until.is_(None), Attachment.locked_until <= clock.now()),
        )
        .limit(BATCH)
    )
    return list(session().scalars(query))


@transactional
def _expire() -> list[UUID]:
    """Give up a batch of uploads whose sender has not come back in time."""
    now = clock.now()
    query = (
        select(Attachment)
        .where(
            Attachment.stored_at.is_(None),
            Attachment.expires_at <= now,
            or_(Attachment.locked_until.is_(None), Attachment.locked_until <= now),
        )
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    ended = []
    for row in session().scalars(query):
        quota.give_back(row.owner_id, row.created_at, row.size - row.received)
        trace.record(None, Action.ATTACHMENT_DISCARD, ("attachment", row.id), case_id=row.case_id)
        ended.append(row.upload_id)
        session().delete(row)
    return ended


def _sweep_arrivals() -> int:
    oldest = (clock.now() - GRACE).timestamp()
    old = [
        found
        for found in off_loop(blobs().arrivals)
        if isinstance(found.modified, float) and found.modified < oldest
    ]
    named = _named(Attachment.upload_id, _ids(old))
    strays = [i for i in _ids(old) if i not in named]
    for upload_id in strays:
        off_loop(blobs().discard, upload_id)
    return len(strays)


def _sweep_blobs() -> int:
    swept = 0
    oldest = clock.now() - GRACE
    batches = blobs().blobs()
    while (batch := off_loop(next, batches, None)) is not None:
        old = [f for f in batch if isinstance(f.modified, datetime) and f.modified < oldest]
        named = _named(Attachment.id, _ids(old))
        for attachment_id in _ids(old):
            if attachment_id not in named:
                off_loop(blobs().delete, str(attachment_id))
                swept += 1
    return swept


@transactional(read_only=True)
def _named(column: object, ids: list[UUID]) -> set[UUID]:
    known: set[UUID] = set()
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        known.update(session().scalars(select(column).where(column.in_(some))))  # type: ignore[call-overload, attr-defined]
    return known


def _ids(found: list[Found]) -> list[UUID]:
    ids = []
    for entry in found:
        with suppress(ValueError):
            ids.append(UUID(entry.name))
    return ids
