"""The one place that tells sockets anything. A hint, never the truth: HTTP is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from threading import Lock
from typing import Any
from uuid import UUID

from app.announcements import on_commit
from app.config import Config
from app.db import session
from app.extensions import socketio
from app.transactions import transactional
from auth.announced import CaseRestored
from auth.sockets import account_room, on_disconnect
from messaging import leaving, presence
from messaging.announced import (
    CaseClaimed,
    CaseFact,
    CaseOpened,
    CircleChanged,
    MessagePosted,
    PostedMessage,
    ReceiptMoved,
    StepTaken,
)
from messaging.models import Case
from messaging.schemas import AttachmentAnswer, MessageAnswer, Named
from messaging.service.access import brought_in
from pools.rooms import group_room

HINT_EVERY = 0.25
"""Seconds within which the inbox hints of one case's messages become one."""


def register_announcements(config: Config) -> None:
    """Listen for what happened, and for sockets that go."""
    presence.bind(config)
    leaving.bind(config, _leave_case)
    on_commit(CaseOpened, tell_case_changed)
    on_commit(CaseClaimed, tell_case_changed)
    on_commit(StepTaken, _tell_step)
    on_commit(MessagePosted, _tell_message)
    on_commit(ReceiptMoved, _tell_receipt)
    on_commit(CircleChanged, _tell_circle)
    on_commit(CaseRestored, _tell_restored)
    on_disconnect(_leave_cases)


def case_room(case_id: UUID) -> str:
    """Every device that looks at a case."""
    return f"case:{case_id}"


def tell_case(case_id: UUID, event: str, payload: dict[str, Any]) -> None:
    """Say something to whoever looks at the case: for rooms above this one."""
    socketio.emit(event, payload, to=case_room(case_id))


def tell_typing(sid: str, case_id: UUID, account_id: UUID, on: bool) -> None:
    """Tell the others of the case that somebody writes, or stopped."""
    payload = {"case": str(case_id), "account": str(account_id), "on": on}
    socketio.emit("typing:changed", payload, to=case_room(case_id), skip_sid=sid)


def tell_presence(changes: Iterable[presence.Change]) -> None:
    """Tell the case who came and who went."""
    for change in changes:
        payload = {
            "case": str(change.case_id),
            "account": str(change.account_id),
            "present": change.present,
        }
        socketio.emit("presence:changed", payload, to=case_room(change.case_id))


def tell_case_changed(fact: CaseFact) -> None:
    """Tell everybody whom the case concerns where it stands."""
    others = _brought_in([fact.case_id])[fact.case_id]
    rooms = [case_room(fact.case_id), *_inboxes(fact), *others]
    socketio.emit("case:changed", _standing(fact), to=rooms)


def _tell_circle(fact: CircleChanged) -> None:
    """Who reads the case is not as it was: to those who do, and to those who no longer do."""
    changed = {"case": str(fact.case_id)}
    others = _brought_in([fact.case_id])[fact.case_id]
    rooms = [case_room(fact.case_id), *_inboxes(fact), *others]
    leaving.put_out(fact.case_id, fact.left)
    socketio.emit("circle:changed", changed, to=rooms)
    if fact.purpose not in ("rekey", "regrant"):
        socketio.emit("case:changed", _standing(fact), to=rooms)


def _tell_restored(fact: CaseRestored) -> None:
    """A custodian read the case: its people look again, and find it in the trace."""
    rooms = [case_room(fact.case_id), *_own_rooms(fact.case_id)]
    rooms += _brought_in([fact.case_id])[fact.case_id]
    socketio.emit("circle:changed", {"case": str(fact.case_id)}, to=rooms)


def _tell_step(fact: StepTaken) -> None:
    if fact.posted:
        _tell_posted(fact, fact.posted)
    tell_case_changed(fact)


def _tell_message(fact: MessagePosted) -> None:
    _tell_posted(fact, fact.posted)
    _hints.add(fact)


def _tell_posted(fact: CaseFact, posted: PostedMessage) -> None:
    message = MessageAnswer(
        id=posted.message_id,
        case=fact.case_id,
        sequence=posted.sequence,
        author=Named(id=fact.actor_id, name=fact.actor_name),
        kind=posted.kind,
        generation=posted.generation,
        sealed=posted.sealed,
        attachments=[
            AttachmentAnswer(id=attachment_id, size=size, stored=False)
            for attachment_id, size in posted.attachments
        ],
        posted_at=posted.posted_at,
    )
    tell_case(fact.case_id, "message:posted", message.model_dump(mode="json"))


def _tell_receipt(fact: ReceiptMoved) -> None:
    tell_case(
        fact.case_id,
        "receipt:changed",
        {
            "case": str(fact.case_id),
            "account": str(fact.account_id),
            "read": fact.read,
            "delivered": fact.delivered,
        },
    )


def _leave_case(sid: str, case_id: UUID) -> None:
    """Out of one case's room."""
    server: Any = socketio.server
    server.leave_room(sid, case_room(case_id))
    tell_presence(presence.leave(sid, case_id))


@transactional(read_only=True)
def _own_rooms(case_id: UUID) -> list[str]:
    """The rooms of those whom the case's columns name, when no fact says them."""
    case = session().get_one(Case, case_id)
    groups = [one for one in (case.pool_id, case.care_team_id) if one]
    return [account_room(case.opened_by), *map(group_room, groups)]


@transactional(read_only=True)
def _brought_in(cases: list[UUID]) -> dict[UUID, list[str]]:
    """By case, the rooms of those who joined its circle after the opening."""
    rooms: dict[UUID, list[str]] = defaultdict(list)
    for party in brought_in(cases):
        room = group_room if party.kind == "group" else account_room
        rooms[party.case_id].append(room(party.holder_id))
    return rooms


def _leave_cases(sid: str, account_id: UUID) -> None:
    tell_presence(presence.forget(sid))


def _standing(fact: CaseFact) -> dict[str, Any]:
    expert = {"id": str(fact.expert_id), "name": fact.expert_name} if fact.expert_id else None
    return {
        "case": str(fact.case_id),
        "state": fact.state,
        "urgency": fact.urgency,
        "pool": str(fact.pool_id),
        "expert": expert,
        "last_sequence": fact.last_sequence,
        "opened_by": str(fact.opened_by),
        "due_at": fact.due_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _inboxes(fact: CaseFact) -> list[str]:
    rooms = [group_room(fact.pool_id), account_room(fact.opened_by)]
    return [*rooms, group_room(fact.care_team_id)] if fact.care_team_id else rooms


class _Hints:
    """Inbox hints about messages, gathered: a lively thread is one hint, not one a message."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: dict[UUID, MessagePosted] = {}

    def add(self, fact: MessagePosted) -> None:
        with self.lock:
            first = not self.waiting
            known = self.waiting.get(fact.case_id)
            if known is None or known.last_sequence < fact.last_sequence:
                self.waiting[fact.case_id] = fact
        if first:
            socketio.start_background_task(self._tell_soon)

    def _tell_soon(self) -> None:
        socketio.sleep(HINT_EVERY)
        with self.lock:
            facts, self.waiting = list(self.waiting.values()), {}
        others = _brought_in([fact.case_id for fact in facts])
        for fact in facts:
            rooms = [*_inboxes(fact), *others[fact.case_id]]
            socketio.emit("case:changed", _standing(fact), to=rooms)


_hints = _Hints()
