"""Cases and groups that change hands, in front of everyone whom it concerns."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Demonstration, NewDevice
from tests.support.clinic import Clinician, Request

TEAM = "EHPAD Les Gentianes"
CAST = {
    "fr": {
        "Dermatologie": "Dr Sophie Blanc",
        "Rhumatologie": "Dr Inès Morel",
        "Orthopédie": "Dr Paul Jacquier",
        "": "Dr Claire Favre",
    },
    "en": {
        "Dermatologie": "Dr Karim Benali",
        "Gériatrie": "Dr Marie Chevallay",
        "Radiologie": "Dr Thomas Pinget",
        "": "Dr Hugo Mermet",
    },
}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_case_gets_a_second_opinion_goes_to_another_pool_and_leaves_who_is_taken_off(
    new_device: NewDevice, language: str
) -> None:
    people = [Clinician(new_device("phone", language), name) for name in CAST[language].values()]
    first, beside, next_one, requester = people
    pool, other_pool, third_pool, _ = CAST[language]
    w = requester.words
    for person in people:
        person.sign_in()
    requester.write_request(
        pool, Request("CORDÉE-FICTIF", "Aline", "Lésion ou fracture ? Qui doit la voir ?")
    )
    readers = requester.page.get_by_role("region", name=w("Who will be able to read"))
    expect(readers).to_contain_text(pool)
    expect(readers).to_contain_text(w("You"))
    case = requester.send()

    first.enter(case)
    first.step("Take this case")
    requester.sees(w("Taken by {name}", name=first.name))
    first.turn("Case")
    expect(first.circle()).to_contain_text(w("Answers this case"))
    requester.share("Ask a second opinion", other_pool, "Ask")
    expect(first.circle()).to_contain_text(other_pool)
    expect(first.circle()).to_contain_text(w("Second opinion"))

    beside.page.get_by_role("tab", name=re.compile(f"^{w('Mine')}")).click()
    expect(beside.in_queue(case)).to_contain_text("CORDÉE-FICTIF Aline")
    beside.enter(case)
    beside.sees("Lésion ou fracture ?")
    beside.sign_second_opinion("Plutôt une fracture de fatigue.")
    requester.turn("Conversation")
    opinion = requester.page.get_by_role("article", name=w("Second opinion"), exact=True)
    expect(opinion).to_contain_text("Plutôt une fracture de fatigue.")
    expect(opinion).to_contain_text(beside.name)

    requester.share("Forward to another pool", third_pool, "Forward")
    expect(first.circle()).to_contain_text(w("Was asked before"))
    next_one.enter(case)
    next_one.step("Take this case")
    requester.turn("Conversation")
    requester.sees(w("Taken by {name}", name=next_one.name))
    next_one.sees("Plutôt une fracture de fatigue.")

    requester.share("Take somebody off", other_pool, "Take off")
    beside.sees(w("This case cannot be found"))
    expect(beside.page.get_by_text("Lésion ou fracture ?")).to_have_count(0)
    expect(first.circle().get_by_text(w("Taken off"))).to_be_visible()
    next_one.say("Radiographie demandée pour demain.")
    requester.turn("Conversation")
    requester.sees("Radiographie demandée pour demain.")

    lines = "\n".join(requester.trace())
    for name, deed in (
        (requester, "asked for a second opinion"),
        (beside, "signed a second opinion"),
        (requester, "forwarded the case to another pool"),
        (requester, "took somebody off the case"),
    ):
        assert f"{name.name} {w(deed)}" in lines, lines


def make_manager(administrator: Clinician, name: str) -> None:
    page, w = administrator.page, administrator.words
    page.goto("/admin/care-teams")
    page.get_by_role("link", name=re.compile(TEAM)).click()
    page.get_by_role("button", name=w("Change {name}", name=name)).click()
    page.get_by_role("checkbox", name=w("May add and remove members")).check()
    administrator.sees(w("Changes saved."))


def add_locum(manager: Clinician, name: str) -> None:
    page, w = manager.page, manager.words
    page.goto("/settings")
    page.get_by_role("link", name=re.compile(w("My groups"))).click()
    page.get_by_role("link", name=re.compile(TEAM)).click()
    form = page.locator("form", has=page.get_by_text(w("Add members")))
    form.get_by_label(re.compile(f"^{name}")).check()
    form.get_by_label(re.compile(f"^{w('Last day')}")).fill(f"{date.today() + timedelta(14)}")
    manager.press("Add", form)
    manager.sees(manager.words.many("{n} member added.", 1))


def remove(manager: Clinician, name: str) -> None:
    page, w = manager.page, manager.words
    page.get_by_role("button", name=w("Change {name}", name=name)).click()
    manager.choose("Now")
    manager.press("Remove from the group")
    page.get_by_role("button", name=w("Remove {name}", name=name)).click()


def test_a_team_takes_a_locum_in_and_out_and_gets_back_who_lost_everything(
    new_device: NewDevice, demonstration: Demonstration
) -> None:
    administrator = Clinician(new_device("desktop"), "Élise Garnier")
    manager = Clinician(new_device("phone"), "Dr Anne Vulliez")
    locum = Clinician(new_device("phone", "en"), "Dr Hugo Mermet")
    w = manager.words
    administrator.sign_in()
    make_manager(administrator, manager.name)
    manager.sign_in()
    case = manager.open_case("Gériatrie", Request("RELÈVE-FICTIF", "Jean", "Chutes répétées ?"))
    locum.sign_in()
    expect(locum.in_queue(case)).to_have_count(0)

    add_locum(manager, locum.name)
    expect(locum.in_queue(case)).to_contain_text("RELÈVE-FICTIF Jean")
    locum.enter(case)
    locum.sees("Chutes répétées ?")
    locum.say("Je passe le voir ce soir.")

    remove(manager, locum.name)
    locum.sees(locum.words("This case cannot be found"))
    expect(locum.page.get_by_text("Chutes répétées ?")).to_have_count(0)
    manager.page.goto(f"/cases/{case}")
    manager.sees("Je passe le voir ce soir.")
    manager.say("Merci, je reprends.")

    nurse = Clinician(new_device("phone"), "Léa Rey")
    offer_return(administrator, nurse.name)
    come_back(nurse, demonstration.people[nurse.name]["password"])
    certify_again(administrator, nurse.name)
    expect(nurse.in_queue(case)).to_contain_text("RELÈVE-FICTIF Jean", timeout=90_000)
    nurse.enter(case)
    nurse.sees("Merci, je reprends.")

    manager.turn("Case")
    manager.circle().get_by_text(TEAM).click()
    expect(manager.circle()).to_contain_text(w.like("New keys since {when}, vouched for by {name}"))
    manager.circle().get_by_role("link", name=nurse.name).click()
    nurse.turn("Case")
    nurse.circle().get_by_role("link", name=manager.name).first.click()
    numbers = [
        person.page.get_by_label(w("Numbers to compare")).get_by_role("listitem")
        for person in (manager, nurse)
    ]
    expect(numbers[0]).to_have_count(8)
    expect(numbers[1]).to_have_text(numbers[0].all_inner_texts())


def offer_return(administrator: Clinician, name: str) -> None:
    page, w = administrator.page, administrator.words
    page.goto("/admin/people")
    page.get_by_role("link", name=re.compile(name)).click()
    page.get_by_text(w("Identity checked: send a link")).click()
    administrator.choose("By video, with an identity document")
    page.get_by_label(w("It is {name} who asks, and nobody in their name.", name=name)).check()
    administrator.press("Send the link")
    administrator.sees(w.like("The link is on its way to {mail}, good once and until {when}."))


def come_back(person: Clinician, password: str) -> None:
    """By the link of the mail, on a new device: new password, second factor and recovery code."""
    page, w = person.page, person.words
    page.goto("/demo/mails")
    page.locator('a[href*="return=1"]').first.click()
    person.sees(
        w.like(
            "Welcome back, {name}. You make new keys here; the old password, code and devices "
            "stop working."
        )
    )
    page.get_by_label(w("Password"), exact=True).fill(password)
    expect(page.locator(".strength")).to_have_attribute("data-enough", "true")
    person.press("Continue")
    person.enrol("Check the code")
    person.keep_code()
    expect(person.heading("New keys to confirm")).to_be_visible()


def certify_again(administrator: Clinician, name: str) -> None:
    page, w = administrator.page, administrator.words
    page.reload()
    page.get_by_label(w("I know or have identified {name}.", name=name)).check()
    page.get_by_label(w.like("RPPS number {rpps} is theirs in the national directory.")).check()
    page.get_by_label(w("They read out these very words from their screen:")).check()
    administrator.press("Certify")
    administrator.sees(w("{name} is certified.", name=name))
