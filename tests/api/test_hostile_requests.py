"""Requests nobody's page writes."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("body", ["[" * 400_000, '{"mail":' + "[" * 100_000 + "]" * 100_000 + "}"])
def test_brackets_upon_brackets_are_refused_not_a_fault(client: FlaskClient, body: str) -> None:
    answer = client.post("/api/v1/sign-in/opening", data=body, headers=JSON)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_body")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via"])
def test_figures_are_not_passed_on_by_a_proxy_of_this_machine(
    client: FlaskClient, header: str
) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={header: "192.0.2.1"}).status_code == 404
