"""Who gets in, who is put out, and what a locked device still holds."""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime

from playwright.sync_api import Error, expect

from auth.errors import SignInFailed
from tests.e2e.conftest import Demonstration, NewDevice
from tests.support.clinic import Clinician, Request
from tests.support.device_storage import stored_on

DRAFTED = "zinzolinade"
"""A word of a draft that lies on a locked device."""


def test_a_wrong_code_is_refused_in_words(
    new_device: NewDevice, demonstration: Demonstration
) -> None:
    morel = Clinician(new_device("phone"), "Dr Inès Morel")
    w, page = morel.words, morel.page
    person = demonstration.people[morel.name]
    page.goto("/sign-in")
    morel.fill("Mail address", person["mail"])
    page.get_by_label(w("Password"), exact=True).fill(person["password"])
    morel.fill("Six-digit code", "000000")
    morel.press("Sign in")
    refusal = morel.sees(w(SignInFailed.message)).inner_text()
    morel.fill("Mail address", "personne@ailleurs.test")
    morel.press("Sign in")
    assert morel.sees(w(SignInFailed.message)).inner_text() == refusal, "it tells who exists"
    morel.come_in()


def test_a_device_signed_out_from_another_is_out_at_once(new_device: NewDevice) -> None:
    phone = Clinician(new_device("phone"), "Dr Paul Jacquier")
    desktop = Clinician(new_device("desktop"), "Dr Paul Jacquier")
    w = phone.words
    for device in (phone, desktop):
        device.sign_in()
        device.sees(w("Up to date"))
    desktop.page.goto("/settings/sessions")
    desktop.page.get_by_role("button", name=w("Sign out all other devices")).click()
    phone.sees(
        w("This device was signed out from another one. Sign in again if that was not meant.")
    )
    assert phone.device.context.request.get("/api/v1/session").status == 401
    left = stored_on(phone.page)
    assert b"secrets" not in left
    desktop.page.goto("/")
    desktop.sees(w("Up to date"))


def test_an_expired_session_asks_again_and_goes_on_where_one_was(
    new_device: NewDevice, demonstration: Demonstration
) -> None:
    vulliez = Clinician(new_device("desktop"), "Dr Anne Vulliez")
    vulliez.sign_in()
    case = vulliez.open_case("Gériatrie", Request("EXPIRE-FICTIF", "Ada", "Toujours là ?"))
    vulliez.sees(vulliez.words("Up to date"))
    with sqlite3.connect(demonstration.database, timeout=60) as database:
        database.execute(
            "UPDATE login_session SET expires_at = ? WHERE revoked_at IS NULL AND account_id = "
            "(SELECT id FROM account WHERE name = ?)",
            (datetime(2020, 1, 1, tzinfo=UTC).isoformat(sep=" "), vulliez.name),
        )
    with suppress(Error):  # what runs in the background may meet the closed door first
        vulliez.page.get_by_role("tab", name="Trace", exact=True).click(timeout=2000)
    vulliez.sees(
        vulliez.words("Your session has ended. Sign in again: what waits to be sent is still here.")
    )
    vulliez.come_in()
    vulliez.page.wait_for_url(f"**/cases/{case}")
    vulliez.sees("Toujours là ?")


def test_locking_drops_the_keys_and_keeps_the_drafts(
    new_device: NewDevice, demonstration: Demonstration
) -> None:
    rey = Clinician(new_device("phone"), "Léa Rey")
    w, page = rey.words, rey.page
    rey.sign_in()
    rey.write_request("Gériatrie", Request("VERROU-FICTIF", "Noé", f"Une {DRAFTED} ?"))
    assert b"secrets" in stored_on(page)
    page.goto("/settings")
    rey.press("Lock now")
    expect(rey.heading("Locked")).to_be_visible()
    left = stored_on(page)
    assert b"secrets" not in left
    assert DRAFTED.encode() not in left
    page.goto("/")
    expect(rey.heading("Locked")).to_be_visible()
    expect(page.get_by_text("VERROU-FICTIF")).to_have_count(0)

    rey.device.context.set_offline(True)
    password = page.get_by_label(w("Password"), exact=True)
    password.fill("ce n’est pas lui")
    rey.press("Unlock")
    rey.sees(w("This is not the password of this account."))
    password.fill(demonstration.people[rey.name]["password"])
    rey.press("Unlock")
    expect(page.get_by_role("link", name=re.compile("VERROU-FICTIF"))).to_be_visible()
    rey.device.context.set_offline(False)


def test_an_untouched_device_locks_itself_in_every_tab(new_device: NewDevice) -> None:
    chevallay = Clinician(new_device("desktop"), "Dr Marie Chevallay")
    chevallay.page.clock.install()
    chevallay.sign_in()
    other = chevallay.device.context.new_page()
    other.goto("/")
    expect(other.get_by_text(chevallay.words("Up to date"))).to_be_visible()
    chevallay.page.clock.fast_forward("05:30")
    for page in (chevallay.page, other):
        expect(
            page.get_by_role("heading", name=chevallay.words("Locked"), exact=True)
        ).to_be_visible()
    assert b"secrets" not in stored_on(chevallay.page)


def test_signing_out_leaves_nothing_behind(new_device: NewDevice) -> None:
    pinget = Clinician(new_device("desktop"), "Dr Thomas Pinget")
    pinget.sign_in()
    pinget.write_request("Gériatrie", Request("SORTIE-FICTIF", "Guy", "Rien ne reste ?"))
    mail = pinget.name.removeprefix("Dr ").lower().replace(" ", ".").encode()
    pinget.page.goto("/settings")
    assert mail in stored_on(pinget.page)
    pinget.press("Sign out")
    expect(pinget.heading("Sign in")).to_be_visible()
    left = stored_on(pinget.page)
    assert mail not in left
    assert b"secrets" not in left
    pinget.page.goto("/cases")
    expect(pinget.heading("Sign in")).to_be_visible()
