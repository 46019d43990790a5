"""How much one person may undertake to send in a day."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.db import session
from attachments.errors import QuotaExceeded
from attachments.models import UploadDay


def charge(account_id: UUID, size: int, limit: int) -> None:
    """Count `size` bytes against the account's day (UTC). Raises QuotaExceeded past the limit."""
    today = clock.now().astimezone(UTC).date()
    grow = (
        update(UploadDay)
        .where(
            UploadDay.account_id == account_id,
            UploadDay.day == today,
            UploadDay.bytes + size <= limit,
        )
        .values(bytes=UploadDay.bytes + size)
        .returning(UploadDay.bytes)
    )
    if session().scalar(grow) is not None:
        return
    known = select(func.count()).where(UploadDay.account_id == account_id, UploadDay.day == today)
    if size > limit or session().scalar(known):
        raise QuotaExceeded(limit=limit)
    try:
        with session().begin_nested():
            session().add(UploadDay(account_id=account_id, day=today, bytes=size))
    except IntegrityError:
        # Another request of the same person opened the day a moment ago.
        if session().scalar(grow) is None:
            raise QuotaExceeded(limit=limit) from None


def give_back(account_id: UUID, at: datetime, size: int) -> None:
    """Return what was charged on the day of `at` and never sent."""
    session().execute(
        update(UploadDay)
        .where(
            UploadDay.account_id == account_id,
            UploadDay.day == at.astimezone(UTC).date(),
            UploadDay.bytes >= size,
        )
        .values(bytes=UploadDay.bytes - size)
    )
