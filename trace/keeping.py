"""How long what is kept: the security log a year, the act trace with the record it belongs to."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
import structlog

from app import clock
from app.db import session
from app.transactions import transaction
from trace.models import SecurityEvent

log = structlog.get_logger()

EVERY = 24 * 3600.0
KEPT = timedelta(days=365)
BATCH = 5000
"""Rows deleted in one transaction: nobody waits long behind it."""


def purge_security_events() -> int:
    """Delete what is older than a year; how many. The act trace is left alone: nothing deletes it.

    Ids rise with time, so the oldest are found from the low end.
    """
    before, gone = clock.now() - KEPT, 0
    while True:
        with transaction():
            old = (
                sa.select(SecurityEvent.id)
                .where(SecurityEvent.at < before)
                .order_by(SecurityEvent.id)
                .limit(BATCH)
            )
            found = session().execute(
                sa.delete(SecurityEvent)
                .where(SecurityEvent.id.in_(old))
                .returning(SecurityEvent.id)
                .execution_options(synchronize_session=False)
            )
            count = len(found.all())
        gone += count
        if count < BATCH:
            break
    if gone:
        log.info("security_events_purged", count=gone)
    return gone
