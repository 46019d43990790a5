"""A server that lies about keys, members, rules and its log is caught by the browser: one test a
promise. Each names the sentence that the person reads and the report that the administrator gets.

The lies about one case, its messages and its files are in ``test_broken_seals``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid5

import pytest
from playwright.sync_api import expect

from client import CordeeClient
from client.crypto import (
    kem_public,
    random_key,
    sign_public,
    statement_hash,
    verify_policy_chain,
    wrap,
)
from client.demo_people import ADMINISTRATOR, SPACE
from client.operator import RootKey, next_policy
from protocol.contexts import case_context
from protocol.encoding import b64
from protocol.merkle import LEAF_SIZE
from protocol.note import cosignature, key_log_origin
from tests.e2e.conftest import LOG_SEED, Demonstration, NewDevice
from tests.support.clinic import Clinician
from tests.support.dishonest import (
    CASE,
    CHECKPOINT,
    GROUPS,
    LEAVES,
    NETWORK,
    OPENING,
    PENDING,
    PEOPLE,
    DishonestServer,
)
from tests.support.forgery import (
    cosigned,
    key_pair,
    leaf_of_nobody,
    note,
    resigned,
    said,
    signed_in,
)

OPEN_CASE = str(uuid5(SPACE, "case tempe"))
"""Of Dr Favre, taken by Dr Blanc, words of both in it."""
POOL = "Urologie"
BLANC = "Dr Sophie Blanc"

Row = dict[str, Any]


@dataclass(frozen=True)
class Accomplices:
    """Whose keys the server uses here: a registrar's, and a former manager's."""

    registrar: CordeeClient
    former: CordeeClient
    pool: str
    """Founded by the registrar; Dr Jacquier managed it for a while, then left it."""

    @property
    def registrar_seed(self) -> bytes:
        return self.registrar.account.keys.sign_seed


@pytest.fixture(scope="module")
def accomplices(demonstration: Demonstration) -> Iterator[Accomplices]:
    mails = {name: person["mail"] for name, person in demonstration.people.items()}
    registrar = signed_in(demonstration.url, ADMINISTRATOR.mail)
    former = signed_in(demonstration.url, mails["Dr Paul Jacquier"])
    [morel] = [one["id"] for one in registrar.administration.accounts() if "Morel" in one["name"]]
    pool = registrar.administration.create_pool(
        POOL,
        specialty="other",
        territory="Chablais",
        members=[former.account.id, morel],
    )
    registrar.governing.set_managers(pool, [registrar.account.id, former.account.id])
    registrar.governing.set_managers(pool, [registrar.account.id])
    registrar.governing.remove(pool, former.account.id)
    yield Accomplices(registrar, former, pool)
    registrar.administration.change_group(pool, archived=True)
    registrar.close()
    former.close()


@pytest.fixture
def server(liar: DishonestServer) -> Iterator[DishonestServer]:
    liar.begin()
    yield liar
    liar.end()


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
        group.id
        for group in accomplices.registrar.directory.groups()
        if group.name == "Cabinets des Portes du Soleil"
    )

    def lie(body: Row) -> None:
        ghost = {"group": team, "epoch": 0, "member": accomplices.former.account.id}
        body["items"].append({**ghost, "member_seq": 0})

    server.alters_whole(PENDING, lie)
    server.page.on(
        "request", lambda sent: handed.append(sent.url) if sent.method == "PUT" else None
    )
    with server.page.expect_response(PENDING):
        server.page.goto("/")
    with server.page.expect_response(PEOPLE):
        pass
    server.page.wait_for_timeout(500)
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


# passwords and rules


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


def test_rules_of_before(server: DishonestServer) -> None:
    """Yesterday's policy: without today's registrars, or without the custodian."""
    server.alters(NETWORK, lambda row: row["policy"].pop())
    at_the_choice_of_a_pool(server)
    server.sees(
        "{name}: the signed history is not continuous. Nothing was sent.", name="Dermatologie"
    )
    expect(server.page.locator(".tile:enabled")).to_have_count(0)
    server.was_told("sequence_broken", "policy")


# the log


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


def test_a_fork_of_the_log(server: DishonestServer, origin: str) -> None:
    """Two logs, each whole and signed: this reader's, and the one that a colleague signed for."""
    forgets_the_log(server)
    shows_log(server, origin, leaf_of_nobody() + all_leaves(server))
    server.page.goto(f"/cases/{OPEN_CASE}")
    server.sees(
        "The log of keys shows different people different things. "
        "Call your administrator before you go on."
    )
    server.was_told("log_forked", "message")
    forgets_the_log(server)


def test_a_forged_witness(server: DishonestServer, demonstration: Demonstration) -> None:
    """The rules ask for a witness; the server signs in its name."""
    root = RootKey.read(demonstration.folder / "demo-root.key")
    witness = sign_public(random_key())

    def install(**changes: Any) -> None:
        facts = server.device.context.request.get("/api/v1/network").json()
        policy = verify_policy_chain(facts["policy"], root.public)
        statement = next_policy(root, policy, **changes)
        given = json.dumps({"statement": statement})
        demonstration.app.command("server", "install-policy", given=given)

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
