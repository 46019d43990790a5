"""Choosing how to be told, and which addresses this server will never call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.config import Config
from tests.factories.people import FoundedNetwork, Person
from tests.support.push import Browser


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, push_loopback=False)


@pytest.fixture
def favre(network: FoundedNetwork) -> Person:
    return network.favre()


def test_the_defaults_tell_by_every_way(favre: Person) -> None:
    assert favre.get("/account/notifications").json == {
        "mail": True,
        "push": True,
        "quiet": None,
        "urgent_breaks_quiet": True,
    }


def test_a_choice_is_kept(favre: Person) -> None:
    choice = {
        "mail": False,
        "push": True,
        "quiet": {"from": "21:30", "to": "06:45"},
        "urgent_breaks_quiet": False,
    }
    assert favre.put("/account/notifications", choice).json == choice
    assert favre.get("/account/notifications").json == choice
    choice["quiet"] = None
    assert favre.put("/account/notifications", choice).json == choice


@pytest.mark.parametrize(
    "broken",
    [
        {"quiet": {"from": "24:00", "to": "07:00"}},
        {"quiet": {"from": "7:00", "to": "08:00"}},
        {"quiet": {"from": "07:00", "to": "07:00"}},
        {"quiet": {"from": "07:00"}},
        {"mail": "yes, please"},
        {"sms": True},
    ],
)
def test_a_choice_has_its_shape(favre: Person, broken: dict[str, object]) -> None:
    answer = favre.put("/account/notifications", broken)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


def test_somebody_waiting_may_choose_already(network: FoundedNetwork) -> None:
    waiting = network.waiting("hugo.blanc@thonon.test", "Hugo Blanc")
    assert waiting.get("/account/notifications").status_code == 200


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.org/1",
        "https://127.0.0.1/1",
        "https://localhost/1",
        "https://[::1]/1",
        "https://10.1.2.3/1",
        "https://192.168.1.1/1",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/1",
        "https://0.0.0.0/1",
        "https://push.example.org:8443/1",
        "https://user:pass@push.example.org/1",
        "https://database.internal/1",
        "https://printer.local/1",
        "https://intranet/1",
        "ftp://push.example.org/1",
        "file:///etc/passwd",
        "https://push.example.org:99999/1",
        "javascript:alert(1)",
    ],
)
def test_only_a_public_push_service_is_called(favre: Person, endpoint: str) -> None:
    body = {**Browser(endpoint).subscription}
    answer = favre.post("/account/push-subscriptions", body)
    assert (answer.status_code, answer.json["code"]) == (422, "endpoint_refused")


@pytest.mark.parametrize(
    "keys",
    [
        {"p256dh": "A" * 87, "auth": "A" * 22},
        {"p256dh": "short-but-base64url", "auth": "A" * 22},
        {"p256dh": "B" + "A" * 86, "auth": "A" * 30},
        {"p256dh": "!" * 87, "auth": "A" * 22},
        {"auth": "A" * 22},
    ],
)
def test_keys_are_checked(favre: Person, keys: dict[str, str]) -> None:
    body = {"endpoint": "https://push.example.org/1", "keys": keys}
    answer = favre.post("/account/push-subscriptions", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


def test_subscribing_twice_is_one_device(favre: Person, network: FoundedNetwork) -> None:
    body = Browser("https://push.example.org/abc").subscription
    for _ in range(25):
        assert favre.post("/account/push-subscriptions", body).status_code == 204
    blanc = network.blanc()
    assert blanc.post("/account/push-subscriptions", body).status_code == 204
    assert favre.post("/account/push-test").json["code"] == "no_device", "it changed hands"


def test_devices_are_counted(favre: Person) -> None:
    for number in range(20):
        body = Browser(f"https://push.example.org/{number}").subscription
        assert favre.post("/account/push-subscriptions", body).status_code == 204
    body = Browser("https://push.example.org/one-more").subscription
    answer = favre.post("/account/push-subscriptions", body)
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_devices")
