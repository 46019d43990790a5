"""Every endpoint and socket event records what it does, or stands on the list of silent ones."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from app.sockets import EVENTS
from tests.support.tracing import ROOMS, SILENT, SOMETIMES, reachable_actions
from trace import Action

ROOT = Path(__file__).resolve().parents[2]


def test_every_endpoint_can_leave_a_trace(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        if endpoint not in SILENT:
            assert reachable_actions(view), f"{endpoint} records nothing and is not SILENT"


def test_every_socket_event_can_leave_a_trace(app: Flask) -> None:
    for name, handler in EVENTS.items():
        if name not in SILENT:
            assert reachable_actions(handler), f"{name} records nothing and is not SILENT"


def test_the_exceptions_name_only_what_exists(app: Flask) -> None:
    known = set(app.view_functions) | set(EVENTS)
    assert set(SILENT) <= known
    assert set(SOMETIMES) <= known
    assert not set(SILENT) & set(SOMETIMES)


def test_every_action_is_recorded_somewhere() -> None:
    """A name nobody records would promise a trace that never comes."""
    source = "\n".join(
        path.read_text()
        for room in (*ROOMS, "app")
        for path in (ROOT / room).rglob("*.py")
        if path != ROOT / "trace" / "actions.py"
    )
    named = set(re.findall(r"Action\.([A-Z_]+)", source))
    by_value = {
        f"CASE_{step}" for step in re.findall(r'^    ([A-Z_]+) = "', _steps(), flags=re.MULTILINE)
    }
    assert set(Action.__members__) - named - by_value == set()


def _steps() -> str:
    text = (ROOT / "messaging" / "service" / "steps.py").read_text()
    return text[text.index("class Step(") :].split("\nclass ", 1)[0]


def test_code_that_records_nothing_is_caught() -> None:
    """The look at compiled code sees a missing record, and one several calls away."""
    from auth.service import accounts, directory
    from auth.service.organisations import organisation_names

    assert reachable_actions(organisation_names) == set()
    assert reachable_actions(directory.list_accounts) == {"ACCOUNT_LIST"}
    assert "ACCOUNT_SUSPEND" in reachable_actions(accounts.suspend_account)
