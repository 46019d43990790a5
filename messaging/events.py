"""Socket events of cases: each asks afresh who acts and whether they may."""

from __future__ import annotations

from typing import Any

from flask import Flask

from app.extensions import socketio
from app.sockets import register_event
from auth.actor import Actor
from auth.permissions import Permission
from auth.sockets import require_event
from messaging import presence
from messaging.announcements import case_room, tell_presence, tell_typing
from messaging.schemas import (
    JoinBody,
    LeaveBody,
    MessageBody,
    PresenceBody,
    ReceiptBody,
    TypingBody,
)
from messaging.service import joining, receipts, thread


def register_events(app: Flask) -> None:
    register_event(app, "case:join", JoinBody, join_case)
    register_event(app, "case:leave", LeaveBody, leave_case)
    register_event(app, "message:post", MessageBody, post_message)
    register_event(app, "receipt:post", ReceiptBody, post_receipt)
    register_event(app, "typing:post", TypingBody, post_typing)
    register_event(app, "presence:post", PresenceBody, post_presence)


@require_event(Permission.CASE_READ)
def join_case(sid: str, body: JoinBody, actor: Actor) -> dict[str, Any]:
    """Look at a case live. The room comes first: what is posted meanwhile arrives twice at
    worst, and sequences tell."""
    server: Any = socketio.server
    joining.require_reader(actor, body.case)
    server.enter_room(sid, case_room(body.case))
    tell_presence(presence.enter(sid, body.case, actor.account_id))
    joined = joining.join_case(actor, body)
    present = sorted(presence.present_in(body.case))
    return joined.model_copy(update={"present": present}).model_dump(mode="json")


@require_event(Permission.CASE_READ)
def leave_case(sid: str, body: LeaveBody, actor: Actor) -> None:
    """Turn to something else; a room one is not in is left all the same."""
    server: Any = socketio.server
    server.leave_room(sid, case_room(body.case))
    tell_presence(presence.leave(sid, body.case))


@require_event(Permission.CASE_WRITE, amount=60)
def post_message(sid: str, body: MessageBody, actor: Actor) -> dict[str, Any]:
    """Append a sealed text. The ack says it is on the disk."""
    receipt, _ = thread.post_message(actor, body)
    return receipt.model_dump(mode="json")


@require_event(Permission.CASE_READ)
def post_receipt(sid: str, body: ReceiptBody, actor: Actor) -> dict[str, Any]:
    return receipts.move_receipt(actor, body).model_dump(mode="json")


@require_event(Permission.CASE_WRITE)
def post_typing(sid: str, body: TypingBody, actor: Actor) -> None:
    """Passed on to the others who look at the case, at most once a second."""
    joining.require_reader(actor, body.case)
    if presence.looks_at(sid, body.case) and presence.may_tell_typing(sid, body.case, body.on):
        tell_typing(sid, body.case, actor.account_id, body.on)


@require_event(Permission.CASE_READ)
def post_presence(sid: str, body: PresenceBody, actor: Actor) -> None:
    """The window is put aside, or taken up again: for every case it shows."""
    tell_presence(presence.turn_away(sid, body.away))
