"""A server that cheats about a case, its messages or its files is caught by the browser: it says so
in a plain sentence, lets nobody act on what cannot be trusted, and tells the administrator.

Lies about keys, members, rules and the log are in ``test_dishonest_server``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid5

import pytest
from playwright.sync_api import expect

from client.demo_people import SPACE
from tests.support.dishonest import ATTACHMENTS, CASE, MESSAGES, DishonestServer, flipped

OPEN_CASE = str(uuid5(SPACE, "case tempe"))
"""Taken by Dr Blanc, who asked something; Dr Favre answered with a photo."""
CLOSED_CASE = str(uuid5(SPACE, "case naevus"))
"""Discussed, an opinion of Dr Blanc in it."""
PATIENT = "REY-FICTIF"
QUESTION = "Pourriez-vous la reprendre de plus près, sans flash ?"
ANSWER = "Voici, à la lumière du jour. Elle mesure 9 mm."

CHANGED = "{name}: what arrived is not what its author sealed. It is not shown."
UNSIGNED = "{name}: the signature is not that of the person it names. It is not shown."
MISPLACED = "{name}: shown twice or not in its place. Do not rely on the order here."
WITHHELD = "The server holds back a message that a colleague had already read."

Row = dict[str, Any]


@pytest.fixture
def server(liar: DishonestServer) -> Iterator[DishonestServer]:
    liar.begin()
    yield liar
    liar.end()


def stops_every_act(server: DishonestServer, sentence: str, verdict: str) -> None:
    """The case is named, nothing of it is shown or can be done; the others are there as before."""
    page, words = server.page, server.device.words
    page.goto(f"/cases/{OPEN_CASE}")
    number = server.device.context.request.get(f"/api/v1/cases/{OPEN_CASE}").json()["number"]
    server.sees(sentence, name=words("Case {number}", number=number))
    expect(page.get_by_text(QUESTION)).to_have_count(0)
    expect(page.locator(".composer")).to_have_count(0)
    expect(page.locator(".steps-bar")).to_have_count(0)
    expect(page.get_by_text("CRUZ-FICTIF").first).to_be_visible()
    server.was_told(verdict, "case")


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
