"""What lives longer than a page: unsent words one takes back, long conversations, new releases."""

from __future__ import annotations

import json
import re
import time

import httpx
from playwright.sync_api import expect

from app.pages import DIST
from client import CordeeClient
from tests.e2e.conftest import Demonstration, NewDevice
from tests.support.browser import settle
from tests.support.clinic import Clinician, Request

POOL = "Gériatrie"


def test_what_has_not_left_can_be_taken_back(
    new_device: NewDevice, demonstration: Demonstration
) -> None:
    requester = Clinician(new_device("phone"), "Dr Claire Favre")
    w = requester.words
    requester.sign_in()
    case = requester.open_case(POOL, Request("REPRISE-FICTIF", "Joël", "Chutes répétées ?"))
    requester.say("Premier mot.")
    requester.sees("Premier mot.")
    expect(requester.page.get_by_text(w("Up to date"))).to_be_visible()

    demonstration.line.cut()
    requester.say("Un mot de trop.")
    waiting = requester.page.locator(".bubble", has_text="Un mot de trop.")
    expect(waiting.get_by_text(w("Waiting for the network"))).to_be_visible()
    waiting.get_by_role("button", name=w("Take back")).click()
    expect(waiting).to_have_count(0)
    requester.say("Le mot juste.")
    demonstration.line.mend()

    expect(requester.page.get_by_text(w("Up to date"))).to_be_visible(timeout=90_000)
    requester.page.goto(f"/cases/{case}")
    requester.sees("Le mot juste.")
    expect(requester.page.get_by_text("Un mot de trop.")).to_have_count(0)


def test_a_long_conversation_is_read_backwards_page_by_page(
    new_device: NewDevice, demonstration: Demonstration
) -> None:
    requester = Clinician(new_device("desktop"), "Dr Claire Favre")
    requester.sign_in()
    case = requester.open_case(POOL, Request("LONGUE-FICTIF", "Irma", "Longue histoire ?"))
    requester.sees(requester.words("Up to date"))

    expert = demonstration.people["Dr Marie Chevallay"]
    url = demonstration.url
    shown = httpx.get(f"{url}/api/v1/demo/people/{expert['mail']}/code").json()
    time.sleep(shown["wait"])
    with CordeeClient(url) as system:
        system.sign_in(expert["mail"], expert["password"], shown["code"])
        for number in range(1, 121):
            system.thread.post(case, f"Tour numéro {number:03d}.")
        system.sign_out()

    fetched: list[str] = []
    page = requester.page
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"/cases/{case}")
    requester.sees("Tour numéro 120.")
    expect(page.get_by_text("Tour numéro 001.")).to_have_count(0)
    log = page.locator(".thread")

    def reached() -> bool:
        log.evaluate("(thread) => { thread.scrollTop = 0; }")
        return bool(page.get_by_text("Tour numéro 001.").count())

    settle(page, reached)
    expect(page.get_by_text("Tour numéro 001.")).to_be_visible()
    turns = page.locator(".bubble").filter(has_text=re.compile(r"Tour numéro \d{3}\."))
    expect(turns).to_have_count(120)
    numbers = [
        int(found) for found in re.findall(r"numéro (\d{3})", " ".join(turns.all_inner_texts()))
    ]
    assert numbers == sorted(numbers)
    pages = [one for one in fetched if "/messages?" in one]
    assert len(pages) == 3 and all("before=" in one for one in pages), pages


def test_a_new_release_waits_for_ones_word_and_keeps_the_draft(
    new_device: NewDevice, demonstration: Demonstration
) -> None:
    requester = Clinician(new_device("phone"), "Dr Hugo Mermet")
    w, page = requester.words, requester.page
    requester.sign_in()
    requester.is_kept()
    page.get_by_role("link", name=w("New case"), exact=True).first.click()
    draft = requester.draft_here()
    requester.kept(draft, page.get_by_role("button", name=re.compile(f"^{POOL}")).click)
    birth_name = page.get_by_label(re.compile(f"^{w('Birth name')}"))
    requester.kept(draft, lambda: birth_name.fill("VERSION-FICTIF"))

    version = json.loads((DIST / "offline.json").read_text())["version"]
    released = version[::-1] if version != version[::-1] else "0" * len(version)
    demonstration.line.rewrite(version.encode(), released.encode())
    page.evaluate("navigator.serviceWorker.ready.then((one) => one.update()).then(() => true)")
    requester.sees(w("A new version of Cordée is ready. Drafts are kept."))
    expect(birth_name).to_have_value("VERSION-FICTIF")
    with page.expect_event("load"):
        requester.press("Update now")
    expect(birth_name).to_have_value("VERSION-FICTIF")
    assert f"shell-{released}" in page.evaluate("caches.keys()")


def test_a_browser_finds_what_it_needs_to_install_it(demonstration: Demonstration) -> None:
    """https://www.w3.org/TR/appmanifest/: a name, a start, a display and icons that are there."""
    with httpx.Client(base_url=demonstration.url) as visitor:
        shell = visitor.get("/").text
        assert '<link rel="manifest" href="/manifest.webmanifest">' in shell
        answer = visitor.get("/manifest.webmanifest")
        assert answer.headers["content-type"].startswith("application/manifest+json")
        manifest = answer.json()
        assert manifest["name"] == "Cordée" and manifest["display"] == "standalone"
        assert visitor.get(manifest["start_url"]).status_code == 200
        sizes = {icon["sizes"] for icon in manifest["icons"]}
        assert {"192x192", "512x512"} <= sizes
        assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
        for icon in manifest["icons"]:
            found = visitor.get(icon["src"])
            assert found.headers["content-type"].startswith(icon["type"])
        worker = visitor.get("/sw.js")
        assert worker.headers["service-worker-allowed"] == "/"
        assert worker.headers["cache-control"] == "no-cache"
