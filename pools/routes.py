"""HTTP doors of organisations and groups."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from app.http import describe, parse, parse_query, reply
from auth.gate import current_actor, require
from auth.limits import spend
from auth.permissions import Permission
from pools.schemas import (
    Grant,
    GroupBody,
    GroupChange,
    GroupPage,
    GroupQuery,
    GroupWithKeys,
    OrganisationAnswer,
    OrganisationBody,
    OrganisationChange,
    OrganisationPage,
    PageQuery,
    PendingGrants,
    PreviousBody,
    StatementBody,
)
from pools.service import grants, groups, history, organisations, pending, reading

pools = Blueprint("pools", __name__)

GRANT_REFUSALS = 30
"""Broken grants one device may report in an hour: each is told to administrators."""


@pools.get("/organisations")
@require(Permission.ORGANISATION_READ)
@describe(query=PageQuery, answer=OrganisationPage)
def get_organisations() -> Response:
    return reply(organisations.list_organisations(current_actor(), parse_query(PageQuery)))


@pools.put("/organisations/<uuid:organisation_id>")
@require(Permission.ORGANISATION_WRITE)
@describe(body=OrganisationBody, answer=OrganisationAnswer)
def put_organisation(organisation_id: UUID) -> Response:
    body = parse(OrganisationBody, id=organisation_id)
    return reply(organisations.create_organisation(current_actor(), body))


@pools.patch("/organisations/<uuid:organisation_id>")
@require(Permission.ORGANISATION_WRITE)
@describe(body=OrganisationChange, answer=OrganisationAnswer)
def patch_organisation(organisation_id: UUID) -> Response:
    change = parse(OrganisationChange)
    return reply(organisations.change_organisation(current_actor(), organisation_id, change))


@pools.get("/groups")
@require(Permission.GROUP_READ)
@describe(query=GroupQuery, answer=GroupPage)
def get_groups() -> Response:
    return reply(reading.list_groups(current_actor(), parse_query(GroupQuery)))


@pools.get("/groups/<uuid:group_id>")
@require(Permission.GROUP_READ)
@describe(answer=GroupWithKeys)
def get_group(group_id: UUID) -> Response:
    return reply(reading.read_group(current_actor(), group_id))


@pools.put("/groups/<uuid:group_id>")
@require(Permission.GROUP_CREATE)
@describe(body=GroupBody, answer=GroupWithKeys, status=201)
def put_group(group_id: UUID) -> Response:
    actor = current_actor()
    groups.create_group(actor, parse(GroupBody, id=group_id))
    return reply(reading.show_group(actor, group_id), 201)


@pools.post("/groups/<uuid:group_id>/statements")
@require(Permission.GROUP_STATE)
@describe(body=StatementBody, answer=GroupWithKeys, status=201)
def post_statement(group_id: UUID) -> Response:
    actor = current_actor()
    groups.state_group(actor, group_id, parse(StatementBody))
    return reply(reading.show_group(actor, group_id), 201)


@pools.patch("/groups/<uuid:group_id>")
@require(Permission.GROUP_WRITE)
@describe(body=GroupChange, answer=GroupWithKeys)
def patch_group(group_id: UUID) -> Response:
    actor = current_actor()
    groups.change_group(actor, group_id, parse(GroupChange))
    return reply(reading.show_group(actor, group_id))


@pools.get("/pending-grants")
@require(Permission.GROUP_GRANT)
@describe(answer=PendingGrants)
def get_pending_grants() -> Response:
    return reply(pending.pending_grants(current_actor()))


@pools.put("/groups/<uuid:group_id>/grants/<int:epoch>/<uuid:member>")
@require(Permission.GROUP_GRANT)
@describe(body=Grant, status=204)
def put_grant(group_id: UUID, epoch: int, member: UUID) -> Response:
    grants.grant_group(current_actor(), group_id, epoch, member, parse(Grant))
    return reply()


@pools.delete("/groups/<uuid:group_id>/grants/<int:epoch>/me")
@require(Permission.GROUP_GRANT)
@describe(status=204)
def delete_own_grant(group_id: UUID, epoch: int) -> Response:
    actor = current_actor()
    spend(actor, "grant_refusal", GRANT_REFUSALS, per=3600)
    grants.refuse_grant(actor, group_id, epoch)
    return reply()


@pools.put("/groups/<uuid:group_id>/previous/<int:epoch>")
@require(Permission.GROUP_GRANT)
@describe(body=PreviousBody, status=204)
def put_previous(group_id: UUID, epoch: int) -> Response:
    history.link_epoch(current_actor(), group_id, epoch, parse(PreviousBody))
    return reply()
