"""What holds when browsers come by HTTPS, and what the operator's commands do."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import replace
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from app.commands import commands
from app.config import Config
from app.factory import create_app
from auth.gate import cookie_name
from client.crypto import cosign_statement, sign_public, sign_statement, statement_hash
from tests.factories.people import FoundedNetwork, Person, b64


@pytest.fixture
def run(config: Config, monkeypatch: pytest.MonkeyPatch):
    """Run a server command against the test's database."""
    for name, value in {
        "CORDEE_BASE_URL": config.base_url,
        "CORDEE_SECRET_KEY": config.secret_key,
        "CORDEE_DATABASE_URL": config.database_url,
        "CORDEE_BLOB_URL": config.blob_url,
        "CORDEE_SMTP_URL": "smtp://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)

    def invoke(*arguments: str, given: object = None) -> Result:
        text = None if given is None else json.dumps(given)
        return CliRunner().invoke(commands, list(arguments), input=text)

    return invoke


def policy(root: bytes, net: str, before: dict | None, registrars: list) -> dict:
    payload = {
        "v": 1,
        "net": net,
        "seq": 1 if before else 0,
        "registrars": registrars,
        "custodians": [],
        "log_key": None,
        "witnesses": [],
        "k": 0,
        "minimum_client": "0.1.0",
        "prev": b64(statement_hash(before)) if before else None,
    }
    return sign_statement("cordee1.policy", payload, root)


def test_the_cookie_is_pinned_to_the_host_over_https(app: Flask, config: Config) -> None:
    network = FoundedNetwork(app)
    favre = network.favre()
    served = create_app(replace(config, base_url="https://cordee.example.fr"))
    phone = favre.other_device()
    phone.http = served.test_client()
    answer = phone.sign_in()
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-cordee_session=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]
    assert cookie_name(config) == "cordee_session"


def test_an_operator_founds_a_network_and_appoints_its_registrar(run, config: Config) -> None:
    root, net = secrets.token_bytes(32), str(uuid4())
    first = policy(root, net, None, [])
    given = {
        "net": net,
        "name": "Réseau de Haute-Savoie",
        "root": base64.b64encode(sign_public(root)).decode(),
        "policy": first,
    }
    founded = run("server", "install-network", "--admin-mail", "Admin@reseau.test", given=given)
    assert founded.exit_code == 0, founded.output
    link = json.loads(founded.stdout)["link"]
    again = run("server", "install-network", "--admin-mail", "admin@reseau.test", given=given)
    assert again.exit_code == 1
    assert "already_installed" in again.output

    app = create_app(config)
    admin = Person(app, net, "admin@reseau.test", "Anne Berthet")
    assert admin.sign_up(link).status_code == 201
    assert admin.get("/accounts").json["code"] == "not_certified"

    pending = json.loads(run("server", "pending-registrar", "ADMIN@reseau.test").stdout)
    assert pending["account"] == admin.id
    assert pending["policy"] == [first]
    entry = {"account": admin.id, "sign_key": b64(sign_public(admin.sign_seed))}
    appointment = {
        "policy_statement": policy(root, net, first, [entry]),
        "account_statement": cosign_statement(pending["statements"][-1], root),
    }
    forged = {**appointment, "policy_statement": policy(bytes(32), net, first, [entry])}
    assert "statement_refused" in run("server", "install-appointment", given=forged).output
    for _ in range(2):
        done = run("server", "install-appointment", given=appointment)
        assert done.exit_code == 0, done.output
    app = create_app(config)
    admin.http.application = app
    assert admin.get("/accounts").json["items"][0]["registrar"] is True

    verified = run("trace", "verify")
    assert verified.exit_code == 0, verified.output
    noted = run("trace", "head").stdout.strip()
    assert run("trace", "verify", "--head", noted).exit_code == 0
    wrong = noted.split(":")[0] + ":" + "00" * 32
    cut = run("trace", "verify", "--head", wrong)
    assert cut.exit_code == 1
    assert "cut" in cut.output


def test_commands_say_what_is_wrong(run) -> None:
    assert "account_not_found" in run("server", "pending-registrar", "x@y.fr").output
    assert "exactly the fields" in run("server", "install-appointment", given={}).output
    assert (
        "JSON expected"
        in CliRunner().invoke(commands, ["server", "install-appointment"], input="{").output
    )
    assert "PLACE:HASH" in run("trace", "verify", "--head", "soon").output
    assert run("server", "check").exit_code == 0
