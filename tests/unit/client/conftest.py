"""A small network in this process, used through the client, and a server that can be made to lie."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask

from app.config import Config
from app.factory import create_app
from auth.service import appointment as appointments
from auth.service.invitations import invite_first_administrator
from auth.service.network import install_network
from client import CordeeClient, Patient, Request
from client.operator import RootKey, appointment, founding, read_candidate
from protocol.encoding import b64, unb64
from tests.factories.people import rpps_number
from trace import signing

PASSWORD = "mélèze givre refuge sentier"
PATIENT = Patient("CHAPPAZ", "Philomène", "F", "1948-05-17")
REQUEST = Request(PATIENT, "Faut-il l’exérèse de cette lésion ?")

Lie = Callable[[str, Any], Any]
"""Gets the path and the answer's JSON; gives what the client is to see instead."""


class LyingServer(httpx.BaseTransport):
    """The real application; answers whose path holds a key of ``lies`` are changed on the way.

    Requests named in ``swallowed`` (method and part of the path) are answered and go no further.
    Reports of broken seals are kept in ``reported``.
    """

    def __init__(self, app: Flask) -> None:
        self.honest = httpx.WSGITransport(app=app)
        self.lies: dict[str, Lie] = {}
        self.byte_lies: dict[str, Callable[[bytes], bytes]] = {}
        self.swallowed: list[tuple[str, str]] = []
        self.asked: list[str] = []
        self.reported: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        if request.url.path.endswith("/seal-reports"):
            self.reported.append(json.loads(request.read()))
            return httpx.Response(204)
        for method, part in self.swallowed:
            if request.method == method and part in request.url.path:
                return httpx.Response(204)
        answer = self.honest.handle_request(request)
        path = request.url.raw_path.decode()
        content = answer.read()
        headers = [(k, v) for k, v in answer.headers.items() if k.lower() != "content-length"]
        if answer.status_code < 300:
            for part, lie in self.lies.items():
                if part in path and content:
                    content = json.dumps(lie(path, json.loads(content))).encode()
            for part, change in self.byte_lies.items():
                if part in path:
                    content = change(content)
        return httpx.Response(answer.status_code, headers=headers, content=content)


@dataclass
class Village:
    """An administrator, Dr Favre who asks, Dr Blanc and Dr Benali who answer, Dr Mermet aside."""

    app: Flask
    root: RootKey
    administrator: CordeeClient
    people: dict[str, CordeeClient] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    pool: str = ""
    care_team: str = ""
    servers: dict[str, LyingServer] = field(default_factory=dict)

    def sign_up(self, key: str, name: str, profession: str = "physician", **facts: Any) -> str:
        link = self.administrator.administration.invite(f"{key}@reseau.test")["link"]
        self.servers[key] = LyingServer(self.app)
        person = self.people[key] = CordeeClient("http://localhost", self.servers[key])
        signed_up = person.sign_up(
            link,
            name=name,
            password=PASSWORD,
            profession=profession,
            rpps=rpps_number(f"10999000{len(self.people):02d}"),
            **facts,
        )
        self.secrets[key] = signed_up.totp_secret
        self.administrator.administration.certify(person.account.id)
        return person.account.id

    def lying_to(self, key: str) -> tuple[CordeeClient, LyingServer]:
        """A fresh device of this person that knows nothing yet, and its server."""
        person = self.people[key]
        server = LyingServer(self.app)
        server.swallowed.append(("DELETE", "/grants/"))  # a planted grant is given back
        device = CordeeClient("http://localhost", server)
        device.resume(person.account.keys, person.transport.cookies, person.transport.csrf)
        return device, server


@contextmanager
def founded_village(folder: Path, migrated_template: Path) -> Iterator[Village]:
    """A village of its own, in a folder of its own."""
    database = folder / "cordee.sqlite3"
    database.write_bytes(migrated_template.read_bytes())
    config = Config(
        base_url="http://localhost",
        secret_key="a secret for the tests, long enough to pass",
        database_url=f"sqlite:///{database}",
        blob_url=f"file://{folder / 'blobs'}",
        demo=True,
        worker_inline=False,
        rate_limits=False,
    )
    app = create_app(config)
    root = RootKey.fresh()
    given = founding("Réseau de Haute-Savoie", root, b64(signing.public_key()))
    install_network(UUID(given["net"]), given["name"], unb64(given["root"]), given["policy"])
    administrator = CordeeClient("http://localhost", httpx.WSGITransport(app=app))
    administrator.sign_up(
        invite_first_administrator("garnier@reseau.test"),
        name="Élise Garnier",
        password=PASSWORD,
        profession="administrator",
    )
    person = read_candidate(appointments.pending_registrar("garnier@reseau.test"), root)
    signed = appointment(person, root)
    appointments.install_appointment(signed["policy_statement"], signed["account_statement"])
    administrator.account.refresh()
    village = Village(app, root, administrator)
    favre = village.sign_up("favre", "Dr Claire Favre", specialty="general_practice")
    blanc = village.sign_up("blanc", "Dr Sophie Blanc", specialty="dermatology")
    benali = village.sign_up("benali", "Dr Karim Benali", specialty="dermatology")
    village.sign_up("mermet", "Dr Luc Mermet", specialty="general_practice")
    office = administrator.administration
    village.pool = office.create_pool(
        "Dermatologie",
        specialty="dermatology",
        territory="Haute-Savoie",
        members=[blanc, benali],
    )
    village.care_team = office.create_care_team(
        "Cabinet d’Abondance", territory="Chablais", members=[favre]
    )
    yield village
    for client in (*village.people.values(), administrator):
        client.close()


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, migrated_template: Path) -> Iterator[Village]:
    with founded_village(tmp_path_factory.mktemp("village"), migrated_template) as village:
        yield village
