"""A server that cheats about a case, its messages or its files is caught by the browser: it says so
in a plain sentence, lets nobody act on what cannot be trusted, and tells the administrator.

Lies about keys, members, rules and the log are in ``test_dishonest_server``.
"""

from __future__ import annotations

from collections.abc import Callable
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
QUESTION = "Pourriez-vous la reprendre de plus près, sans flash ?"
ANSWER = "Voici, à la lumière du jour. Elle mesure 9 mm."

CHANGED = "{name}: what arrived is not what its author sealed. It is not shown."
UNSIGNED = "{name}: the signature is not that of the person it names. It is not shown."
UNVOUCHED = "{name}: nobody vouches for the author named. It is not shown."
MISPLACED = "{name}: shown twice or not in its place. Do not rely on the order here."
WITHHELD = "The server holds back a message that a colleague had already read."

Row = dict[str, Any]


def stops_every_act(server: DishonestServer, sentence: str, verdict: str) -> None:
    """The case is named, nothing of it is shown or can be done; the others are there as before."""
    page, words = server.page, server.device.words
    page.goto(f"/cases/{OPEN_CASE}")
    number = server.device.context.request.get(f"/api/v1/cases/{OPEN_CASE}").json()["number"]
    server.sees(sentence, name=words("Case {number}", number=number))
    expect(page.locator(".composer")).to_have_count(0)
    expect(page.locator(".steps-bar")).to_have_count(0)
    expect(page.get_by_text("CRUZ-FICTIF").first).to_be_visible()
    server.was_told(verdict, "case")


def about_the_case(lie: Callable[[Row], Any]) -> Callable[[Row], None]:
    def cheat(row: Row) -> None:
        if row["id"] == OPEN_CASE:
            lie(row)

    return cheat


def test_a_changed_header_stops_every_act(server: DishonestServer) -> None:
    def lie(row: Row) -> None:
        row["header"]["sealed"] = flipped(row["header"]["sealed"])

    server.alters(CASE, about_the_case(lie))
    stops_every_act(server, CHANGED, "seal_broken")
    expect(server.page.get_by_text("Tache brune")).to_have_count(0)


def test_an_event_of_another_hand_breaks_the_case(server: DishonestServer) -> None:
    def lie(row: Row) -> None:
        for event in row["events"]:
            event["s"][0]["sig"] = flipped(event["s"][0]["sig"])

    server.alters(CASE, about_the_case(lie))
    stops_every_act(server, UNSIGNED, "signature_invalid")


def test_another_name_beside_the_key_of_the_one_who_asked_breaks_the_case(
    server: DishonestServer,
) -> None:
    server.alters(CASE, about_the_case(lambda row: row["opened_by"].update(name="Dr Personne")))
    stops_every_act(server, CHANGED, "seal_broken")
    expect(server.page.get_by_text("Tache brune")).to_have_count(0)


@pytest.mark.parametrize(
    ("lie", "sentence", "verdict"),
    [
        ("changed", CHANGED, "seal_broken"),
        ("another author", UNVOUCHED, "author_unknown"),
        ("another name", CHANGED, "seal_broken"),
        ("another kind", CHANGED, "seal_broken"),
        ("another place", CHANGED, "seal_broken"),
        ("another case", CHANGED, "seal_broken"),
    ],
)
def test_a_message_that_lies_is_shown_as_broken_and_the_other_as_whole(
    server: DishonestServer, lie: str, sentence: str, verdict: str
) -> None:
    asked = server.device.context.request.get(f"/api/v1/cases/{CLOSED_CASE}/messages").json()
    elsewhere = asked["items"][0]["sealed"]
    seen: dict[int, Row] = {}

    def cheat(row: Row) -> None:
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
        elif lie == "another case":
            row["sealed"] = elsewhere
        else:
            row["sealed"] = seen[1]["sealed"]

    server.silences_sockets()
    server.alters(MESSAGES, cheat)
    server.page.goto(f"/cases/{OPEN_CASE}")
    server.sees(QUESTION)
    server.sees(sentence)
    expect(server.page.get_by_text(ANSWER)).to_have_count(0)
    expect(server.page.locator(".composer")).to_be_visible()
    server.was_told(verdict, "message")


def withheld(body: Row) -> None:
    """The question goes; the answer takes its number, so that no hole is left."""
    body["items"] = [row | {"sequence": 1} for row in body["items"] if row["sequence"] == 2]


def reordered(body: Row) -> None:
    body["items"] = [row | {"sequence": 3 - row["sequence"]} for row in body["items"][::-1]]


def replayed(body: Row) -> None:
    """The question again, as if asked once more after the answer."""
    if len(body["items"]) == 2:
        body["items"].append(body["items"][0] | {"sequence": 3})


@pytest.mark.parametrize(
    ("lie", "last", "sentence", "verdict"),
    [
        (withheld, 1, WITHHELD, "message_withheld"),
        (reordered, 2, MISPLACED, "message_misplaced"),
        (replayed, 3, MISPLACED, "message_misplaced"),
    ],
)
def test_a_thread_that_is_not_as_its_authors_saw_it(
    server: DishonestServer,
    lie: Callable[[Row], None],
    last: int,
    sentence: str,
    verdict: str,
) -> None:
    server.silences_sockets()
    server.alters(CASE, about_the_case(lambda row: row.update(last_sequence=last)))
    server.alters_whole(MESSAGES, lie)
    server.page.goto(f"/cases/{OPEN_CASE}")
    server.sees(sentence)
    expect(server.page.get_by_text("Tache brune").first).to_be_visible()
    expect(server.page.locator(".composer")).to_be_visible()
    server.was_told(verdict, "message")


def test_an_opinion_attributed_to_another(server: DishonestServer) -> None:
    """To a colleague of the same pool, who might have written it and did not."""
    pools = server.device.context.request.get("/api/v1/groups").json()["items"]
    [dermatology] = [pool for pool in pools if pool["name"] == "Dermatologie"]
    [benali] = [one for one in dermatology["members"] if "Benali" in one["name"]]

    def cheat(row: Row) -> None:
        if row["kind"] == "opinion":
            row["author"] = {"id": benali["id"], "name": benali["name"]}

    server.silences_sockets()
    server.alters(MESSAGES, cheat)
    server.page.goto(f"/cases/{CLOSED_CASE}")
    server.sees(UNSIGNED)
    expect(server.page.get_by_text("mélanome à éliminer")).to_have_count(0)
    server.sees("Il peut descendre à Thonon n’importe quel jour de la semaine.")
    server.was_told("signer_unknown", "message")


def flipped_part(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


def truncated_part(body: bytes) -> bytes:
    return body[: len(body) // 2]


def spliced_part(body: bytes) -> bytes:
    half = len(body) // 2
    return body[half:] + body[:half]


@pytest.mark.parametrize("lie", [flipped_part, truncated_part, spliced_part])
def test_a_changed_photo_is_not_shown(
    server: DishonestServer, lie: Callable[[bytes], bytes]
) -> None:
    server.alters_bytes(ATTACHMENTS, lie)
    server.page.goto(f"/cases/{OPEN_CASE}")
    server.sees("Broken seal: this is not the file that was sent")
    expect(server.page.locator(".thumb img")).to_have_count(0)
    server.sees(QUESTION)
    expect(server.page.locator(".composer")).to_be_visible()
    server.was_told("seal_broken", "attachment")
