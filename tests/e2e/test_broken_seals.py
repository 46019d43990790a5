"""A server that cheats is caught by the browser: it says so in a plain sentence and lets nobody act
on what cannot be trusted."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import NewDevice
from tests.support.clinic import Clinician, Request
from tests.support.photos import take_photo

CASE = re.compile(r"/api/v1/cases(\?.*|/[0-9a-f-]{36})$")
MESSAGES = re.compile(r"/api/v1/cases/[0-9a-f-]{36}/messages")
SOCKET = re.compile(r"/socket\.io/")
ATTACHMENTS = re.compile(r"/api/v1/attachments/")

BROKEN_CASE = (
    "The seal of this case is broken: what the server shows is not what its author sealed. "
    "Do not act on it; call the author and tell your administrator."
)
BROKEN_MESSAGE = (
    "The seal of this message is broken: it is not what its author wrote. "
    "Do not act on it; ask for it again."
)

Cheat = Callable[[dict[str, Any]], None]


def flipped(sealed: str) -> str:
    """One bit changed near the end."""
    changed = bytearray(b64decode(sealed))
    changed[-9] ^= 1
    return b64encode(changed).decode()


def cheating(cheat: Cheat) -> Callable[[Route], None]:
    """Pass an answer on with each of its rows changed."""

    def answer(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        for row in body.get("items", [body]):
            cheat(row)
        route.fulfill(response=response, json=body)

    return answer


@pytest.fixture
def lived_case(new_device: NewDevice, tmp_path: Path) -> tuple[Clinician, str]:
    """A case with a photo and two messages, in front of a desktop that no service worker helps."""
    requester = Clinician(new_device("desktop", service_workers="block"), "Dr Hugo Mermet")
    requester.sign_in()
    case = requester.open_case(
        "Gériatrie",
        Request(
            "SCEAU-FICTIF",
            "Ange",
            "Que penser de cette marche ?",
            photos=[take_photo(tmp_path / "marche.jpg", 1)],
        ),
    )
    requester.say("Premier mot sûr.")
    requester.sees("Premier mot sûr.")
    requester.say("Second mot sûr.")
    requester.sees("Second mot sûr.")
    expect(requester.page.get_by_text(requester.words("Up to date"))).to_be_visible()
    return requester, case


def test_a_changed_header_stops_every_act(lived_case: tuple[Clinician, str]) -> None:
    reader, case = lived_case

    def cheat(row: dict[str, Any]) -> None:
        row["header"]["sealed"] = flipped(row["header"]["sealed"])

    reader.page.route(CASE, cheating(cheat))
    reader.page.goto(f"/cases/{case}")
    expect(reader.page.get_by_text(reader.words(BROKEN_CASE)).first).to_be_visible()
    expect(reader.page.get_by_text("SCEAU-FICTIF")).to_have_count(0)
    expect(reader.page.locator(".composer")).to_have_count(0)
    expect(reader.page.locator(".steps-bar")).to_have_count(0)


def test_an_event_of_another_hand_breaks_the_case(lived_case: tuple[Clinician, str]) -> None:
    reader, case = lived_case

    def cheat(row: dict[str, Any]) -> None:
        for event in row["events"]:
            event["s"][0]["sig"] = flipped(event["s"][0]["sig"])

    reader.page.route(CASE, cheating(cheat))
    reader.page.goto(f"/cases/{case}")
    expect(reader.page.get_by_text(reader.words(BROKEN_CASE)).first).to_be_visible()
    expect(reader.page.locator(".composer")).to_have_count(0)


def test_another_name_beside_the_key_of_the_one_who_asked_breaks_the_case(
    lived_case: tuple[Clinician, str],
) -> None:
    reader, case = lived_case

    def cheat(row: dict[str, Any]) -> None:
        row["opened_by"]["name"] = "Dr Personne"

    reader.page.route(CASE, cheating(cheat))
    reader.page.goto(f"/cases/{case}")
    expect(reader.page.get_by_text(reader.words(BROKEN_CASE)).first).to_be_visible()
    expect(reader.page.get_by_text("SCEAU-FICTIF")).to_have_count(0)


@pytest.mark.parametrize(
    "lie", ["changed", "another author", "another name", "another kind", "another place"]
)
def test_a_message_that_lies_is_shown_as_broken_and_the_other_as_whole(
    lived_case: tuple[Clinician, str], lie: str
) -> None:
    reader, case = lived_case
    seen: dict[int, dict[str, Any]] = {}

    def cheat(row: dict[str, Any]) -> None:
        seen[row["sequence"]] = dict(row)
        if row["sequence"] != 2:
            return
        if lie == "changed":
            row["sealed"] = flipped(row["sealed"])
        elif lie == "another author":
            row["author"] = {"id": row["case"], "name": "Dr Personne"}
        elif lie == "another name":
            row["author"] = {**row["author"], "name": "Dr Personne"}
        elif lie == "another kind":
            row["kind"] = "refusal"
        else:
            row["sealed"] = seen[1]["sealed"]

    # The socket would bring the true rows: this server lies everywhere.
    reader.page.route_web_socket(SOCKET, lambda socket: socket.close())
    reader.page.route(SOCKET, lambda route: route.abort())
    reader.page.route(MESSAGES, cheating(cheat))
    reader.page.goto(f"/cases/{case}")
    reader.sees("Premier mot sûr.")
    expect(reader.page.get_by_text(reader.words(BROKEN_MESSAGE))).to_be_visible()
    expect(reader.page.get_by_text("Second mot sûr.")).to_have_count(0)


def test_a_changed_photo_is_not_shown(lived_case: tuple[Clinician, str]) -> None:
    reader, case = lived_case

    def spoil(route: Route) -> None:
        response = route.fetch()
        body = bytearray(response.body())
        body[len(body) // 2] ^= 1
        route.fulfill(response=response, body=bytes(body))

    reader.device.context.route(ATTACHMENTS, spoil)
    reader.page.goto(f"/cases/{case}")
    words = reader.words("Broken seal: this is not the file that was sent")
    expect(reader.page.get_by_text(words).first).to_be_visible()
    expect(reader.page.locator(".thumb img")).to_have_count(0)
