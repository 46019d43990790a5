"""The administrator's console: structures, a pool with its members, and a key that a colleague's
device hands over while nobody watches."""

from __future__ import annotations

import csv
import io
import re
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewDevice
from tests.support.clinic import Clinician, Request

FINESS = {"fr": "749991006", "en": "749991014"}


class Administrator(Clinician):
    """Who keeps the network's lists."""

    def add_organisation(self, name: str, finess: str) -> None:
        page, w = self.page, self.words
        page.goto("/admin/organisations")
        form = page.locator("form", has=page.get_by_role("heading", name=w("Add an organisation")))
        form.get_by_label(w("Name"), exact=True).fill(name)
        form.get_by_label(w("Kind"), exact=True).select_option("practice")
        form.get_by_label(re.compile(w("FINESS number"))).fill(finess[:-1] + "9")
        self.press("Add", form)
        self.sees(w("This is not a FINESS number: a digit is missing or mistyped."))
        form.get_by_label(re.compile(w("FINESS number"))).fill(finess)
        self.press("Add", form)
        expect(self.line(name)).to_contain_text(finess)

    def create_pool(self, name: str, *members: str) -> None:
        page, w = self.page, self.words
        page.goto("/admin/pools")
        form = page.locator("form", has=page.get_by_role("heading", name=w("Create a pool")))
        form.get_by_label(w("Name"), exact=True).fill(name)
        form.get_by_label(w("Specialty"), exact=True).select_option("other")
        form.get_by_label(w("Urgent: answer within")).select_option("60")
        for member in members:
            form.get_by_label(re.compile(f"^{member}")).check()
        self.press("Create", form)
        self.sees(w("{name} was created.", name=name))
        expect(self.heading_text(name)).to_be_visible()

    def add_member(self, name: str) -> None:
        self.page.get_by_label(re.compile(f"^{name}")).check()
        self.press("Add")
        self.sees(self.words.many("{n} member added.", 1))

    def let_overflow_into(self, pool: str) -> None:
        page, w = self.page, self.words
        legend = w("Overflow pools, four at most, in the order you choose them")
        form = page.locator("form", has=page.get_by_role("group", name=legend))
        form.get_by_label(re.compile(f"^{pool}")).check()
        self.press("Save", form)
        told = "New cases can be passed on to {names}: they get the key when the case is opened."
        expect(page.get_by_text(w(told, names=pool))).to_be_visible()

    def line(self, text: str) -> Locator:
        return self.page.locator(".list-item", has_text=text).first

    def heading_text(self, text: str) -> Locator:
        return self.page.get_by_role("heading", name=text, exact=True)


@pytest.mark.parametrize(("language", "size"), [("fr", "desktop"), ("en", "phone")])
def test_a_pool_from_its_making_to_its_archive(
    new_device: NewDevice, language: str, size: str
) -> None:
    administrator = Administrator(new_device(size, language), "Élise Garnier")
    w, page = administrator.words, administrator.page
    mark = uuid4().hex[:5]
    administrator.sign_in()

    practice = f"Cabinet du Semnoz {mark}"
    administrator.add_organisation(practice, FINESS[language])
    page.get_by_role("button", name=w("Rename {name}", name=practice)).click()
    renaming = page.locator("li form")
    renaming.get_by_label(w("Name"), exact=True).fill(f"{practice} bis")
    administrator.press("Save", renaming)
    expect(administrator.line(f"{practice} bis")).to_be_visible()
    page.get_by_role("button", name=w("Archive {name}", name=f"{practice} bis")).click()
    administrator.sees(w("{name} was archived.", name=f"{practice} bis"))
    expect(page.locator(".list-item", has_text=practice)).to_have_count(0)

    pool = f"Vasculaire {mark}"
    administrator.create_pool(pool, "Dr Thomas Pinget")
    administrator.let_overflow_into("Orthopédie")
    requester = Clinician(new_device("phone", language), "Dr Claire Favre")
    requester.sign_in()
    requester.write_request(pool, Request("RELAIS-FICTIF", "Paule", "Ischémie du gros orteil ?"))
    readers = requester.page.get_by_role("region", name=w("Who will be able to read"))
    expect(readers).to_contain_text(w("{name}, only if nobody answers", name="Orthopédie"))
    case = requester.send()
    requester.turn("Case")
    expect(requester.circle()).to_contain_text(w("Takes over if nobody answers"))
    requester.page.goto("/")

    administrator.add_member("Dr Marie Chevallay")
    expect(administrator.line("Dr Marie Chevallay")).to_contain_text(w("Key on its way"))
    newcomer = Clinician(new_device("desktop", language), "Dr Marie Chevallay")
    newcomer.sign_in()
    expect(newcomer.in_queue(case)).to_contain_text(w("Not open to you yet"))

    # The first colleague comes online: their device wraps the key, nobody presses anything.
    colleague = Clinician(new_device("phone", language), "Dr Thomas Pinget")
    colleague.sign_in()
    expect(colleague.in_queue(case)).to_contain_text("RELAIS-FICTIF Paule")
    expect(newcomer.in_queue(case)).to_contain_text("RELAIS-FICTIF Paule", timeout=90_000)
    page.reload()
    expect(administrator.line("Dr Marie Chevallay")).not_to_contain_text(w("Key on its way"))

    administrator.press("Archive")
    administrator.sees(w("{name} was archived.", name=pool))
    requester.page.goto("/new")
    expect(requester.heading("Whom do you ask?")).to_be_visible()
    expect(requester.page.get_by_role("button", name=re.compile("^Dermatologie"))).to_be_visible()
    expect(requester.page.get_by_role("button", name=re.compile(f"^{pool}"))).to_have_count(0)

    traced(administrator, colleague.name)


def traced(administrator: Administrator, colleague: str) -> None:
    """Every change stands in the trace: on the page, and in what is exported."""
    page, w = administrator.page, administrator.words
    rows = page.locator(".trace-row")
    for action, name in (
        ("group:create", administrator.name),
        ("group:state", administrator.name),
        ("group:archive", administrator.name),
        ("group:grant", colleague),
    ):
        page.goto(f"/admin/trace?action={action}")
        expect(rows.filter(has_text=action).filter(has_text=name).first).to_be_visible()
    page.goto("/admin/trace?action=group:")
    with page.expect_download() as saving:
        page.get_by_role("link", name=w("Export as CSV")).click()
    text = saving.value.path().read_text(encoding="utf-8-sig")
    actions = {line["action"] for line in csv.DictReader(io.StringIO(text))}
    assert "group:grant" in actions
    assert all(action.startswith("group:") for action in actions)
