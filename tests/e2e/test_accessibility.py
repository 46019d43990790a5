"""Every page, at every size, in light and dark: for all eyes and thumbs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewDevice
from tests.support.accessibility import faults
from tests.support.clinic import Clinician, Request
from tests.support.photos import take_photo

OPEN = ("/sign-in", "/recovery", "/join", "/demo/mails")
SETTINGS = (
    "", "/password", "/recovery-code", "/sessions", "/notifications", "/new-keys", "/absence",
    "/groups",
)  # fmt: skip
ADMINISTRATION = (
    "", "/people", "/organisations", "/pools", "/care-teams", "/trace", "/seals",
    "/notifications",
)  # fmt: skip

pytestmark = pytest.mark.parametrize("size", ["phone", "desktop", "narrow"])


def shown(page: Page) -> Page:
    """Wait until the page has its heading and nothing is being fetched."""
    expect(page.get_by_role("heading", level=1).first).to_be_attached()
    page.wait_for_load_state("networkidle")
    expect(page.locator("[aria-busy=true], .waiting")).to_have_count(0)
    return page


def judge(tour: Iterator[str], page: Page, size: str) -> None:
    found = []
    for place in tour:
        found += [f"{place}: {fault}" for fault in faults(shown(page), size)]
    assert not found, "\n".join(found)


def test_before_one_is_in(new_device: NewDevice, size: str) -> None:
    page = new_device(size).page

    def tour() -> Iterator[str]:
        for path in OPEN:
            page.goto(path)
            yield path

    judge(tour(), page, size)


def test_as_a_requester(new_device: NewDevice, size: str, tmp_path: Path) -> None:
    requester = Clinician(new_device(size), "Dr Claire Favre")
    page, w = requester.page, requester.words
    requester.sign_in()

    def tour() -> Iterator[str]:
        yield "inbox"
        request = Request(
            "AXE-FICTIF", "Lou", "Est-ce lisible ?", photos=[take_photo(tmp_path / "a.jpg", 9)]
        )
        requester.write_request("Dermatologie", request)
        draft = page.url.split("?")[0]
        for step in range(5):
            page.goto(f"{draft}?step={step}")
            yield f"wizard, step {step + 1}"
        requester.send()
        requester.say("Et ce message ?")
        yield "conversation"
        for part in ("Case", "Trace"):
            requester.turn(part)
            yield part
        requester.turn("Case")
        for deed in ("Ask a second opinion", "Bring in an expert"):
            requester.press(deed, requester.circle())
            yield deed
            requester.press("Cancel", requester.circle())
        requester.circle().get_by_text("Dermatologie").click()
        requester.circle().get_by_role("link").last.click()
        page.wait_for_url("**/people/**")
        expect(page.get_by_label(w("Numbers to compare"))).to_be_visible()
        yield "check together"
        for path in SETTINGS:
            page.goto(f"/settings{path}")
            yield f"settings{path}"
        page.locator("main a.list-item").first.click()
        page.wait_for_url("**/settings/groups/**")
        yield "one's own group"
        for path in ("/keyboard", "/nowhere", "/cases/00000000-0000-4000-8000-000000000000"):
            page.goto(path)
            yield path
        page.goto("/settings")
        page.get_by_role("button", name=w("Lock now")).click()
        yield "lock"

    judge(tour(), page, size)


def test_as_an_expert(new_device: NewDevice, size: str, tmp_path: Path) -> None:
    requester = Clinician(new_device("desktop"), "Dr Hugo Mermet")
    expert = Clinician(new_device(size), "Dr Karim Benali")
    for person in (requester, expert):
        person.sign_in()
    photo = take_photo(tmp_path / "a.jpg", 9)
    case = requester.open_case(
        "Dermatologie", Request("REGARD-FICTIF", "Lou", "Quel avis ?", photos=[photo])
    )
    page = expert.page

    def tour() -> Iterator[str]:
        expect(expert.in_queue(case)).to_be_visible()
        yield "queue"
        expert.enter(case)
        expert.step("Take this case")
        expect(page.locator(".request .thumb img")).to_be_visible()
        yield "case taken"
        page.locator(".request .thumb").click()
        expect(page.locator("dialog.viewer img")).to_be_visible()
        yield "photo viewer"
        page.keyboard.press("Escape")
        page.goto(f"/cases/{case}/opinion")
        yield "opinion form"
        expert.fill("Conclusion", "Tout va bien.")
        expert.press("Check before signing")
        yield "opinion check"
        expert.press("Sign and send")
        page.wait_for_url(f"**/cases/{case}")
        expect(
            page.get_by_role("article", name=expert.words("Opinion"), exact=True)
        ).to_be_visible()
        yield "signed opinion"
        page.goto(f"/cases/{case}/print")
        yield "print view"

    judge(tour(), page, size)


def test_as_an_administrator(new_device: NewDevice, size: str) -> None:
    administrator = Clinician(new_device(size), "Élise Garnier")
    page = administrator.page
    administrator.sign_in()

    def tour() -> Iterator[str]:
        for path in ADMINISTRATION:
            page.goto(f"/admin{path}")
            yield f"administration{path}"
            if path in ("/people", "/pools", "/care-teams"):
                page.locator("main a.list-item").first.click()
                page.wait_for_url(f"**/admin{path}/**")
                yield f"administration{path}, one"
            if path == "/people":
                page.get_by_text(administrator.words("Identity checked: send a link")).click()
                yield "return of who lost everything"
            if path == "/care-teams":
                change = administrator.words.like("Change {name}")
                page.get_by_role("button", name=change).first.click()
                yield "a member's changes"

    judge(tour(), page, size)
