"""A server that lies about keys and members is caught by the browser: one test a
promise. Each names the sentence that the person reads and the report that the administrator gets.

The lies about one case, its messages and its files are in ``test_broken_seals``, those of the log
in ``test_dishonest_log``, those of the network's rules in ``test_dishonest_rules``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid5

import pytest
from playwright.sync_api import expect

from client.crypto import kem_public, random_key, statement_hash, wrap
from client.demo_people import SPACE
from protocol.contexts import case_context
from protocol.encoding import b64
from tests.e2e.conftest import Demonstration, NewDevice
from tests.support.clinic import Clinician
from tests.support.dishonest import (
    CASE,
    GROUPS,
    OPENING,
    PENDING,
    PEOPLE,
    DishonestServer,
)
from tests.support.forgery import POOL, Accomplices, cosigned, key_pair, resigned, said

OPEN_CASE = str(uuid5(SPACE, "case tempe"))
"""Of Dr Favre, taken by Dr Blanc, words of both in it."""
BLANC = "Dr Sophie Blanc"
TEAM = "Cabinets des Portes du Soleil"
"""To which Dr Favre belongs."""

Row = dict[str, Any]


def at_the_choice_of_a_pool(server: DishonestServer) -> None:
    """Where a new case begins."""
    server.page.goto("/new")
    expect(server.page.locator(".tile").first).to_be_visible()


def only_this_pool_is_refused(server: DishonestServer, name: str) -> None:
    tile = server.page.get_by_role("button", name=re.compile(f"^{name}"))
    expect(tile).to_be_disabled()
    expect(server.page.locator(".tile:enabled").first).to_be_visible()


def lies_about(group: str, lie: Callable[[Row], Any]) -> Callable[[Row], None]:
    def cheat(row: Row) -> None:
        if group in (row["id"], row["name"]):
            lie(row)

    return cheat


# people and pools


def test_a_swapped_pool_key(server: DishonestServer) -> None:
    """The key of the server's own making, under the name of a pool."""

    def lie(row: Row) -> None:
        row["statements"][-1] = resigned(
            row["statements"][-1], random_key(), kem_key=b64(kem_public(random_key()))
        )

    server.alters(GROUPS, lies_about("Dermatologie", lie))
    at_the_choice_of_a_pool(server)
    server.sees(
        "The signature is not that of an administrator whom the network names. It was not used."
    )
    only_this_pool_is_refused(server, "Dermatologie")
    server.was_told("registrar_unknown", "group")


def test_a_pool_key_that_a_registrar_signed_for_one_reader_alone(
    server: DishonestServer, accomplices: Accomplices
) -> None:
    """Every signature holds: only the log, which everybody reads, does not have it."""

    def lie(row: Row) -> None:
        row["statements"] = [
            resigned(
                row["statements"][0],
                accomplices.registrar_seed,
                kem_key=b64(kem_public(random_key())),
            )
        ]

    server.alters(GROUPS, lies_about("Dermatologie", lie))
    at_the_choice_of_a_pool(server)
    server.sees(
        "{name}: the keys shown are not in the public log, perhaps shown to you alone.",
        name="Dermatologie",
    )
    only_this_pool_is_refused(server, "Dermatologie")
    server.was_told("not_in_log", "group")


def test_a_swapped_account_key(server: DishonestServer, accomplices: Accomplices) -> None:
    """Keys made for one reader under a colleague's name, with a registrar's help."""
    seed, public = key_pair()

    def lie(row: Row) -> None:
        if row["name"] != BLANC:
            return
        own = resigned(row["statements"][0], seed, sign_key=public)
        row["statements"] = [cosigned(own, accomplices.registrar_seed)]

    server.alters(PEOPLE, lie)
    server.page.goto(f"/cases/{OPEN_CASE}")
    expect(server.page.get_by_text("REY-FICTIF").first).to_be_visible()
    server.sees("{name}: the keys shown are not in the public log, perhaps shown to you alone.")
    expect(server.page.get_by_text("sans flash")).to_have_count(0)
    server.was_told("not_in_log", "account")


def test_a_planted_case_key(server: DishonestServer, accomplices: Accomplices) -> None:
    """Wrapped to the right people in the right way, and made by nobody of the case."""
    directory = accomplices.registrar.directory
    net = accomplices.registrar.network.policy().payload.net
    row = server.device.context.request.get(f"/api/v1/cases/{OPEN_CASE}").json()
    planted: dict[str, str] = {}
    for recipient in {grant["recipient"] for grant in row["grants"]}:
        kind, ident, _ = re.split("[:@]", recipient)
        is_group = kind == "group"
        public = (
            directory.group(ident).group.kem_key if is_group else directory.person(ident).kem_key
        )
        context = case_context(net, OPEN_CASE, 0, recipient)
        planted[recipient] = b64(wrap(public, context, random_key()))

    def lie(row: Row) -> None:
        if row["id"] == OPEN_CASE:
            for grant in row["grants"]:
                grant["wrapped"] = planted[grant["recipient"]]

    server.alters(CASE, lie)
    server.page.goto(f"/cases/{OPEN_CASE}")
    server.sees(
        "{name}: the key received is not the one that was signed for. It was not used.",
        name=server.device.words("Case {number}", number=row["number"]),
    )
    expect(server.page.locator(".composer")).to_have_count(0)
    expect(server.page.get_by_text("Tache brune")).to_have_count(0)
    expect(server.page.locator(".list a, [data-case]").nth(1)).to_be_visible()
    server.was_told("key_commitment_wrong", "case")


def test_a_former_managers_statement(server: DishonestServer, accomplices: Accomplices) -> None:
    """Signed with true keys, by somebody whose say ended with an earlier statement."""
    keys = accomplices.former.account.keys

    def lie(row: Row) -> None:
        last = row["statements"][-1]
        payload = said(last)
        row["statements"].append(
            resigned(
                last,
                keys.sign_seed,
                seq=payload["seq"] + 1,
                prev=b64(statement_hash(last)),
                members=[*payload["members"], keys.account],
                managers=[*payload["managers"], keys.account],
            )
        )

    server.alters(GROUPS, lies_about(accomplices.pool, lie))
    at_the_choice_of_a_pool(server)
    server.sees(
        "{name}: members were changed by somebody who does not manage it. Nothing was sent to it.",
        name=POOL,
    )
    only_this_pool_is_refused(server, POOL)
    server.was_told("manager_unknown", "group")


def test_a_removed_members_old_key(server: DishonestServer, accomplices: Accomplices) -> None:
    """The pool as it was while a removed member could still read."""
    server.alters(GROUPS, lies_about(accomplices.pool, lambda row: row["statements"].pop()))
    at_the_choice_of_a_pool(server)
    server.sees("{name}: the server hides the newest keys or members. Nothing was sent.", name=POOL)
    only_this_pool_is_refused(server, POOL)
    server.was_told("statement_withheld", "group")


def test_a_ghost_member_gets_no_key(server: DishonestServer, accomplices: Accomplices) -> None:
    """The server says that somebody waits for a group's key; no signed roll names them."""
    handed: list[str] = []
    team = next(
        group.id for group in accomplices.registrar.directory.groups() if group.name == TEAM
    )

    def lie(body: Row) -> None:
        ghost = {"group": team, "epoch": 0, "member": accomplices.former.account.id}
        body["items"].append({**ghost, "member_seq": 0})

    server.alters_whole(PENDING, lie)
    server.page.on(
        "request", lambda sent: handed.append(sent.url) if sent.method == "PUT" else None
    )
    server.page.goto("/")
    server.sees(
        "{name}: the server wanted its key for somebody whom no manager named. None was given; "
        "your administrator is told.",
        name=TEAM,
    )
    expect(server.page.locator(f'[data-case="{OPEN_CASE}"]')).to_be_visible()
    server.was_told("ghost_member", "group")
    assert [url for url in handed if "/grants/" in url] == []


def test_a_reader_who_is_hidden_from_the_circle(server: DishonestServer) -> None:
    """The signed events name who holds the key; the list beside the case leaves one out."""
    server.alters(CASE, lambda row: row["circle"].pop(0))
    server.page.goto(f"/cases/{OPEN_CASE}")
    server.sees(
        "The server shows other readers of this case than those who were signed for. "
        "Do not write here."
    )
    expect(server.page.locator(".composer")).to_have_count(0)
    server.was_told("circle_falsified", "case")


# passwords


@pytest.mark.parametrize("weakened", [{"t": 1}, {"m": 8192}, {"alg": "pbkdf2"}])
def test_a_weakened_password_derivation(
    new_device: NewDevice, demonstration: Demonstration, weakened: Row
) -> None:
    """The password is not even used, so the server learns nothing to guess it from."""
    device = new_device("desktop", service_workers="block")
    server, person = DishonestServer(device), Clinician(device, "Dr Hugo Mermet")
    server.alters(OPENING, lambda row: row["kdf"].update(weakened))
    sent: list[str] = []
    device.page.on("request", lambda request: sent.append(request.url))
    device.page.goto("/")
    person.fill("Mail address", demonstration.people[person.name]["mail"])
    person.fill("Password", "quatre mélèzes sous la lune")
    person.fill("Six-digit code", "000000")
    person.press("Sign in")
    asked = "too weakly" if "alg" not in weakened else "badly"
    server.sees(f"The server asks to protect your password {asked}. It was not used.")
    assert not [url for url in sent if url.endswith("/api/v1/sign-in")]
