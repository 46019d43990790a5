"""No endpoint and no socket event without a permission, unless it is on the one public list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.sockets import EVENTS
from auth.permissions import PUBLIC_ENDPOINTS, ROLES, Permission
from tests.factories.people import FoundedNetwork

SAFE = {"GET", "HEAD", "OPTIONS"}
VALUES = {"UUIDConverter": str(uuid4()), "IntegerConverter": 0}


def permission_of(handler: Callable[..., Any]) -> Permission | None:
    """The permission that guards a handler, however deep its decorators."""
    looked_at: Any = handler
    while looked_at is not None:
        if isinstance(found := getattr(looked_at, "permission", None), Permission):
            return found
        looked_at = getattr(looked_at, "__wrapped__", None)
    return None


def guarded_rules(app: Flask) -> Iterator[tuple[Rule, str, str, Permission]]:
    """Every guarded rule with each of its methods and an address that fits it."""
    for rule in app.url_map.iter_rules():
        permission = permission_of(app.view_functions[rule.endpoint])
        if permission is None:
            continue
        values = {
            name: VALUES.get(type(converter).__name__, "x")
            for name, converter in rule._converters.items()
        }
        _, path = rule.build(values) or ("", "")
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule, method, path, permission


def test_every_endpoint_is_guarded_or_public(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        guarded = permission_of(view) is not None
        public = endpoint in PUBLIC_ENDPOINTS
        assert guarded != public, f"{endpoint} needs @require(…), or a place in PUBLIC_ENDPOINTS"


def test_the_public_list_names_only_what_exists(app: Flask) -> None:
    assert set(PUBLIC_ENDPOINTS) <= set(app.view_functions)
    assert len(set(PUBLIC_ENDPOINTS)) == len(PUBLIC_ENDPOINTS)


def test_every_socket_event_is_guarded(app: Flask) -> None:
    assert EVENTS
    for name, handler in EVENTS.items():
        assert permission_of(handler), f"{name} needs @require_event(…)"


def test_every_permission_guards_something(app: Flask) -> None:
    used = {permission_of(view) for view in app.view_functions.values()}
    used |= {permission_of(handler) for handler in EVENTS.values()}
    checked_inside = {Permission.CASE_ANSWER, Permission.CASE_PASS_ON}
    assert set(Permission) - used - checked_inside == set()


def test_an_uncertified_person_passes_only_their_own_doors() -> None:
    assert ROLES["uncertified"] == {
        Permission.SESSION_OWN,
        Permission.ACCOUNT_OWN,
        Permission.NOTIFICATION_OWN,
        Permission.SEAL_REPORT,
    }
    assert ROLES["uncertified"] < ROLES["clinician"] < ROLES["administrator"] == set(Permission)


def test_nobody_passes_a_guarded_door_without_signing_in(app: Flask) -> None:
    visitor = app.test_client()
    for rule, method, path, _ in guarded_rules(app):
        answer = visitor.open(path, method=method, json={})
        assert (answer.status_code, answer.json["code"]) == (401, "not_signed_in"), rule.endpoint


@pytest.mark.parametrize("role", ["uncertified", "clinician"])
def test_nobody_passes_a_door_their_role_does_not_open(app: Flask, role: str) -> None:
    network = FoundedNetwork(app)
    person = network.waiting("favre@reseau.test", "Claire Favre")
    refusal = "not_certified"
    if role == "clinician":
        network.certify(person)
        refusal = "not_permitted"
    tried = 0
    for rule, method, path, permission in guarded_rules(app):
        if permission in ROLES[role]:
            continue
        tried += 1
        answer = person.http.open(
            path, method=method, json={}, headers={"X-CSRF-Token": person.csrf}
        )
        assert (answer.status_code, answer.json["code"]) == (403, refusal), rule.endpoint
    assert tried > 5


def test_no_unsafe_request_passes_without_the_csrf_token(app: Flask) -> None:
    person = FoundedNetwork(app).favre()
    for rule, method, path, _ in guarded_rules(app):
        if method in SAFE:
            continue
        answer = person.http.open(path, method=method, json={})
        assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed"), rule.endpoint
