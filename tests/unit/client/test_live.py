"""Live events through restarts of the server: every message once, in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.config import Config
from app.factory import create_app
from app.migrate import migrate
from auth.service import appointment as appointments
from auth.service.invitations import invite_first_administrator
from auth.service.network import install_network
from client import CordeeClient, Message
from client.errors import CaseNotFound, CordeeError, NotSignedIn, Refused
from client.operator import RootKey, appointment, founding, read_candidate
from protocol.encoding import unb64
from tests.factories.people import rpps_number
from tests.support.serving import ServedApp
from tests.unit.client.conftest import PASSWORD, REQUEST


class Listener:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.errors: list[CordeeError] = []
        self.news = threading.Condition()

    def hear(self, message: Message) -> None:
        with self.news:
            self.heard.append(message)
            self.news.notify_all()

    def wait_for(self, count: int, seconds: float = 60) -> list[str]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.heard) >= count, seconds), self.errors
        return [message.text for message in self.heard]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedApp]:
    database = f"sqlite:///{tmp_path / 'cordee.sqlite3'}"
    migrate(database)
    server = ServedApp(tmp_path, database)
    yield server
    server.stop()


@pytest.fixture
def pair(served: ServedApp, tmp_path: Path) -> Iterator[tuple[CordeeClient, CordeeClient]]:
    """Dr Favre who asks and Dr Blanc who answers, at a real server."""
    create_app(
        Config(
            base_url=served.url,
            secret_key=served.environment["CORDEE_SECRET_KEY"],
            database_url=served.database_url,
            blob_url=f"file://{tmp_path / 'blobs'}",
            worker_inline=False,
        )
    )
    root = RootKey.fresh()
    given = founding("Réseau", root)
    install_network(UUID(given["net"]), "Réseau", unb64(given["root"]), given["policy"])
    administrator = CordeeClient(served.url)
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
    office = administrator.administration
    people = []
    for number, name in enumerate(("favre", "blanc")):
        client = CordeeClient(served.url)
        client.sign_up(
            office.invite(f"{name}@reseau.test")["link"],
            name=f"Dr {name}",
            password=PASSWORD,
            profession="physician",
            rpps=rpps_number(f"109990003{number}"),
        )
        office.certify(client.account.id)
        people.append(client)
    office.create_pool(
        "Dermatologie",
        specialty="dermatology",
        territory="Chablais",
        members=[people[1].account.id],
    )
    yield people[0], people[1]
    for client in (*people, administrator):
        client.close()


def test_nothing_is_missed_or_doubled_through_a_restart(
    served: ServedApp, pair: tuple[CordeeClient, CordeeClient]
) -> None:
    favre, blanc = pair
    case = favre.cases.open_case("dermatology", REQUEST).id
    favre.thread.post(case, "un")
    listener = Listener()
    answer = blanc.live.follow(case, listener.hear, on_broken=listener.errors.append)
    assert answer["last_sequence"] == 1 and listener.wait_for(1) == ["un"]
    favre.live.post(case, "deux")
    assert listener.wait_for(2) == ["un", "deux"]

    served.kill()
    served.start()
    favre.thread.post(case, "trois")
    favre.thread.post(case, "quatre")
    assert listener.wait_for(4) == ["un", "deux", "trois", "quatre"]
    assert not listener.errors
    blanc.live.typing(case, True)
    blanc.live.read(case, 4)
    assert favre.cases.read(case).facts["read"][blanc.account.id] == 4
    blanc.live.leave(case)
    favre.thread.post(case, "cinq")
    assert len(listener.heard) == 4


def test_a_new_case_is_heard_by_its_pool(pair: tuple[CordeeClient, CordeeClient]) -> None:
    favre, blanc = pair
    told = threading.Event()
    blanc.live.on("case:changed", lambda payload: told.set())
    favre.cases.open_case("dermatology", REQUEST)
    assert told.wait(60)
    with pytest.raises(ValueError, match="no such event"):
        blanc.live.on("case:whispered", print)


def test_doors_stay_closed(served: ServedApp, pair: tuple[CordeeClient, CordeeClient]) -> None:
    _, blanc = pair
    with pytest.raises(NotSignedIn):
        CordeeClient(served.url).live.connect()
    with pytest.raises(CaseNotFound):
        blanc.live.follow("6f0e6c1c-5f0b-4a51-9c7e-3f1d6a7c4e10", print)
    with pytest.raises(Refused):
        blanc.live.call("case:join", {"case": "nonsense"})
