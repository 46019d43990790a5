"""`cordee init` and `cordee appoint`: the root key stays in its file, and signs what it saw."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner
from flask import Flask

from app.config import Config
from app.factory import create_app
from app.migrate import migrate
from client import CordeeClient
from client.commands.custodian import custodian
from client.commands.founding import appoint, init
from client.crypto import verify_policy_chain
from client.custodian import read_public
from client.errors import PersonNotTrusted, PolicyNotTrusted
from client.operator import (
    RootKey,
    RootKeyUnusable,
    ServerCommandFailed,
    appointment,
    candidate,
    read_candidate,
    server_command,
    todays_policy,
)
from protocol.encoding import b64
from tests.unit.client.conftest import PASSWORD, Village

MAIL = "elise.garnier@reseau.test"


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An empty deployment: a migrated database and the environment the server's commands read."""
    environment = {
        "CORDEE_BASE_URL": "http://localhost",
        "CORDEE_SECRET_KEY": "a secret for the tests, long enough to pass",
        "CORDEE_DATABASE_URL": f"sqlite:///{tmp_path / 'cordee.sqlite3'}",
        "CORDEE_INSTANCE": str(tmp_path),
        "CORDEE_SMTP_URL": "smtp://127.0.0.1:9",
        "CORDEE_WORKER_INLINE": "1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    migrate(environment["CORDEE_DATABASE_URL"])
    return create_app(Config.from_environment(environment))


def test_from_nothing_to_a_registrar(deployment: Flask, tmp_path: Path) -> None:
    key_file = tmp_path / "keys" / "root.key"
    terminal = CliRunner()
    options = ["--name", "Réseau", "--admin-mail", MAIL, "--root-key", str(key_file)]

    told = terminal.invoke(init, options)

    assert told.exit_code == 0, told.output
    assert key_file.stat().st_mode & 0o777 == 0o600
    root = RootKey.read(key_file)
    assert json.loads(key_file.read_text())["seed"] not in told.output
    link = next(word for word in told.output.split() if word.startswith("http"))
    again = terminal.invoke(init, options)
    assert again.exit_code == 1 and "never overwritten" in again.output
    elsewhere = [*options[:-1], str(tmp_path / "other.key")]
    refused = terminal.invoke(init, elsewhere)
    assert refused.exit_code == 1 and not (tmp_path / "other.key").exists()

    client = CordeeClient("http://localhost", httpx.WSGITransport(app=deployment))
    client.sign_up(link, name="Élise Garnier", password=PASSWORD, profession="administrator")
    assert not client.account.facts["certified"]
    asked = terminal.invoke(appoint, [MAIL, "--root-key", str(key_file)], input="n\n")
    assert asked.exit_code == 1 and "fingerprint" in asked.output
    assert not client.account.refresh()["certified"]
    done = terminal.invoke(appoint, [MAIL, "--root-key", str(key_file), "--yes"])
    assert done.exit_code == 0 and "may now certify" in done.output
    assert client.account.refresh()["certified"]

    policy = verify_policy_chain(server_command("pending-registrar", MAIL)["policy"], root.public)
    assert policy.registrars == {client.account.keys.sign_public}
    assert candidate(MAIL, root).account.certified
    log_key = server_command("log-key")["log_key"]
    assert policy.payload.log_key == log_key
    made = terminal.invoke(custodian, ["create", "--out", str(tmp_path / "archive")])
    assert made.exit_code == 0, made.output
    public = tmp_path / "archive" / "custodian.pub"
    name = ["appoint", str(public), "--key", str(key_file)]
    doubtful = terminal.invoke(custodian, name, input="n\n")
    assert doubtful.exit_code == 1 and todays_policy(root).payload.custodians == ()
    named = terminal.invoke(custodian, [*name, "--yes"])
    assert named.exit_code == 0, named.output
    today = todays_policy(root)
    assert today.payload.custodians == (b64(read_public(public)),)
    assert (today.payload.registrars, today.payload.log_key) == (policy.payload.registrars, log_key)
    assert "already named" in terminal.invoke(custodian, [*name, "--yes"]).output
    with pytest.raises(ServerCommandFailed, match="opening_unknown"):
        server_command("record-opening", given={"case": str(uuid4()), "reason": "heirs"})
    unknown = terminal.invoke(appoint, ["personne@reseau.test", "--root-key", str(key_file)])
    assert unknown.exit_code == 1


def test_the_root_signs_only_what_it_verified(village: Village) -> None:
    from auth.service import appointment as appointments

    found = appointments.pending_registrar("favre@reseau.test")
    with pytest.raises(PolicyNotTrusted):
        read_candidate(found, RootKey(village.root.net, bytes(32)))
    with pytest.raises(PolicyNotTrusted, match="another network"):
        read_candidate(found, RootKey("6f0e6c1c-5f0b-4a51-9c7e-3f1d6a7c4e10", village.root.seed))
    with pytest.raises(PersonNotTrusted, match="another person"):
        read_candidate({**found, "account": village.administrator.account.id}, village.root)
    first = appointment(read_candidate(found, village.root), village.root)
    assert len(first["account_statement"]["s"]) == 3


@pytest.mark.parametrize("content", ["", "{}", '{"net": "x", "seed": "AAAA"}', "[]"])
def test_a_file_that_holds_no_root_key(tmp_path: Path, content: str) -> None:
    path = tmp_path / "root.key"
    path.write_text(content)
    with pytest.raises(RootKeyUnusable):
        RootKey.read(path)
