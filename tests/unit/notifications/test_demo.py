"""The demonstration's helpers exist in the demonstration and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app import background
from app.config import Config
from tests.conftest import MovedClock
from tests.factories.people import FoundedNetwork

PATHS = ("/demo/people", "/demo/people/claire.favre@abondance.test/code", "/demo/mails")


@pytest.fixture
def config(config: Config, request: pytest.FixtureRequest) -> Config:
    return replace(config, demo=getattr(request, "param", True))


@pytest.fixture
def network(app: Flask) -> FoundedNetwork:
    return FoundedNetwork(app)


@pytest.mark.parametrize("config", [False], indirect=True)
def test_elsewhere_there_is_nothing(network: FoundedNetwork, config: Config) -> None:
    favre = network.favre()
    for path in PATHS:
        for person in (favre, network.administrator):
            answer = person.get(path)
            assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_people_are_listed_and_their_codes_work(
    network: FoundedNetwork, config: Config, clock: MovedClock
) -> None:
    favre = network.favre()
    anyone = network.person("nobody@else.test", "Nobody")
    assert anyone.get("/demo/people").json == {"items": [], "next": None}
    listed = {
        "name": favre.name,
        "mail": favre.mail,
        "role": "Médecin généraliste, Abondance",
        "password": "montagne bleue sous la neige",
    }
    folder = Path(config.database_url.removeprefix("sqlite:///")).parent
    (folder / "demo-people.json").write_text(json.dumps([{**listed, "note": "ignored"}]))
    assert anyone.get("/demo/people").json["items"] == [listed]
    for _ in range(3):
        shown = anyone.get(f"/demo/people/{favre.mail}/code").json
        clock.advance(seconds=shown["wait"])
        assert favre.sign_in(totp_code=shown["code"]).status_code == 200
        clock.advance(seconds=31)
    hidden = anyone.get(f"/demo/people/{network.administrator.mail}/code")
    assert hidden.status_code == 404, "only the listed people show their codes"


def test_mails_are_shown_instead_of_sent(network: FoundedNetwork) -> None:
    link = network.invite("nouvelle@thonon.test")
    background.run_once("notifications")
    letters = network.person("nobody@else.test", "Nobody").get("/demo/mails").json["items"]
    letter = next(each for each in letters if each["recipient"] == "nouvelle@thonon.test")
    assert link in letter["text"]
    assert letter["html"].startswith("<!doctype html>")
