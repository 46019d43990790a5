"""The hash chain of the trace and how it is checked again; `protocol.audit` says what is hashed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from protocol import audit
from trace.models import TracePlace, TraceRow

ORIGIN = audit.ORIGIN
MAX_SUSPECTS = 200
"""Rows that do not fit their hash and are tried in each other's places, to tell a swap."""


def chain_hash(previous: bytes, place: int, row: TraceRow | Row[*tuple[Any, ...]]) -> bytes:
    """The hash of `row` at `place` after a row whose hash is `previous`."""
    return audit.chain_hash(previous, fields(place, row))


def fields(place: int, row: TraceRow | Row[*tuple[Any, ...]]) -> tuple[Any, ...]:
    """What is hashed of a row, in the order of `protocol.audit.FIELDS`."""
    return (
        place,
        row.id,
        _instant(row.at),
        row.actor_id,
        row.organisation_id,
        row.session_id,
        row.address,
        row.action,
        row.subject_kind,
        row.subject_id,
        row.case_id,
        row.result,
        row.detail,
    )


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was recorded."""

    kind: str
    """`changed`, `missing`, `reordered`, `unplaced`, `cut` or `rewritten`."""
    place: int | None
    trace_id: int | None
    words: str


@dataclass
class Verdict:
    """What a verification found. `head` is worth noting outside this machine."""

    rows: int = 0
    last_place: int = 0
    head: bytes = ORIGIN
    faults: list[Fault] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class _Suspect:
    place: int
    previous: bytes
    stored: bytes
    row: TraceRow


def verify_chain(
    running: Session, *, now: datetime, noted: tuple[int, bytes] | None = None
) -> Verdict:
    """Walk the whole trace and name every changed, missing or reordered row.

    `noted` is a head (place, hash) written down earlier, elsewhere. Without one, whoever can
    switch the database's triggers off and cut the newest rows *with* their places, or chain
    everything anew, leaves nothing to compare with: the trace then only shows a gap in its ids
    (SQLite also remembers the highest id ever given). With one, any change before it shows.
    """
    verdict = Verdict()
    suspects: list[_Suspect] = []
    noted_hash: bytes | None = None
    previous: bytes | None = ORIGIN
    for place, trace_id, stored, row in _walk(running):
        for gone in range(verdict.last_place + 1, place):
            verdict.faults.append(Fault("missing", gone, None, f"place {gone} is missing"))
            previous = None
        if row is None:
            words = f"row {trace_id} (place {place}) is missing"
            verdict.faults.append(Fault("missing", place, trace_id, words))
        elif previous is not None and chain_hash(previous, place, row) != stored:
            suspects.append(_Suspect(place, previous, stored, row))
        verdict.rows += 1
        verdict.last_place, verdict.head, previous = place, stored, stored
        if noted and place == noted[0]:
            noted_hash = stored
    verdict.faults += _judge(suspects)
    verdict.faults += _unplaced(running, now)
    verdict.faults += _cut(running, verdict)
    if noted and noted_hash != noted[1]:
        words = f"place {noted[0]} is not what was noted: rows were cut or chained anew"
        verdict.faults.append(Fault("cut", noted[0], None, words))
    return verdict


def _walk(running: Session) -> Iterator[tuple[int, int, bytes, TraceRow | None]]:
    """Every place in order with its row, in batches that do not fill memory."""
    after = 0
    while True:
        batch = running.execute(
            select(TracePlace, TraceRow)
            .outerjoin(TraceRow, TraceRow.id == TracePlace.trace_id)
            .where(TracePlace.place > after)
            .order_by(TracePlace.place)
            .limit(1000)
        ).all()
        if not batch:
            return
        for place, row in batch:
            yield place.place, place.trace_id, place.hash, row
        after = batch[-1][0].place
        running.expunge_all()


def _judge(suspects: list[_Suspect]) -> list[Fault]:
    """Tell rows that stand in each other's place from rows whose words changed."""
    faults = []
    for suspect in suspects:
        home = next(
            (
                other
                for other in suspects[:MAX_SUSPECTS]
                if other is not suspect
                and chain_hash(suspect.previous, suspect.place, other.row) == suspect.stored
            ),
            None,
        )
        if home:
            words = f"row {suspect.row.id} stands at place {suspect.place}, where row "
            words += f"{home.row.id} was: reordered"
            faults.append(Fault("reordered", suspect.place, suspect.row.id, words))
        else:
            words = f"row {suspect.row.id} (place {suspect.place}) was changed"
            faults.append(Fault("changed", suspect.place, suspect.row.id, words))
    return faults


def _unplaced(running: Session, now: datetime) -> list[Fault]:
    """Rows that should long have had a place: theirs was removed, or the sequencer stands still."""
    found = running.execute(
        select(TraceRow.id, TraceRow.at)
        .outerjoin(TracePlace, TracePlace.trace_id == TraceRow.id)
        .where(TracePlace.place.is_(None))
        .order_by(TraceRow.id)
    )
    return [
        Fault("unplaced", None, row.id, f"row {row.id} has no place since {_instant(row.at)}")
        for row in found
        if (now - row.at).total_seconds() > 60
    ]


def _cut(running: Session, verdict: Verdict) -> list[Fault]:
    """Ids that SQLite gave and that stand nowhere. It gives none twice and skips none; PostgreSQL
    skips those of rolled back transactions, so there only a noted head can tell."""
    if running.get_bind().dialect.name != "sqlite":
        return []
    given = running.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'trace'")).scalar()
    count, highest = running.execute(select(func.count(TraceRow.id), func.max(TraceRow.id))).one()
    named = sum(1 for fault in verdict.faults if fault.kind == "missing" and fault.trace_id)
    missing = (given or 0) - count - named
    if missing <= 0:
        return []
    words = f"{missing} of the {given} rows ever recorded are gone, with their places; the last "
    words += f"that stands is row {highest}"
    return [Fault("cut", None, highest, words)]


def _instant(at: datetime | Any) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
