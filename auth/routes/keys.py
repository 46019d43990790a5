"""New keys for oneself, and being away."""

from __future__ import annotations

from flask import Response

from app.http import describe, parse, reply
from auth.gate import current_actor, require
from auth.limits import spend
from auth.permissions import Permission
from auth.routes import auth
from auth.schemas import KeysBody, LeaveBody, LeaveView, SessionView
from auth.service import leave, renewal

LEAVES = 30
"""Changes of mind one device may announce in an hour: each is told to every colleague."""


@auth.put("/account/keys")
@require(Permission.ACCOUNT_OWN)
@describe(body=KeysBody, answer=SessionView)
def put_account_keys() -> Response:
    """Replace keys that may be in other hands; other sessions end, a registrar must co-sign."""
    return reply(renewal.renew_keys(current_actor(), parse(KeysBody)))


@auth.put("/account/leave")
@require(Permission.ACCOUNT_OWN)
@describe(body=LeaveBody, answer=LeaveView)
def put_leave() -> Response:
    """Say from when until when one is away, and who stands in."""
    actor = current_actor()
    spend(actor, "leave", LEAVES, per=3600)
    return reply(leave.go_on_leave(actor, parse(LeaveBody)))


@auth.delete("/account/leave")
@require(Permission.ACCOUNT_OWN)
@describe(status=204)
def delete_leave() -> Response:
    """Be back, or stay after all."""
    actor = current_actor()
    spend(actor, "leave", LEAVES, per=3600)
    leave.come_back(actor)
    return reply()
