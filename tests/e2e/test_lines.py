"""Lines that break, pages that reload, fingers that touch twice: nothing is lost, nothing doubled."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import Demonstration, NewDevice
from tests.support.browser import settle
from tests.support.clinic import Clinician, Request
from tests.support.photos import take_photo

SLOW = 40_000
"""Bytes a second: EDGE at the end of a valley."""


def test_a_case_written_without_a_line_leaves_when_it_is_back(
    new_device: NewDevice, tmp_path: Path
) -> None:
    requester = Clinician(new_device("phone"), "Dr Hugo Mermet")
    expert = Clinician(new_device("desktop"), "Dr Sophie Blanc")
    w = requester.words
    for person in (requester, expert):
        person.sign_in()
    expect(requester.page.get_by_text(w("Up to date"))).to_be_visible()
    requester.is_kept()
    requester.device.context.set_offline(True)
    requester.write_request(
        "Dermatologie",
        Request(
            "HORSLIGNE-FICTIF",
            "Ida",
            "Et sans réseau ?",
            photos=[take_photo(tmp_path / "a.jpg", 5)],
        ),
    )
    case = requester.send()
    requester.sees(w("Waiting for the network"))
    requester.say("Écrit au fond de la vallée.")
    requester.page.reload()
    requester.sees("HORSLIGNE-FICTIF Ida")
    requester.sees("Écrit au fond de la vallée.")
    expect(expert.in_queue(case)).to_have_count(0)

    requester.device.context.set_offline(False)
    expect(expert.in_queue(case)).to_be_visible()
    expert.enter(case)
    expert.sees("Écrit au fond de la vallée.")
    expect(expert.page.locator(".request .thumb img")).to_have_count(1)
    expect(requester.page.get_by_text(w("Up to date"))).to_be_visible()


def test_messages_through_a_line_that_keeps_breaking_come_once_and_in_order(
    new_device: NewDevice, demonstration: Demonstration
) -> None:
    requester = Clinician(new_device("desktop"), "Dr Claire Favre")
    expert = Clinician(new_device("desktop"), "Dr Karim Benali")
    for person in (requester, expert):
        person.sign_in()
    case = requester.open_case("Dermatologie", Request("COUPURE-FICTIF", "Jo", "Cela tient-il ?"))
    expert.enter(case)
    sent = [f"Message numéro {number}." for number in range(1, 7)]
    for number, text in enumerate(sent):
        demonstration.line.cut() if number % 2 else demonstration.line.drop()
        (requester if number % 3 else expert).say(text)
        requester.page.wait_for_timeout(250)
        demonstration.line.mend()
    for person in (requester, expert):
        for text in sent:
            person.sees(text)
        expect(person.page.get_by_text(re.compile(r"Message numéro \d"))).to_have_count(len(sent))
        # One's own words take their place among the others' with the server's answer.
        expect(person.page.get_by_text(person.words("Up to date"))).to_be_visible()
    orders = [
        person.page.locator(".bubble .prose").all_inner_texts() for person in (requester, expert)
    ]
    assert orders[0] == orders[1]
    for author in (0, 1):
        mine = [text for number, text in enumerate(sent) if (number % 3 == 0) == (author == 1)]
        assert [text for text in orders[0] if text in mine] == mine


def test_an_upload_goes_on_where_a_reload_and_a_cut_left_it(
    new_device: NewDevice, demonstration: Demonstration, tmp_path: Path
) -> None:
    requester = Clinician(new_device("phone"), "Dr Anne Vulliez")
    w = requester.words
    requester.sign_in()
    requester.is_kept()
    file = tmp_path / "scanner.bin"
    file.write_bytes(bytes(range(256)) * 4096)  # 1 MiB
    case = requester.open_case("Dermatologie", Request("REPRISE-FICTIF", "Éva", "Le scanner suit."))
    expect(requester.page.get_by_text(w("Up to date"))).to_be_visible()
    started = demonstration.line.sent()
    demonstration.line.slow(4 * SLOW)
    requester.say("Voici le scanner.", file)
    settle(requester.page, lambda: demonstration.line.sent() - started > 300_000)
    demonstration.line.cut()
    requester.page.reload()
    requester.page.wait_for_timeout(500)
    demonstration.line.slow(None)
    demonstration.line.mend()
    requester.page.goto(f"/cases/{case}")
    expect(requester.page.get_by_text(w("Up to date"))).to_be_visible(timeout=90_000)
    assert demonstration.line.sent() - started < 1.6 * file.stat().st_size
    with requester.page.expect_download() as download:
        requester.page.get_by_role("button", name=re.compile("scanner.bin")).last.click()
    assert download.value.path().read_bytes() == file.read_bytes()


def test_touching_send_twice_sends_once(new_device: NewDevice) -> None:
    requester = Clinician(new_device("phone"), "Dr Hugo Mermet")
    expert = Clinician(new_device("desktop"), "Dr Karim Benali")
    for person in (requester, expert):
        person.sign_in()
    requester.write_request("Dermatologie", Request("DOUBLON-FICTIF", "Léo", "Deux fois ?"))
    requester.page.get_by_role(
        "button", name=requester.words("Seal and send"), exact=True
    ).dblclick()
    case = requester.case_here()
    expect(expert.in_queue(case)).to_be_visible()
    requester.box().fill("Une seule fois.")
    requester.page.get_by_role("button", name=requester.words("Send"), exact=True).dblclick()
    expert.enter(case)
    expert.sees("Une seule fois.")
    requester.page.goto("/")
    requester.sees("DOUBLON-FICTIF")
    for person in (requester, expert):
        expect(person.page.locator("[data-case]").filter(has_text="DOUBLON-FICTIF")).to_have_count(
            1
        )
    expect(expert.page.get_by_text("Une seule fois.")).to_have_count(1)


def test_what_was_typed_survives_a_reload(new_device: NewDevice, tmp_path: Path) -> None:
    requester = Clinician(new_device("phone"), "Dr Claire Favre")
    requester.sign_in()
    requester.write_request(
        "Dermatologie",
        Request(
            "BROUILLON-FICTIF", "Max", "Resté en plan ?", photos=[take_photo(tmp_path / "b.jpg", 6)]
        ),
    )
    requester.all_kept()
    requester.page.reload()
    requester.sees("Resté en plan ?")
    requester.sees("BROUILLON-FICTIF Max")
    requester.page.goto("/")
    requester.page.get_by_role("link", name=re.compile("BROUILLON-FICTIF")).click()
    case = requester.draft_here()
    requester.page.goto(f"/new/{case}?step=4")
    requester.send()
    expect(requester.page.locator(".request .thumb img")).to_have_count(1)
    requester.kept(f"message:{case}", lambda: requester.box().fill("Un mot pas encore"))
    requester.page.reload()
    expect(requester.box()).to_have_value("Un mot pas encore")


def test_two_tabs_of_one_person_show_the_same(new_device: NewDevice) -> None:
    requester = Clinician(new_device("desktop"), "Dr Anne Vulliez")
    requester.sign_in()
    case = requester.open_case("Dermatologie", Request("ONGLETS-FICTIF", "Zoé", "Deux onglets ?"))
    first = requester.page
    second = requester.device.new_page()
    second.goto(f"/cases/{case}")
    requester.say("Écrit dans le second.")
    expect(first.get_by_text("Écrit dans le second.")).to_be_visible()
    expect(second.get_by_text("Écrit dans le second.")).to_have_count(1)


def test_the_application_opens_without_a_line(new_device: NewDevice) -> None:
    requester = Clinician(new_device("phone"), "Dr Hugo Mermet")
    requester.sign_in()
    requester.is_kept()
    requester.device.context.set_offline(True)
    requester.page.goto("/")
    expect(requester.page.get_by_role("navigation", name=requester.words("Main"))).to_be_visible()
    expect(requester.page.get_by_role("status").first).to_have_text(
        re.compile(re.escape(requester.words("Offline")))
    )
    requester.device.context.set_offline(False)
    expect(requester.page.get_by_text(requester.words("Up to date"))).to_be_visible()
