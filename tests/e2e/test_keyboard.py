"""An expert works through the queue with hands on the keyboard."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import NewDevice
from tests.support.clinic import Clinician, Request

LISTENS = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
"""A page hears keys for what it shows once that is painted."""


def step(expert: Clinician, key: str) -> None:
    """To the case beside this one."""
    page, before = expert.page, expert.page.url
    page.keyboard.press(key)
    page.wait_for_url(lambda url: url != before)
    shown = expert.in_queue(expert.case_here())
    expect(shown.and_(page.locator("[aria-current=true]"))).to_be_visible()
    page.evaluate(LISTENS)


def test_the_queue_without_a_mouse(new_device: NewDevice) -> None:
    requester = Clinician(new_device("phone"), "Dr Claire Favre")
    expert = Clinician(new_device("desktop"), "Dr Paul Jacquier")
    for person in (requester, expert):
        person.sign_in()
    cases = []
    for number in (1, 2):
        request = Request(f"CLAVIER{number}-FICTIF", "Ève", f"Question {number} ?")
        cases.append(requester.open_case("Orthopédie", request))
        requester.page.goto("/")
    page, keys, w = expert.page, expert.page.keyboard, expert.words
    for case in cases:
        expect(expert.in_queue(case)).to_be_visible()

    visited = []
    for _ in range(expert.page.locator("[data-case]").count()):
        step(expert, "j")
        visited.append(expert.case_here())
    assert set(cases) < set(visited), "j visits every case once"
    assert len(set(visited)) == len(visited)
    step(expert, "k")
    assert expert.case_here() == visited[-2]
    while (here := expert.case_here()) != cases[0]:
        step(expert, "j" if visited.index(here) < visited.index(cases[0]) else "k")
    expert.sees("Question 1 ?")

    keys.press("c")
    expert.sees(w("Taken by {name}", name=expert.name))
    keys.press("r")
    expect(expert.box()).to_be_focused()
    keys.type("Écrit sans souris, avec un j et un k.")
    keys.press("Control+Enter")
    expect(expert.box()).to_have_value("")
    requester.enter(cases[0])
    requester.sees("Écrit sans souris, avec un j et un k.")

    page.get_by_role("heading", level=1).focus()
    keys.press("?")
    expect(expert.heading("Keyboard")).to_be_visible()


def test_tab_reaches_every_control_and_one_sees_where_one_is(new_device: NewDevice) -> None:
    expert = Clinician(new_device("desktop"), "Dr Marie Chevallay")
    expert.sign_in()
    page, keys = expert.page, expert.page.keyboard
    page.goto("/settings")
    expect(expert.heading("Settings")).to_be_visible()
    skip = page.get_by_role("link", name=expert.words("Skip to the content"))
    for _ in range(12):
        keys.press("Shift+Tab")
        if skip.evaluate("(link) => link === document.activeElement"):
            break
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    keys.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reached = []
    for _ in range(40):
        keys.press("Tab")
        name = page.evaluate("document.activeElement.textContent || document.activeElement.name")
        outlined = page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
            " || getComputedStyle(document.activeElement).boxShadow !== 'none'"
        )
        assert outlined, f"one does not see that {name} has the focus"
        reached.append(name)
        if name == expert.words("Sign out"):
            return
    raise AssertionError(f"Tab never reached the last button: {reached}")
