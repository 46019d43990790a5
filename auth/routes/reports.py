"""Broken seals: what devices report, and what administrators make of it."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.http import describe, parse, parse_query, reply
from auth.gate import current_actor, require
from auth.permissions import Permission
from auth.routes import auth
from auth.schemas import PageQuery, SealReportBody, SealReportList
from auth.service import seal_reports


@auth.post("/seal-reports")
@require(Permission.SEAL_REPORT)
@describe(body=SealReportBody, status=204)
def post_seal_report() -> Response:
    """Tell the administrators that a seal did not hold: where, and a code. Never the content."""
    seal_reports.report_seal(current_actor(), parse(SealReportBody))
    return reply()


@auth.get("/seal-reports")
@require(Permission.SEAL_ADMIN)
@describe(query=PageQuery, answer=SealReportList)
def get_seal_reports() -> Response:
    """What was reported, newest first."""
    return reply(seal_reports.list_reports(current_actor(), parse_query(PageQuery)))


@auth.post("/seal-reports/<uuid:report_id>/settlement")
@require(Permission.SEAL_ADMIN)
@describe(status=204)
def post_settlement(report_id: UUID) -> Response:
    """Note that a report was looked into."""
    seal_reports.settle_report(current_actor(), report_id)
    return reply()
