"""From an invitation to a certified person."""

from __future__ import annotations

from tests.factories.people import FoundedNetwork


def test_a_person_signs_up_waits_and_is_certified(network: FoundedNetwork) -> None:
    favre = network.person("Claire.Favre@abondance.test", "Claire Favre")
    answer = favre.sign_up(network.invite(favre.mail))
    assert answer.status_code == 201
    assert answer.json["account"]["certified"] is False
    assert answer.json["account"]["mail"] == "claire.favre@abondance.test"
    assert favre.get("/session").json["account"]["id"] == favre.id
    assert favre.get("/accounts").json["code"] == "not_certified"

    certified = network.certify(favre)
    assert certified.status_code == 200
    assert certified.json["certified"] is True
    assert len(certified.json["statements"][0]["s"]) == 2
    people = favre.get("/accounts").json["items"]
    assert {person["name"] for person in people} == {"Anne Berthet", "Claire Favre"}
