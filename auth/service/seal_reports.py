"""Broken seals that devices found: told to administrators, by place and code."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import and_, or_, select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.errors import Conflict
from app.transactions import transactional
from auth.actor import Actor
from auth.announced import SealReported
from auth.errors import ReportNotFound
from auth.limits import spend
from auth.models import Account, SealReport
from auth.schemas import (
    AccountName,
    PageQuery,
    SealReportBody,
    SealReportList,
    SealReportView,
)
from auth.service.accounts import account_names, get_account
from auth.service.paging import instant, read_cursor, write_cursor
from auth.service.peers import is_stranger
from trace import Action, record


def report_seal(actor: Actor, body: SealReportBody) -> None:
    """Keep a report and tell the administrators. Sent again it is the same one.

    Raises RateLimited, Conflict (another report of that id).
    """
    spend(actor, "seal-report", 60, per=3600)
    _report_seal(actor, body)


@transactional
def _report_seal(actor: Actor, body: SealReportBody) -> None:
    get_account(actor.account_id, lock=True)  # of one report sent twice at once, one waits
    add_report(
        actor,
        id=body.id,
        subject_kind=body.subject_kind,
        subject_id=body.subject_id,
        case_id=body.case,
        verdict=body.verdict,
    )


def add_report(
    actor: Actor,
    *,
    id: UUID,
    subject_kind: str,
    subject_id: UUID | None,
    case_id: UUID | None,
    verdict: str,
) -> None:
    """Keep a report inside the caller's transaction. Raises Conflict."""
    said = (actor.account_id, subject_kind, subject_id, case_id, verdict)
    if known := session().get(SealReport, id):
        if said != _said(known):
            raise Conflict()
        return
    session().add(
        SealReport(
            id=id,
            reporter_id=actor.account_id,
            at=clock.now(),
            subject_kind=subject_kind,
            subject_id=subject_id,
            case_id=case_id,
            verdict=verdict,
            settled_at=None,
            settled_by=None,
        )
    )
    record(
        actor,
        Action.SEAL_REPORT,
        (subject_kind, subject_id),
        case_id=_traced_in(actor.account_id, case_id),
        detail={"reason": verdict},
    )
    announce_on_commit(SealReported(report_id=id, administrators=_administrators()))


@transactional
def list_reports(actor: Actor, query: PageQuery) -> SealReportList:
    """Reports, newest first."""
    wanted = select(SealReport)
    if query.cursor:
        at, ident = read_cursor(query.cursor, instant, UUID)
        wanted = wanted.where(
            or_(SealReport.at < at, and_(SealReport.at == at, SealReport.id < ident))
        )
    wanted = wanted.order_by(SealReport.at.desc(), SealReport.id.desc())
    found = list(session().scalars(wanted.limit(query.limit + 1)))
    page = found[: query.limit]
    names = account_names(report.reporter_id for report in page)
    record(actor, Action.SEAL_LIST, ("report", None), detail={"count": len(page)})
    more = len(found) > query.limit
    return SealReportList(
        items=[_view(report, names) for report in page],
        next=write_cursor(page[-1].at.isoformat(), page[-1].id) if more else None,
    )


@transactional
def settle_report(actor: Actor, report_id: UUID) -> None:
    """Note that somebody looked into it; twice is once. Raises ReportNotFound."""
    report = session().get(SealReport, report_id, with_for_update=True)
    if report is None:
        raise ReportNotFound()
    if report.settled_at:
        return
    report.settled_at = clock.now()
    report.settled_by = actor.account_id
    record(
        actor,
        Action.SEAL_SETTLE,
        (report.subject_kind, report.subject_id),
        case_id=_traced_in(report.reporter_id, report.case_id),
        detail={"reason": report.verdict},
    )


def _traced_in(reporter_id: UUID, case_id: UUID | None) -> UUID | None:
    """The case whose own trace shows the report: a stranger writes nothing into it."""
    return None if case_id is None or is_stranger(reporter_id, case_id) else case_id


def _said(report: SealReport) -> tuple[UUID, str, UUID | None, UUID | None, str]:
    return (
        report.reporter_id,
        report.subject_kind,
        report.subject_id,
        report.case_id,
        report.verdict,
    )


def _view(report: SealReport, names: dict[UUID, str]) -> SealReportView:
    return SealReportView(
        id=report.id,
        at=report.at,
        by=AccountName(id=report.reporter_id, name=names[report.reporter_id]),
        subject_kind=report.subject_kind,
        subject_id=report.subject_id,
        case=report.case_id,
        verdict=report.verdict,
        settled_at=report.settled_at,
    )


def _administrators() -> tuple[UUID, ...]:
    wanted = select(Account.id).where(
        Account.kind == "administrator",
        Account.certified_at.is_not(None),
        Account.suspended_at.is_(None),
    )
    return tuple(session().scalars(wanted))
