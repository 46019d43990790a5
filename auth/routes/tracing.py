"""The trace for administrators."""

from __future__ import annotations

from flask import Response

from app.http import describe, parse_query, reply
from auth.gate import current_actor, require
from auth.permissions import Permission
from auth.routes import auth
from auth.service import trace_reading
from auth.trace_schemas import TraceList, TraceQuery


@auth.get("/trace")
@require(Permission.TRACE_READ)
@describe(query=TraceQuery, answer=TraceList)
def get_trace() -> Response:
    """Who did or read what, when: filtered by person, case, action and period."""
    return reply(trace_reading.read_trace(current_actor(), parse_query(TraceQuery)))


@auth.get("/trace.csv")
@require(Permission.TRACE_READ)
@describe(query=TraceQuery)
def get_trace_csv() -> Response:
    """The same as a spreadsheet, whole."""
    lines = trace_reading.export_trace(current_actor(), parse_query(TraceQuery))
    answer = Response(lines, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="cordee-trace.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
