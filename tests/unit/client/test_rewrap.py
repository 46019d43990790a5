"""A database of an earlier release, migrated, read, and moved to another algorithm."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from app.config import Config
from app.db import session
from app.factory import create_app
from app.migrate import migrate
from app.transactions import transaction
from auth.service import network as network_service
from client import CordeeClient
from client.archive import Archive
from client.backup import Backup
from client.crypto import suite_of
from client.custodian import ArchiveKey
from client.groups.governing import Change
from client.operator import RootKey, next_policy
from messaging.models import CaseGrant
from protocol.encoding import b64, unb64
from protocol.shapes import WRAPPED2_SIZE, WRAPPED_SIZE
from tests.conftest import MovedClock

VECTORS = Path(__file__).parents[2] / "vectors"
FROZEN: dict[str, Any] = json.loads((VECTORS / "old-network.json").read_text(encoding="utf-8"))
CASES = [case["id"] for case in FROZEN["cases"]]


@dataclass
class Thawed:
    """The frozen network, served by today's code."""

    app: Flask
    config: Config

    @property
    def root(self) -> RootKey:
        return RootKey(FROZEN["root"]["net"], unb64(FROZEN["root"]["seed"]))

    def client(self) -> CordeeClient:
        return CordeeClient("http://localhost", httpx.WSGITransport(app=self.app))

    def person(self, key: str) -> CordeeClient:
        """Somebody signed in by password and code, as on any day."""
        client = self.client()
        code = pyotp.TOTP(FROZEN["totp"][key]).at(int(time.time()))
        client.sign_in(f"{key}@reseau.test", FROZEN["password"], code)
        return client

    def grants(self, case: str) -> dict[tuple[int, str], int]:
        """(generation, kind of recipient) → bytes of the wrapped key."""
        with transaction(read_only=True):
            rows = session().scalars(select(CaseGrant).where(CaseGrant.case_id == UUID(case)))
            return {
                (row.generation, row.recipient.partition(":")[0]): len(row.wrapped) for row in rows
            }


@pytest.fixture
def thawed(tmp_path: Path) -> Iterator[Thawed]:
    database = tmp_path / "cordee.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.executescript(
            gzip.decompress((VECTORS / "old-network.sql.gz").read_bytes()).decode()
        )
        # A code works once: on a machine whose clock is behind, none would be new.
        connection.execute("UPDATE account SET totp_step = 0")
    for name, content in FROZEN["blobs"].items():
        blob = tmp_path / "blobs" / "blobs" / name[:2] / name
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(unb64(content))
    config = Config(
        base_url="http://localhost",
        secret_key=FROZEN["secret"],
        database_url=f"sqlite:///{database}",
        blob_url=f"file://{tmp_path / 'blobs'}",
        worker_inline=False,
        rate_limits=False,
    )
    migrate(config.database_url)
    yield Thawed(create_app(config), config)


def check_whole(client: CordeeClient) -> None:
    """Everything that was written then is there now."""
    for known in FROZEN["cases"]:
        case = client.cases.read(known["id"])
        assert case.header is not None and case.header.question == known["question"]
        texts = [message.text for message in client.thread.read(known["id"])]
        assert texts[:2] == list(FROZEN["texts"])
        note = BytesIO()
        client.attachments.download(known["id"], case.header.attachments[0], note)
        assert note.getvalue().decode() == FROZEN["note"]


def test_what_an_earlier_release_kept_opens_today(thawed: Thawed) -> None:
    assert FROZEN["blobs"]
    for key in ("favre", "blanc"):
        check_whole(thawed.person(key))


def test_a_network_moves_to_another_algorithm(thawed: Thawed, tmp_path: Path) -> None:
    admin, blanc = thawed.person("garnier"), thawed.person("blanc")
    assert blanc.rewrapping.rewrap().renewed == []  # nothing has changed yet

    # The pool begins an epoch of suite 2; the root names an archive key of suite 2.
    admin.governing.change(FROZEN["pool"], Change(suite=2))
    archive_key = ArchiveKey.fresh(suite=2)
    _, policy, _ = network_service.read_network()
    signed = next_policy(thawed.root, policy, custodians=[b64(archive_key.public)])
    network_service.install_policy(signed)
    assert suite_of(admin.directory.group(FROZEN["pool"], refresh=True).group.kem_key) == 2

    first = blanc.rewrapping.rewrap(limit=1)
    assert len(first.renewed) == 1 and first.broken == []
    second = blanc.rewrapping.rewrap()
    assert sorted([*first.renewed, *second.renewed]) == sorted(CASES)
    again = blanc.rewrapping.rewrap()
    assert (again.renewed, again.current) == ([], len(CASES))

    for case in CASES:
        sizes = thawed.grants(case)
        assert sizes[0, "group"] == WRAPPED_SIZE  # history is not rewritten
        assert sizes[1, "custodian"] == WRAPPED2_SIZE
    check_whole(blanc)
    check_whole(thawed.person("favre"))
    blanc.thread.post(CASES[0], "Sous la nouvelle clef.")
    config = thawed.config
    with Backup.open(config.database_url, tmp_path / "blobs") as backup:
        archive = Archive(backup, archive_key.seed, thawed.root.public)
        restored = archive.restore(CASES[0], tmp_path / "out", "essai")
    assert restored.faults == []
    assert [message["body"]["text"] for message in restored.messages] == [
        *FROZEN["texts"],
        "Sous la nouvelle clef.",
    ]


def test_a_person_moves_too(thawed: Thawed, clock: MovedClock) -> None:
    admin, favre = thawed.person("garnier"), thawed.person("favre")
    clock.advance(minutes=2)
    code = pyotp.TOTP(FROZEN["totp"]["favre"]).at(int(time.time()) + 120)
    favre.account.renew_keys(FROZEN["password"], "myrtille vallon rosée cairn", code, suite=2)
    admin.administration.certify(favre.account.id)
    favre.account.refresh()
    check_whole(favre)  # by the seed of before, which the new blob holds
    done = favre.rewrapping.rewrap()
    assert sorted(done.renewed) == sorted(CASES)
    for case in CASES:
        sizes = thawed.grants(case)
        assert (sizes[0, "account"], sizes[1, "account"]) == (WRAPPED_SIZE, WRAPPED2_SIZE)
    check_whole(favre)
