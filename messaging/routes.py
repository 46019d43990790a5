"""HTTP doors of cases."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from app.http import describe, parse, parse_query, reply
from auth.gate import current_actor, require
from auth.limits import spend, spend_key
from auth.permissions import Permission
from auth.trace_schemas import TraceList
from messaging.export_schemas import ExportQuery, TraceExport
from messaging.schemas import (
    CaseAnswer,
    CaseBody,
    CasesAnswer,
    CasesQuery,
    EventBody,
    MessageBody,
    MessageReceipt,
    MessagesAnswer,
    MessagesQuery,
    OverflowAnswer,
    OverflowBody,
    ReceiptAnswer,
    ReceiptBody,
    StepAnswer,
    StepBody,
    TraceQuery,
)
from messaging.service import (
    exporting,
    inbox,
    opening,
    overflowing,
    reading,
    receipts,
    stepping,
    thread,
    travelling,
)

cases = Blueprint("messaging", __name__)

EVENTS_OF_A_CASE = 60
"""By one person in an hour. Whoever reads a case may change its key; each time stays for good, and
every reader verifies all of them."""


@cases.get("/cases")
@require(Permission.CASE_LIST)
@describe(query=CasesQuery, answer=CasesAnswer)
def get_cases() -> Response:
    return reply(inbox.list_cases(current_actor(), parse_query(CasesQuery)))


@cases.put("/cases/<uuid:case_id>")
@require(Permission.CASE_OPEN)
@describe(body=CaseBody, answer=CaseAnswer, status=201)
def put_case(case_id: UUID) -> Response:
    actor = current_actor()
    spend(actor, "case", 60, per=60)
    return reply(opening.open_case(actor, parse(CaseBody, id=case_id)), 201)


@cases.get("/cases/<uuid:case_id>")
@require(Permission.CASE_READ)
@describe(answer=CaseAnswer)
def get_case(case_id: UUID) -> Response:
    return reply(reading.read_case(current_actor(), case_id))


@cases.get("/cases/<uuid:case_id>/messages")
@require(Permission.CASE_READ)
@describe(query=MessagesQuery, answer=MessagesAnswer)
def get_messages(case_id: UUID) -> Response:
    return reply(reading.read_messages(current_actor(), case_id, parse_query(MessagesQuery)))


@cases.put("/cases/<uuid:case_id>/messages/<uuid:message_id>")
@require(Permission.CASE_WRITE)
@describe(body=MessageBody, answer=MessageReceipt, status=201)
def put_message(case_id: UUID, message_id: UUID) -> Response:
    actor = current_actor()
    spend(actor, "message", 60, per=10)
    receipt, new = thread.post_message(actor, parse(MessageBody, case=case_id, id=message_id))
    return reply(receipt, 201 if new else 200)


@cases.put("/cases/<uuid:case_id>/steps/<uuid:step_id>")
@require(Permission.CASE_WRITE)
@describe(body=StepBody, answer=StepAnswer)
def put_step(case_id: UUID, step_id: UUID) -> Response:
    actor = current_actor()
    spend(actor, "step", 60, per=60)
    return reply(stepping.take_step(actor, parse(StepBody, case=case_id, id=step_id)))


@cases.post("/cases/<uuid:case_id>/events")
@require(Permission.CASE_WRITE)
@describe(body=EventBody, answer=CaseAnswer)
def post_event(case_id: UUID) -> Response:
    actor = current_actor()
    spend(actor, "event", 120, per=60)
    spend_key("event:case", f"{actor.account_id}:{case_id}", EVENTS_OF_A_CASE, per=3600)
    return reply(travelling.post_event(actor, parse(EventBody, case=case_id)))


@cases.post("/cases/<uuid:case_id>/overflow")
@require(Permission.CASE_WRITE)
@describe(body=OverflowBody, answer=OverflowAnswer)
def post_overflow(case_id: UUID) -> Response:
    actor = current_actor()
    spend(actor, "step", 60, per=60)
    return reply(overflowing.pass_on(actor, parse(OverflowBody, case=case_id)))


@cases.put("/cases/<uuid:case_id>/receipts")
@require(Permission.CASE_READ)
@describe(body=ReceiptBody, answer=ReceiptAnswer)
def put_receipt(case_id: UUID) -> Response:
    return reply(receipts.move_receipt(current_actor(), parse(ReceiptBody, case=case_id)))


@cases.get("/cases/<uuid:case_id>/trace-export")
@require(Permission.TRACE_READ)
@describe(query=ExportQuery, answer=TraceExport)
def get_trace_export(case_id: UUID) -> Response:
    """The case's trace with all that proves it, for an administrator."""
    actor = current_actor()
    spend(actor, "trace-export", 30, per=600)
    asked = parse_query(ExportQuery)
    return reply(exporting.export_trace(actor, case_id, asked.from_size))


@cases.get("/cases/<uuid:case_id>/trace")
@require(Permission.CASE_TRACE)
@describe(query=TraceQuery, answer=TraceList)
def get_case_trace(case_id: UUID) -> Response:
    return reply(reading.read_trace(current_actor(), case_id, parse_query(TraceQuery)))
