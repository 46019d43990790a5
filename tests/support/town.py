"""A network founded by the operator's commands and peopled through the public API, by the client.

Dr Favre asks from Abondance with her care team, Dr Mermet works alone; Dr Blanc and Dr Benali answer
in dermatology. More people and pools are added by the tests that need them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from client import CordeeClient
from client.errors import NotCertified
from client.operator import RootKey, appoint_registrar, candidate, found_network
from tests.factories.people import rpps_number
from tests.support.serving import ServedApp

PASSWORD = "mélèze givre refuge sentier"
SPECIALTIES = {
    "favre": "general_practice",
    "mermet": "general_practice",
    "blanc": "dermatology",
    "benali": "dermatology",
}


@dataclass
class Town:
    """People of one network, each at one of the servers."""

    servers: tuple[ServedApp, ServedApp]
    administrator: CordeeClient
    people: dict[str, CordeeClient]
    practice: str
    dermatology: str = ""
    care_team: str = ""

    def __getattr__(self, name: str) -> CordeeClient:
        return self.people[name]

    def arrive(self, name: str, specialty: str, profession: str = "physician") -> CordeeClient:
        """Somebody is invited, signs up and is certified."""
        office, number = self.administrator.administration, len(self.people)
        person = CordeeClient(self.servers[number // 2 % 2].url)
        self.people[name] = person
        person.sign_up(
            office.invite(f"{name}@reseau.test", organisation=self.practice)["link"],
            name=f"Dr {name.title()}",
            password=PASSWORD,
            profession=profession,
            specialty=specialty,
            rpps=rpps_number(f"109990001{number}"),
        )
        with pytest.raises(NotCertified):
            list(person.cases.in_box())
        office.certify(person.account.id)
        return person

    def pool(self, name: str, specialty: str, *members: str) -> str:
        """A pool of these people, governed by the administrator."""
        return self.administrator.administration.create_pool(
            name,
            specialty=specialty,
            territory="Haute-Savoie",
            members=[self.people[member].account.id for member in members],
        )


@contextmanager
def founded_town(
    servers: tuple[ServedApp, ServedApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    """The network, its administrator as registrar, four physicians, one pool, one care team."""
    for name, value in servers[0].environment.items():
        monkeypatch.setenv(name, value)
    key_file = tmp_path / "root.key"
    mail = "elise.garnier@reseau.test"
    link = found_network("Réseau de Haute-Savoie", mail, key_file)
    assert key_file.stat().st_mode & 0o777 == 0o600

    administrator = CordeeClient(servers[0].url)
    administrator.sign_up(link, name="Élise Garnier", password=PASSWORD, profession="administrator")
    with pytest.raises(NotCertified):
        administrator.administration.invite("trop.tot@reseau.test")
    root = RootKey.read(key_file)
    appoint_registrar(candidate(mail, root), root)
    assert administrator.account.refresh()["certified"]

    office = administrator.administration
    practice = office.create_organisation(
        "Cabinet d’Abondance", kind="practice", territory="Chablais", finess="749990016"
    )
    town = Town(servers, administrator, {}, practice)
    for name, specialty in SPECIALTIES.items():
        town.arrive(name, specialty)
    town.dermatology = town.pool("Dermatologie", "dermatology", "blanc", "benali")
    town.care_team = office.create_care_team(
        "Cabinet d’Abondance", territory="Chablais", members=[town.favre.account.id]
    )
    yield town
    for person in (*town.people.values(), administrator):
        person.close()
