"""The directory and what administrators do with people."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.http import describe, parse, parse_query, reply
from auth.gate import current_actor, require
from auth.permissions import Permission
from auth.routes import auth
from auth.schemas import (
    AccountList,
    AccountPatch,
    AccountQuery,
    AccountView,
    InvitationBody,
    InvitationList,
    InvitationView,
    PageQuery,
    ReturnStart,
    ReturnStarted,
    StatementBody,
)
from auth.service import accounts, certification, directory, invitations, returning


@auth.get("/accounts")
@require(Permission.ACCOUNT_READ)
@describe(query=AccountQuery, answer=AccountList)
def get_accounts() -> Response:
    """People of the network and the chains that prove their keys."""
    return reply(directory.list_accounts(current_actor(), parse_query(AccountQuery)))


@auth.put("/accounts/<uuid:account_id>/certification")
@require(Permission.ACCOUNT_CERTIFY)
@describe(body=StatementBody, answer=AccountView)
def put_certification(account_id: UUID) -> Response:
    """Add a registrar's signature to a person's keys."""
    statement = parse(StatementBody).statement.model_dump(mode="json")
    return reply(certification.certify_account(current_actor(), account_id, statement))


@auth.post("/accounts/<uuid:account_id>/return")
@require(Permission.ACCOUNT_CERTIFY)
@describe(body=ReturnStart, answer=ReturnStarted, status=201)
def post_account_return(account_id: UUID) -> Response:
    """Let somebody back who lost everything and whom the caller has just recognised."""
    body = parse(ReturnStart)
    return reply(returning.start_return(current_actor(), account_id, body), 201)


@auth.post("/accounts/<uuid:account_id>/suspension")
@require(Permission.ACCOUNT_SUSPEND)
@describe(status=204)
def post_suspension(account_id: UUID) -> Response:
    """Close a person's doors at once."""
    accounts.suspend_account(current_actor(), account_id)
    return reply()


@auth.delete("/accounts/<uuid:account_id>/suspension")
@require(Permission.ACCOUNT_SUSPEND)
@describe(status=204)
def delete_suspension(account_id: UUID) -> Response:
    """Open them again."""
    accounts.reinstate_account(current_actor(), account_id)
    return reply()


@auth.patch("/accounts/<uuid:account_id>")
@require(Permission.ACCOUNT_WRITE)
@describe(body=AccountPatch, answer=AccountView)
def patch_account(account_id: UUID) -> Response:
    """Say on behalf of which organisation a person acts."""
    body = parse(AccountPatch)
    return reply(accounts.move_account(current_actor(), account_id, body.organisation))


@auth.post("/invitations")
@require(Permission.ACCOUNT_INVITE)
@describe(body=InvitationBody, answer=InvitationView, status=201)
def post_invitation() -> Response:
    """Invite somebody by mail."""
    return reply(invitations.invite(current_actor(), parse(InvitationBody)), 201)


@auth.get("/invitations")
@require(Permission.ACCOUNT_INVITE)
@describe(query=PageQuery, answer=InvitationList)
def get_invitations() -> Response:
    """Invitations sent, used and expired."""
    return reply(invitations.list_invitations(current_actor(), parse_query(PageQuery)))


@auth.post("/invitations/<uuid:invitation_id>/renewal")
@require(Permission.ACCOUNT_INVITE)
@describe(answer=InvitationView)
def post_renewal(invitation_id: UUID) -> Response:
    """Send a new link in place of the old one."""
    return reply(invitations.renew_invitation(current_actor(), invitation_id))


@auth.delete("/invitations/<uuid:invitation_id>")
@require(Permission.ACCOUNT_INVITE)
@describe(status=204)
def delete_invitation(invitation_id: UUID) -> Response:
    """Make a link useless."""
    invitations.revoke_invitation(current_actor(), invitation_id)
    return reply()
