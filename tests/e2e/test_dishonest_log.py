"""A log of keys that lies is caught by the browser, however well it is signed."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid5

import pytest
from playwright.sync_api import expect

from client.crypto import random_key, sign_public, verify_policy_chain
from client.demo_people import SPACE
from client.operator import RootKey, next_policy
from protocol.encoding import b64
from protocol.merkle import LEAF_SIZE
from protocol.note import cosignature, key_log_origin
from tests.e2e.conftest import LOG_SEED, Demonstration
from tests.support.dishonest import CHECKPOINT, LEAVES, DishonestServer
from tests.support.forgery import Accomplices, leaf_of_nobody, note

OPEN_CASE = str(uuid5(SPACE, "case tempe"))
"""Of Dr Favre, taken by Dr Blanc, words of both in it."""
FORKED = (
    "The log of keys shows different people different things. "
    "Call your administrator before you go on."
)


@pytest.fixture
def origin(accomplices: Accomplices) -> str:
    return key_log_origin(accomplices.registrar.network.policy().payload.net)


def all_leaves(server: DishonestServer) -> bytes:
    size = server.device.context.request.get("/api/v1/log/checkpoint").text().split("\n")[1]
    return server.device.context.request.get(f"/api/v1/log/leaves?start=0&end={size}").body()


def shows_log(server: DishonestServer, origin: str, leaves: bytes) -> None:
    """Another log than everybody else's, truly signed by the log's own key."""
    server.alters_bytes(CHECKPOINT, lambda _: note(origin, leaves, LOG_SEED).encode())

    def some(route: Any) -> None:
        start, end = map(int, re.findall(r"=(\d+)", route.request.url))
        route.fulfill(
            body=leaves[start * LEAF_SIZE : end * LEAF_SIZE],
            content_type="application/octet-stream",
        )

    server.device.context.route(LEAVES, some)


def forgets_the_log(server: DishonestServer) -> None:
    """A device that meets this log for the first time."""
    server.page.goto("/manifest.webmanifest")
    server.page.evaluate(
        """() => new Promise((done) => {
             const asked = indexedDB.deleteDatabase('cordee-log');
             asked.onsuccess = asked.onblocked = done;
           })"""
    )


def test_a_log_rolled_back(server: DishonestServer, origin: str) -> None:
    """An earlier checkpoint, true in its day, from which the newest keys are missing."""
    server.page.goto("/")
    expect(server.page.locator(f'[data-case="{OPEN_CASE}"]')).to_be_visible()
    shows_log(server, origin, all_leaves(server)[:-LEAF_SIZE])
    server.page.reload()
    server.sees("The log of keys has lost entries it had before. New keys are not trusted.")
    server.page.goto(f"/cases/{OPEN_CASE}")
    expect(server.page.locator(".composer")).to_be_visible()
    server.was_told("log_rolled_back", "log")


def test_a_fork_of_the_log(server: DishonestServer, origin: str, accomplices: Accomplices) -> None:
    """Two logs, each whole and signed: this reader's, and the one of which a colleague wrote into a
    signed message."""
    listed = server.device.context.request.get(f"/api/v1/cases/{OPEN_CASE}/messages").json()
    messages = [row["id"] for row in listed["items"]]
    forgets_the_log(server)
    shows_log(server, origin, leaf_of_nobody() + all_leaves(server))
    server.page.goto(f"/cases/{OPEN_CASE}")
    bubble = server.page.locator(".bubble").first
    for place in (server.page.locator(".log-banner"), bubble):
        expect(place).to_contain_text(server.device.words(FORKED))
    server.was_told("log_forked", "log")
    server.was_told("log_forked", "message")
    expect(server.page.get_by_text("Tache brune").first).to_be_visible()
    told = accomplices.registrar.transport.get("/seal-reports")["items"]
    assert {
        (one["subject_id"], one["case"], one["by"]["name"])
        for one in told
        if (one["subject_kind"], one["verdict"]) == ("message", "log_forked")
    } >= {(messages[0], OPEN_CASE, "Dr Claire Favre")}
    forgets_the_log(server)


def test_a_forged_witness(
    server: DishonestServer, demonstration: Demonstration, accomplices: Accomplices
) -> None:
    """The rules ask for a witness; the server signs in its name."""
    root = RootKey.read(demonstration.folder / "demo-root.key")
    witness = sign_public(random_key())

    def install(**changes: Any) -> None:
        facts = server.device.context.request.get("/api/v1/network").json()
        policy = verify_policy_chain(facts["policy"], root.public)
        statement = next_policy(root, policy, **changes)
        accomplices.registrar.transport.put("/network/policy", {"statement": statement})

    install(witnesses=[b64(witness)], k=1)
    try:
        forged = cosignature("cordee.witness/one", witness, 1_790_000_000, bytes(64))
        server.alters_bytes(CHECKPOINT, lambda honest: honest + f"{forged.line()}\n".encode())
        server.page.goto("/")
        server.sees(
            "The public log of keys is not signed as it must be. "
            "New keys are not trusted until it is."
        )
        server.was_told("cosignature_wrong", "log")
    finally:
        install(witnesses=[], k=0)
