"""From what happened to who is told by which way, and when: grouped, and outside quiet hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Row, Table, bindparam, delete, select

from app import clock
from app.db import session
from app.transactions import transactional
from messaging.presence import present_in
from notifications.audience import APART, SECURITY, Concerned, audiences
from notifications.models import Delivery, Happening
from notifications.quiet import next_moment
from notifications.rules import Kind
from notifications.service.preferences import devices_of, preferences_of

BATCH = 100
COOLDOWN = timedelta(minutes=2)
"""After telling somebody of a case, its further messages wait this long and come as one."""

_happening = cast(Table, Happening.__table__)
_DUE = (
    select(_happening)
    .where(_happening.c.due_at <= bindparam("now"))
    .order_by(_happening.c.id)
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
_EXPANDED = delete(_happening).where(_happening.c.id.in_(bindparam("ids", expanding=True)))

Reason = tuple[str, int | None]
"""A kind of happening, and the sequence of the message that came with it."""


@dataclass
class Concern:
    """Everything unsent that concerns one person in one case, as one."""

    kind: str
    urgent: bool
    sequence: int | None

    def join(self, happening: Row[*tuple[Any, ...]]) -> None:
        self.urgent = self.urgent or happening.urgent
        self.kind, self.sequence = weightier(
            (self.kind, self.sequence), (happening.kind, happening.sequence)
        )


@transactional
def expand() -> int:
    """Turn due happenings into deliveries; how many there were."""
    # Plain rows: a lively hour has thousands of them, and each lives once.
    connection = session().connection()
    due = connection.execute(_DUE, {"now": clock.now()}).all()
    if not due:
        return 0
    concerns: dict[tuple[UUID, UUID | None, str], Concern] = {}
    listeners = audiences({Concerned.by(happening) for happening in due})
    lively = {happening.case_id for happening in due if happening.kind == Kind.MESSAGE}
    looking = {case_id: present_in(case_id) for case_id in lively}
    for happening in due:
        for account_id in sorted(listeners[Concerned.by(happening)] - {happening.actor_id}):
            if happening.kind == Kind.MESSAGE and account_id in looking[happening.case_id]:
                # They heard it live; a lively thread would cost a delivery a message.
                continue
            # Facts about an account are told one by one; those of a case flow together.
            flows = happening.case_id and happening.kind not in APART
            own = "" if flows else happening.kind
            key = (account_id, happening.case_id, own)
            if key in concerns:
                concerns[key].join(happening)
            else:
                concerns[key] = Concern(happening.kind, happening.urgent, happening.sequence)
    connection.execute(_EXPANDED, {"ids": [one.id for one in due]})
    for (account_id, case_id, _), concern in concerns.items():
        _tell(account_id, case_id, concern)
    return len(due)


def _tell(account_id: UUID, case_id: UUID | None, concern: Concern) -> None:
    preferences = preferences_of(account_id)
    security = concern.kind in SECURITY
    due_at = clock.now()
    if not security:
        due_at = next_moment(preferences, due_at, concern.urgent)
    if concern.kind == Kind.MESSAGE and not concern.urgent and case_id:
        due_at = max(due_at, _cooled(account_id, case_id))
    if preferences.mail or security:
        _deliver("mail", account_id, case_id, concern, due_at)
    if preferences.push:
        for device in devices_of(account_id):
            _deliver("push", account_id, case_id, concern, due_at, subscription_id=device.id)


def _cooled(account_id: UUID, case_id: UUID) -> datetime:
    """When this person may next hear of messages in this case."""
    last = session().scalar(
        select(Delivery.settled_at)
        .where(
            Delivery.account_id == account_id,
            Delivery.case_id == case_id,
            Delivery.state == "sent",
        )
        .order_by(Delivery.settled_at.desc())
        .limit(1)
    )
    return last + COOLDOWN if last else clock.now()


def _deliver(
    channel: str,
    account_id: UUID,
    case_id: UUID | None,
    concern: Concern,
    due_at: datetime,
    *,
    subscription_id: UUID | None = None,
) -> None:
    """Add a delivery, or join one that still waits for the same person, case and way."""
    waiting = _waiting(channel, account_id, case_id, concern.kind, subscription_id)
    if waiting is not None:
        waiting.urgent = waiting.urgent or concern.urgent
        waiting.kind, waiting.sequence = weightier(
            (waiting.kind, waiting.sequence), (concern.kind, concern.sequence)
        )
        waiting.due_at = min(waiting.due_at, due_at)
        return
    session().add(
        Delivery(
            id=uuid4(),
            channel=channel,
            kind=concern.kind,
            account_id=account_id,
            subscription_id=subscription_id,
            case_id=case_id,
            sequence=concern.sequence,
            urgent=concern.urgent,
            state="waiting",
            attempts=0,
            created_at=clock.now(),
            due_at=due_at,
        )
    )
    session().flush()


def _waiting(
    channel: str, account_id: UUID, case_id: UUID | None, kind: str, subscription_id: UUID | None
) -> Delivery | None:
    same: list[ColumnElement[bool]] = [
        Delivery.account_id == account_id,
        Delivery.channel == channel,
        Delivery.state == "waiting",
        Delivery.claimed_until.is_(None),
    ]
    same.append(Delivery.case_id == case_id if case_id else Delivery.case_id.is_(None))
    if case_id is None or kind in APART:
        same.append(Delivery.kind == kind)
    else:
        same.append(Delivery.kind.not_in(APART))
    if subscription_id:
        same.append(Delivery.subscription_id == subscription_id)
    query = select(Delivery).where(*same).limit(1).with_for_update()
    return session().scalar(query)


def weightier(one: Reason, other: Reason) -> Reason:
    """Two reasons to tell the same person of the same case, as one.

    A step outweighs talk, which outweighs a case waiting in the pool: the weightier is the last
    to become needless. Of equals the later message counts; None, which no reading settles, wins.
    """
    if _weight(one) != _weight(other):
        return max(one, other, key=_weight)
    (kind, first), (_, second) = one, other
    return kind, None if first is None or second is None else max(first, second)


def _weight(reason: Reason) -> int:
    return {Kind.CASE_OPENED: 0, Kind.MESSAGE: 1}.get(Kind(reason[0]), 2)
