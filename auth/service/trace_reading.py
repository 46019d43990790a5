"""Reading the trace with the names of people, filtered, page by page, or whole as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, null, select

from app.db import session
from app.errors import ValidationFailed
from app.transactions import transaction, transactional
from auth.actor import Actor
from auth.service.accounts import account_names
from auth.service.organisations import organisation_names
from auth.service.paging import read_cursor, row_number, write_cursor
from auth.trace_schemas import TraceActor, TraceItem, TraceList, TraceQuery
from trace import Action, record
from trace.models import SecurityEvent, TracePlace, TraceRow

Store = type[TraceRow] | type[SecurityEvent]
Rows = Select[*tuple[Any, ...]]
STORES: dict[str, Store] = {"act": TraceRow, "security": SecurityEvent}
EXPORT_BATCH = 500
COLUMNS = (
    "place",
    "id",
    "at",
    "person",
    "person_id",
    "organisation",
    "action",
    "result",
    "subject_kind",
    "subject_id",
    "case_id",
    "address",
    "session",
    "detail",
    "hash",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@transactional
def read_trace(actor: Actor, query: TraceQuery) -> TraceList:
    """The trace, newest first. Reading it is traced too."""
    record(actor, Action.TRACE_READ, ("trace", None), case_id=None)
    return _page(_filtered(query), STORES[query.store], query.cursor, query.limit)


def read_case_trace(case_id: UUID, cursor: str | None, limit: int) -> TraceList:
    """One case's trace for its participants, inside the transaction that let them in.

    The network address and device of each person stay with administrators.
    """
    page = _page(_rows(TraceRow).where(TraceRow.case_id == case_id), TraceRow, cursor, limit)
    hidden = [item.model_copy(update={"address": None, "session": None}) for item in page.items]
    return TraceList(items=hidden, next=page.next)


def export_trace(actor: Actor, query: TraceQuery) -> Iterator[str]:
    """The filtered trace as CSV text, oldest first, piece by piece: memory does not grow with it.

    Recorded before the first row leaves.
    """
    wanted = _filtered(query)
    with transaction():
        record(actor, Action.TRACE_EXPORT, ("trace", None), detail={"format": "csv"})
    return _export(wanted, STORES[query.store])


def _export(wanted: Rows, store: Store) -> Iterator[str]:
    yield "\ufeff" + _line(COLUMNS)
    after = 0
    while True:
        with transaction(read_only=True) as running:
            batch = running.execute(
                wanted.where(store.id > after).order_by(store.id).limit(EXPORT_BATCH)
            ).all()
            items = _items(batch)
        if not items:
            return
        yield "".join(_line(_cells(item)) for item in items)
        after = items[-1].id


def _rows(store: Store) -> Rows:
    """Rows with their place and hash in the chain; security events have none."""
    if store is SecurityEvent:
        none = null()
        return select(SecurityEvent, none.label("place"), none.label("hash"))
    return select(TraceRow, TracePlace.place, TracePlace.hash).outerjoin(
        TracePlace, TracePlace.trace_id == TraceRow.id
    )


def _filtered(query: TraceQuery) -> Rows:
    store = STORES[query.store]
    wanted = _rows(store)
    if query.person:
        wanted = wanted.where(store.actor_id == query.person)
    if query.case:
        wanted = wanted.where(store.case_id == query.case)
    if query.action:
        if query.action.endswith(":"):
            wanted = wanted.where(store.action.startswith(query.action, autoescape=True))
        else:
            wanted = wanted.where(store.action == query.action)
    if query.from_:
        wanted = wanted.where(store.at >= _instant("from", query.from_))
    if query.to:
        wanted = wanted.where(store.at < _instant("to", query.to, end=True))
    return wanted


def _page(wanted: Rows, store: Store, cursor: str | None, limit: int) -> TraceList:
    if cursor:
        (before,) = read_cursor(cursor, row_number)
        wanted = wanted.where(store.id < before)
    found = session().execute(wanted.order_by(store.id.desc()).limit(limit + 1)).all()
    items = _items(found[:limit])
    return TraceList(items=items, next=write_cursor(items[-1].id) if len(found) > limit else None)


def _items(found: Sequence[Row[*tuple[Any, ...]]]) -> list[TraceItem]:
    names = account_names(row.actor_id for row, _, _ in found)
    organisations = organisation_names(row.organisation_id for row, _, _ in found)
    items = []
    for row, place, digest in found:
        actor = None
        if row.actor_id:
            actor = TraceActor(id=row.actor_id, name=names.get(row.actor_id, ""))
        items.append(
            TraceItem(
                id=row.id,
                place=place,
                at=row.at,
                actor=actor,
                organisation=organisations.get(row.organisation_id)
                if row.organisation_id
                else None,
                action=row.action,
                subject_kind=row.subject_kind,
                subject_id=row.subject_id,
                case_id=row.case_id,
                result=row.result,
                address=row.address,
                session=str(row.session_id)[:8] if row.session_id else None,
                detail=json.loads(row.detail) if row.detail else None,
                hash=digest,
            )
        )
    return items


def _cells(item: TraceItem) -> list[str]:
    shown = item.model_dump(mode="json")
    shown["person"] = item.actor.name if item.actor else ""
    shown["person_id"] = item.actor.id if item.actor else ""
    shown["organisation"] = item.organisation.name if item.organisation else ""
    shown["detail"] = json.dumps(item.detail, sort_keys=True) if item.detail else ""
    return ["" if shown[name] is None else str(shown[name]) for name in COLUMNS]


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def _instant(name: str, text: str, end: bool = False) -> datetime:
    """A day or an instant. A day given as the end is meant whole."""
    try:
        at = datetime.fromisoformat(text)
        if len(text) == 10 and end:
            at += timedelta(days=1)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError):
        errors = [{"field": name, "message": "a date or an RFC 3339 instant expected"}]
        raise ValidationFailed(errors=errors) from None
