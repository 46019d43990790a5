"""Recording an act: in its own transaction's fate, or, for a refusal, after the rollback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Protocol, cast
from uuid import UUID

from sqlalchemy import Insert, Table

from app import clock
from app.db import current_session
from app.group_commit import insert_together
from app.transactions import after_rollback, transaction
from trace.actions import DETAIL_KEYS, SECURITY_ACTIONS, Action
from trace.models import SecurityEvent, TraceRow

Result = Literal["done", "refused", "denied"]
Subject = tuple[str, UUID | str | None]
MAX_DETAIL_TEXT = 64

INSERT = cast(Table, TraceRow.__table__).insert().inline()
"""Built once: every act runs it. Takes what `compose` gives, one mapping or a list of them."""
INSERT_SECURITY = cast(Table, SecurityEvent.__table__).insert().inline()
"""The same for `SECURITY_ACTIONS`, which stand in a store of their own."""


class Actor(Protocol):
    """What the trace needs to know of who acts; `auth.actor.Actor` is one."""

    @property
    def account_id(self) -> UUID | None: ...
    @property
    def organisation_id(self) -> UUID | None: ...
    @property
    def session_id(self) -> UUID | None: ...
    @property
    def address(self) -> str | None: ...


class DetailUndeclared(ValueError):
    """A detail that no row may carry, or a value that is not a code, a number or an id."""


def compose(
    actor: Actor | None,
    action: Action,
    subject: Subject,
    *,
    case_id: UUID | None = None,
    result: Result = "done",
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The row as a mapping, for a writer that inserts many at once; `record` for all others."""
    kind, subject_id = subject
    return {
        "at": clock.now(),
        "actor_id": actor.account_id if actor else None,
        "organisation_id": actor.organisation_id if actor else None,
        "session_id": actor.session_id if actor else None,
        "address": actor.address[:64] if actor and actor.address else None,
        "action": str(action),
        "subject_kind": kind,
        "subject_id": None if subject_id is None else str(subject_id),
        "case_id": case_id,
        "result": result,
        "detail": _as_text(detail),
    }


def record(
    actor: Actor | None,
    action: Action,
    subject: Subject,
    *,
    case_id: UUID | None = None,
    result: Result = "done",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add a row to the running transaction: both commit, or neither.

    `subject` is a kind and an id, such as `("message", message.id)`; `case_id` lets the case's
    participants see the row. `detail` holds only keys of DETAIL_KEYS.
    """
    row = compose(actor, action, subject, case_id=case_id, result=result, detail=detail)
    insert_together(_store_of(action), row)


def record_refusal(
    actor: Actor | None,
    action: Action,
    subject: Subject,
    *,
    case_id: UUID | None = None,
    result: Result = "denied",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Record what was refused, in a transaction of its own that the refusal cannot roll back.

    Inside a transaction the caller must raise right after: the row is written once it has rolled
    back, and not at all if it commits.
    """
    row = compose(actor, action, subject, case_id=case_id, result=result, detail=detail)

    def write() -> None:
        with transaction() as alone:
            alone.connection().execute(_store_of(action), row)

    if current_session.get() is None:
        write()
    else:
        after_rollback(write)


def _store_of(action: Action) -> Insert:
    return INSERT_SECURITY if action in SECURITY_ACTIONS else INSERT


def _as_text(detail: Mapping[str, Any] | None) -> str | None:
    if not detail:
        return None
    for key, value in detail.items():
        if key not in DETAIL_KEYS:
            raise DetailUndeclared(f"{key} is not a declared detail")
        if isinstance(value, UUID):
            continue
        if not isinstance(value, bool | int | str | None) or (
            isinstance(value, str) and len(value) > MAX_DETAIL_TEXT
        ):
            raise DetailUndeclared(f"{key} must be a code, a number or an id")
    return json.dumps(dict(detail), sort_keys=True, separators=(",", ":"), default=str)
