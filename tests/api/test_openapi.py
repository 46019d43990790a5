"""The whole API held to its own document, by strangers and by people who are signed in.

Schemathesis invents what is sent, the same at every run; then the documented addresses are compared
with the served ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS as KNOWN_CHECKS
from schemathesis.checks import CheckFunction, load_all_checks
from schemathesis.schemas import APIOperation

from app.config import Config
from app.db import session
from app.transactions import transaction
from auth.gate import cookie_name
from auth.models import Account
from auth.service.sessions import begin_session, csrf_token
from tests.factories.care import CareCircle

load_all_checks()
CHECKS: list[CheckFunction] = KNOWN_CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
    ]
)
DOCUMENT = "/api/v1/openapi/openapi.json"
EXAMPLES = 6


@pytest.fixture
def config(config: Config) -> Config:
    """Without rate limits, which would answer before anything else does."""
    return replace(config, rate_limits=False)


@pytest.fixture
def operations(app: Flask) -> list[APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
    schema.config.generation.update(allow_x00=True)
    return [found.ok() for found in schema.get_all_operations()]


def as_signed_in(app: Flask, account_id: UUID) -> dict[str, dict[str, str]]:
    """Cookie and CSRF header of a new session: an earlier request may have ended the last one."""
    with transaction():
        account = session().get_one(Account, account_id)
        login, token = begin_session(account, "Schemathesis", "127.0.0.1")
        headers = {"X-CSRF-Token": csrf_token(login.id)}
    return {"headers": headers, "cookies": {cookie_name(app.config["CORDEE"]): token}}


def known_ids(circle: CareCircle) -> dict[str, str]:
    """What stands behind the ids in addresses, so that requests come further than "not found"."""
    case = circle.open_case()
    return {
        "case_id": case.id,
        "group_id": circle.pool.id,
        "account_id": circle.maret.id,
        "member": circle.roche.id,
    }


@pytest.mark.parametrize("role", ["stranger", "expert", "administrator"])
def test_every_answer_is_as_documented(
    app: Flask,
    care_circle: CareCircle,
    operations: list[APIOperation[Any, Any, Any, Any]],
    role: str,
) -> None:
    known = known_ids(care_circle)
    turns: Iterator[bool] = cycle([True, False])
    faults: list[Exception] = []

    for operation in operations:

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def hold(case: schemathesis.Case) -> None:
            if next(turns):
                for name in known.keys() & case.path_parameters.keys():
                    case.path_parameters[name] = known[name]
            worn = {} if role == "stranger" else as_signed_in(app, care_circle.person(role).uuid)
            case.call_and_validate(checks=CHECKS, **worn)

        try:
            hold()
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("answers not as documented", faults)


def test_the_document_names_every_address(
    app: Flask, operations: list[APIOperation[Any, Any, Any, Any]]
) -> None:
    named = {(operation.method.upper(), operation.path) for operation in operations}
    served = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and rule.rule != DOCUMENT:
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            served |= {(method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert named == served
