"""What the network's rules and the keys in them ask of a browser: the archive key gets every case,
rules without it are refused, and a key of a kind that the browser cannot use is said to be one.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from uuid import uuid5

import pyotp
import pytest
from playwright.sync_api import Request as Sent
from playwright.sync_api import expect

from client import CordeeClient
from client.crypto import key_commitment, unseal, unwrap, verify_policy_chain
from client.custodian import join_shares, read_share
from client.demo_people import SPACE
from client.groups.governing import Change
from client.operator import RootKey, next_policy
from protocol.contexts import case_context, header_context
from protocol.encoding import b64, unb64
from protocol.shapes import KEM2_PUBLIC_SIZE
from tests.e2e.conftest import Demonstration
from tests.factories.people import rpps_number
from tests.support.clinic import Clinician, Request
from tests.support.dishonest import CASE, NETWORK, DishonestServer
from tests.support.forgery import Accomplices, said

POOL = "Dermatologie"
OPEN_CASE = str(uuid5(SPACE, "case tempe"))
"""Of Dr Favre, taken by Dr Blanc, words of both in it."""
NEWER = (
    "{name}: keys of a newer kind than this browser can use. Nothing was sent; "
    "call your administrator."
)


@pytest.fixture(scope="module")
def archive(
    demonstration: Demonstration,
    accomplices: Accomplices,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[bytes]:
    """The seed of an archive key that stands in the rules while these tests run, from two shares
    of it."""
    folder = tmp_path_factory.mktemp("custodian")
    root_file = demonstration.folder / "demo-root.key"
    cordee = demonstration.app.command
    cordee("custodian", "create", "--out", str(folder))
    public = str(folder / "custodian.pub")
    cordee("custodian", "appoint", "--yes", "--key", str(root_file), public)
    yield join_shares([read_share(folder / f"share-{number}.txt") for number in (3, 1)])
    root, transport = RootKey.read(root_file), accomplices.registrar.transport
    policy = verify_policy_chain(transport.get("/network")["policy"], root.public)
    transport.put("/network/policy", {"statement": next_policy(root, policy, custodians=[])})


@pytest.fixture
def favre(server: DishonestServer) -> Clinician:
    server.page.goto("/")
    return Clinician(server.device, "Dr Claire Favre")


def opens(request: Sent) -> bool:
    return request.method == "PUT" and bool(CASE.search(request.url))


def test_the_archive_key_opens_what_a_browser_has_sealed(
    favre: Clinician, accomplices: Accomplices, archive: bytes
) -> None:
    with favre.page.expect_request(opens) as sent:
        case = favre.open_case(POOL, Request("ARCHIVE-FICTIF", "Léon", "Gardée vingt ans ?"))
    body = sent.value.post_data_json
    net = accomplices.registrar.network.policy().payload.net
    opening, wrapped = said(body["event"]), unb64(body["grants"]["custodian:0"])
    assert "custodian:0" in opening["to"]
    key = unwrap(archive, case_context(net, case, 0, "custodian:0"), wrapped)
    assert b64(key_commitment(key)) == opening["kc"]
    header = json.loads(
        unseal(key, header_context(net, case, 0, 0), unb64(body["header"]["sealed"]))
    )
    assert said(header)["body"]["patient"]["birth_name"] == "ARCHIVE-FICTIF"
    favre.turn("Case")
    keeper = favre.words("The archive of the network (sealed key kept offline)")
    expect(favre.circle()).to_contain_text(keeper)


def forgets_the_rules(server: DishonestServer) -> None:
    """A device that has not met these rules before: only the log can tell it of them."""
    server.page.goto("/manifest.webmanifest")
    server.page.evaluate(
        """() => new Promise((done, fail) => {
             const asked = indexedDB.open('cordee-device');
             asked.onerror = fail;
             asked.onsuccess = () => {
               const made = asked.result.transaction('memory', 'readwrite');
               for (const name of ['policySeq', 'network']) made.objectStore('memory').delete(name);
               made.oncomplete = () => { asked.result.close(); done(); };
             };
           })"""
    )


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("known", [True, False])
def test_rules_without_the_archive_key_send_nothing(
    server: DishonestServer, favre: Clinician, known: bool
) -> None:
    """Yesterday's rules, truly signed. A case written before the lie does not leave either."""
    favre.write_request(POOL, Request("RÈGLES-FICTIF", "Léa", "Qui pourra la lire ?"))
    review, written = server.page.url, []
    server.page.on("request", lambda sent: written.append(sent.url) if opens(sent) else None)
    if not known:
        forgets_the_rules(server)
    server.alters(NETWORK, lambda row: row["policy"].pop())
    server.page.goto(review)
    favre.press("Seal and send")
    sentence = (
        "The server hides the newest rules of the network, which say who can open a case. "
        "Nothing was sent."
    )
    server.sees(sentence)
    server.was_told("policy_withheld", "policy")
    server.page.goto("/new")
    server.sees(sentence)
    expect(server.page.locator(".tile").first).to_be_visible()
    expect(server.page.locator(".tile:enabled")).to_have_count(0)
    assert written == []


@pytest.fixture(scope="module")
def moved_on(demonstration: Demonstration, accomplices: Accomplices) -> Iterator[tuple[str, str]]:
    """Names of a pool and of a colleague whose keys are of the second suite."""
    registrar, name, pool = accomplices.registrar, "Dr Odile Combaz", "Radiothérapie"
    password = "sorbier cascade lanterne ardoise"
    link = registrar.administration.invite("odile.combaz@mont-fictif.fr")["link"]
    client = CordeeClient(demonstration.url)
    made = client.account.sign_up(
        link,
        name=name,
        password=password,
        profession="physician",
        rpps=rpps_number("1000778899"),
        specialty="other",
    )
    # The code of the step after: that of now was just used.
    code = pyotp.TOTP(made.totp_secret).at(int(time.time()) + 30)
    registrar.administration.certify(client.account.id)
    client.account.renew_keys(password, "refuge moraine tilleul brume", code, suite=2)
    registrar.administration.certify(client.account.id)
    group = registrar.administration.create_pool(
        pool, specialty="other", territory="Chablais", members=[client.account.id]
    )
    registrar.governing.change(group, Change(suite=2))
    keys = registrar.directory.group(group, refresh=True).group.kem_key
    assert len(keys) == KEM2_PUBLIC_SIZE
    yield pool, name
    registrar.administration.change_group(group, archived=True)
    registrar.administration.suspend(client.account.id)
    client.close()


def test_keys_that_this_browser_cannot_use(
    server: DishonestServer, favre: Clinician, moved_on: tuple[str, str]
) -> None:
    """True keys: nothing is sent to them, nobody is alarmed, and all else works."""
    pool, colleague = moved_on
    page, w = server.page, server.device.words
    page.goto("/new")
    server.sees(NEWER, name=pool)
    expect(page.get_by_role("button", name=re.compile(f"^{pool}"))).to_be_disabled()
    expect(page.get_by_role("button", name=re.compile(f"^{POOL}"))).to_be_enabled()

    changed: list[str] = []
    page.on("request", lambda sent: changed.append(sent.url) if "/events" in sent.url else None)
    page.goto(f"/cases/{OPEN_CASE}")
    favre.turn("Case")
    favre.press("Bring in an expert", favre.circle())
    form = page.get_by_role("form", name=w("Bring in an expert"), exact=True)
    form.get_by_label(re.compile(f"^{colleague}")).check()
    favre.press("Bring in", form)
    server.sees(NEWER, name=colleague)
    assert changed == []
    favre.press("Cancel", form)
    server.sees("sans flash")
    expect(page.locator(".composer")).to_be_visible()
    assert server.reports == []
