"""A network founded, a witness made, named and run, as its people type it; and two who compare."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.migrate import migrate
from client.comparing import shared_code
from protocol.note import COSIGNATURE, key_id, read_note, read_verifier_key
from tests.support.serving import ROOT, ServedApp
from tests.unit.client.conftest import Village


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedApp]:
    database = f"sqlite:///{tmp_path / 'cordee.sqlite3'}"
    migrate(database)
    app = ServedApp(tmp_path, database, CORDEE_DEMO="1", CORDEE_SMTP_URL="")
    yield app
    app.stop()


def cordee(served: ServedApp, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "protocol.command", *arguments],
        cwd=ROOT,
        env={**os.environ, **served.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout.strip() or done.stderr.strip()


def test_a_witness_from_its_key_to_its_signature(served: ServedApp, tmp_path: Path) -> None:
    root, key, state = (str(tmp_path / name) for name in ("root.key", "w.key", "w.json"))
    cordee(served, "init", "--name", "Réseau", "--admin-mail", "a@b.test", "--root-key", root)
    public = cordee(served, "witness", "create", "--out", key, "--name", "witness.example.org")
    assert "already exists" in cordee(served, "witness", "create", "--out", key, code=1)
    assert "is named" in cordee(served, "witness", "appoint", public, "--key", root, "--k", "1")

    watch = ("witness", "run", "--url", served.url, "--key", key, "--state", state, "--once")
    assert cordee(served, *watch).startswith("key log: 2 entries cosigned")
    assert "key log" not in cordee(served, *watch)
    note = read_note(httpx.get(f"{served.url}/api/v1/log/checkpoint").text)
    name, witness = read_verifier_key(public, COSIGNATURE)
    assert [line.key_id for line in note.signatures[1:]] == [key_id(name, COSIGNATURE, witness)]

    too_many = ("witness", "appoint", public, "--key", root, "--k", "2")
    assert "2 cosignatures of 1 witnesses" in cordee(served, *too_many, code=1)


def test_two_people_compare_the_same_code(village: Village) -> None:
    favre, blanc = village.people["favre"], village.people["blanc"]
    codes = {
        shared_code(one, one.directory.person(other.account.id))
        for one, other in ((favre, blanc), (blanc, favre))
    }
    assert len(codes) == 1
    other = favre.directory.person(village.people["benali"].account.id)
    assert shared_code(favre, other) not in codes
