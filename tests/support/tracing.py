"""Which doors leave no trace, and why; how to see that every other one does.

Two looks at the same promise. `reachable_actions` reads the compiled code behind a handler: it needs
no request, so a new endpoint is judged the day it is written. `watch` looks at the table during the
tests: it sees what really happened.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import text

from app.db import database
from trace import Action

ROOMS = ("auth", "pools", "messaging", "attachments", "notifications", "trace")

SILENT: dict[str, str] = {
    "health.alive": "says nothing of anybody",
    "health.ready": "says nothing of anybody",
    "health.metrics": "figures for this machine",
    "openapi_api/v1/openapi": "the public description of the API",
    "pages.shell": "the same page for everybody",
    "pages.static_file": "the same file for everybody",
    "pages.service_worker": "the same file for everybody",
    "pages.manifest": "the same file for everybody",
    "pages.choose_language": "a cookie of one's own",
    "auth.get_network": "public facts",
    "auth.post_sign_up_opening": "reads an invitation; a refusal is traced",
    "auth.post_sign_in_opening": "answers known and unknown people alike",
    "auth.post_return_opening": "reads a return link; a refusal is traced",
    "auth.get_session": "one's own, asked at every start of the application",
    "auth.get_sessions": "one's own",
    "attachments.get_capabilities": "public facts",
    "logs.get_checkpoint": "the same log for everybody",
    "logs.get_leaves": "the same log for everybody",
    "logs.get_consistency": "the same log for everybody",
    "logs.get_inclusion": "the same log for everybody",
    "logs.post_cosignature": "a witness's signature on a public state, kept beside it",
    "attachments.head_upload": "how far one's own upload went",
    "attachments.patch_upload": "a piece of one's own upload; beginning and end are traced",
    "attachments.get_case_attachments": "how far uploads went; files are traced when fetched",
    "notifications.get_preferences": "one's own",
    "demo.get_people": "the demonstration only",
    "demo.get_code": "the demonstration only",
    "demo.get_mails": "the demonstration only",
    "case:leave": "looking away changes nothing and reads nothing",
    "typing:post": "kept nowhere",
    "presence:post": "kept nowhere",
}
"""Every endpoint and event that may succeed without a row, each with its reason."""

SOMETIMES: dict[str, str] = {
    "messaging.put_receipt": "only when more was read than before",
    "messaging.post_event": "only an event not in the chain yet",
    "messaging.post_overflow": "the same passing on, asked again, is not done again",
    "pools.put_grant": "only when the grant was missing",
    "pools.put_previous": "only the first link of each author",
    "pools.delete_own_grant": "only when there was a grant to refuse",
    "pools.post_statement": "only a statement not in the chain yet",
    "auth.patch_account": "only when the organisation changes",
    "auth.delete_suspension": "only when suspended",
    "auth.post_suspension": "only when not suspended already",
    "auth.put_account_keys": "only keys that do not wait already",
    "auth.delete_leave": "only when a leave was announced",
    "auth.post_seal_report": "the same report sent again is one",
    "auth.post_settlement": "only a report not settled yet",
    "auth.put_policy": "only a policy not installed yet",
    "attachments.post_upload": "the same upload announced again is found again",
    "attachments.post_overridden": "stands for another method",
    "attachments.get_attachment": "HEAD and an unchanged file read nothing",
}
"""Those that leave a row only when something happens; their code is looked at, not each answer."""


def reachable_actions(handler: Callable[..., Any]) -> set[str]:
    """Names of the actions that the code behind a handler can record as done."""
    found: set[str] = set()
    seen: set[types.CodeType] = set()
    waiting = [_innermost(handler)]
    while waiting:
        function = waiting.pop()
        for code in _codes(function.__code__):
            if code in seen:
                continue
            seen.add(code)
            found.update(_actions_in(code))
            waiting.extend(_functions_in(code, function.__globals__))
    return {name for name in found if not name.endswith(("_DENY", "_FAILURE", "_REFUSED"))}


def watch(app: Flask) -> list[str]:
    """Look at the trace around every request; returns a list that names each silent success."""
    silent: list[str] = []
    before: set[tuple[str, str]] = set()

    @app.before_request
    def note() -> None:
        g.trace_before = _highest()

    @app.after_request
    def compare(response: Response) -> Response:
        endpoint = request.endpoint or ""
        asked = (request.method, request.full_path)
        again = request.method in ("PUT", "PATCH", "DELETE") and asked in before
        excused = endpoint in SILENT or endpoint in SOMETIMES or request.method == "OPTIONS"
        if 200 <= response.status_code < 300 and "trace_before" in g and not excused and not again:
            before.add(asked)
            if _highest() == g.trace_before:
                silent.append(f"{request.method} {request.path} ({endpoint}) left no trace")
        return response

    return silent


def _highest() -> int:
    with database().engine.connect() as connection:
        both = "SELECT (SELECT count(*) FROM trace) + (SELECT count(*) FROM security_event)"
        return connection.execute(text(both)).scalar() or 0


def _innermost(handler: Callable[..., Any]) -> types.FunctionType:
    while hasattr(handler, "__wrapped__"):
        handler = handler.__wrapped__
    assert isinstance(handler, types.FunctionType)
    return handler


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _actions_in(code: types.CodeType) -> Iterator[str]:
    """`Action.CASE_OPEN`, or any action when it is looked up by value: `Action(f"case:{step}")`."""
    named = False
    for step in dis.get_instructions(code):
        if named:
            if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval in Action.__members__:
                yield str(step.argval)
            elif step.opname not in ("CACHE", "PRECALL"):
                yield "BY_VALUE"
        named = step.argval == "Action" and step.opname in ("LOAD_GLOBAL", "LOAD_ATTR")


def _functions_in(code: types.CodeType, scope: dict[str, Any]) -> Iterator[types.FunctionType]:
    """Functions of our rooms that this code names, directly or as `module.function`."""
    for name in code.co_names:
        value = scope.get(name)
        if isinstance(value, types.ModuleType) and _ours(value.__name__):
            inside = [getattr(value, other, None) for other in code.co_names]
        elif isinstance(value, type) and _ours(value.__module__):
            inside = [value.__dict__.get(other) for other in code.co_names]
        else:
            inside = [value]
        for function in inside:
            if callable(function) and _ours(getattr(function, "__module__", "") or ""):
                innermost = function
                while hasattr(innermost, "__wrapped__"):
                    innermost = innermost.__wrapped__
                if isinstance(innermost, types.FunctionType):
                    yield innermost


def _ours(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in ROOMS
