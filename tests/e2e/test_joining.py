"""From the operator's first command to a certified doctor, and back in after losing everything:
a production server, real mail, two browsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import expect

from app.migrate import migrate
from tests.e2e.conftest import NewDevice
from tests.factories.people import rpps_number
from tests.support.browser import settle
from tests.support.clinic import Clinician
from tests.support.serving import ServedApp
from tests.support.smtp import MailServer, links_in, text_of

PASSWORD = "quatre mélèzes sous la lune"
NEW_PASSWORD = "névé cairn piolet gentiane"
FAVRE = "claire.favre@abondance.test"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture
def served(tmp_path: Path, mail: MailServer) -> Iterator[ServedApp]:
    """A server as an operator sets it up, without demonstration."""
    url = f"sqlite:///{tmp_path / 'cordee.sqlite3'}"
    migrate(url)
    app = ServedApp(tmp_path, url, CORDEE_SMTP_URL=mail.url)
    yield app
    app.stop()


def sign_up(person: Clinician, link: str, **facts: Any) -> tuple[pyotp.TOTP, str]:
    """Through the five pages; the authenticator and the recovery code the person then has."""
    page, w = person.page, person.words
    page.goto(link)
    person.fill("First and last name", person.name)
    if "rpps" in facts:
        page.get_by_label(w("Profession")).select_option("physician")
        page.get_by_label(w("Specialty")).select_option("general_practice")
        wrong = facts["rpps"][:-1] + str((int(facts["rpps"][-1]) + 1) % 10)
        person.fill("RPPS number", wrong)
        person.press("Continue")
        person.sees(
            w(
                "This is not an RPPS number: a digit is missing or mistyped. Check it against your card."
            )
        )
        person.fill("RPPS number", facts["rpps"])
    person.press("Continue")
    password = page.get_by_label(w("Password"), exact=True)
    password.fill("motdepasse2026")
    person.press("Continue")
    person.sees(w("Choose a stronger password to continue."))
    password.fill(PASSWORD)
    expect(page.locator(".strength")).to_have_attribute("data-enough", "true")
    person.press("Continue")
    codes = person.enrol("Check the code")
    expect(person.heading("Your recovery code")).to_be_visible()
    with page.expect_download() as download:
        person.press("Download")
    saved = download.value.path().read_text()
    code = person.keep_code(wrong="0000")
    assert code in saved
    return codes, code


def test_from_the_first_command_to_a_certified_doctor_and_back_after_losing_everything(
    new_device: NewDevice, served: ServedApp, mail: MailServer, tmp_path: Path
) -> None:
    key = tmp_path / "root.key"
    said = served.command(
        "init", "--name", "Réseau du Chablais", "--admin-mail", "anne@reseau.test",
        "--root-key", str(key),
    )  # fmt: skip
    administrator = Clinician(new_device("desktop", url=served.url), "Anne Berthet")
    w = administrator.words
    sign_up(administrator, re.findall(r"https?://\S+", said)[0])
    administrator.sees(w("Almost there, {name}", name="Anne Berthet"))
    served.command("appoint", "anne@reseau.test", "--root-key", str(key), "--yes")
    expect(administrator.heading("Administration")).to_be_visible()

    administrator.page.goto("/admin/people")
    administrator.fill("Mail address", FAVRE)
    administrator.press("Send the invitation")
    settle(administrator.page, lambda: bool(mail.to(FAVRE)))
    link = links_in(mail.to(FAVRE)[0])[0]

    favre = Clinician(new_device("phone", url=served.url), "Claire Favre")
    codes, recovery = sign_up(favre, link, rpps=rpps_number("1099900001"))
    favre.sees(w("Almost there, {name}", name="Claire Favre"))
    read_out = favre.page.locator(".fingerprint").inner_text()
    assert favre.device.context.request.get("/api/v1/groups").status == 403

    administrator.page.goto("/admin/people")
    administrator.page.get_by_role("link", name=re.compile("Claire Favre")).click()
    expect(administrator.page.locator("section .fingerprint")).to_have_text(read_out)
    for box in administrator.page.get_by_role("checkbox").all():
        box.check()
    administrator.press("Certify")
    administrator.sees(w("Certified"))
    expect(favre.heading("My cases")).to_be_visible()

    used = Clinician(new_device("desktop", url=served.url), "Claire Favre")
    used.page.goto(link)
    expect(used.heading("This invitation cannot be used")).to_be_visible()

    come_back(used, recovery, mail)
    expect(used.heading("My cases")).to_be_visible()
    favre.sees(
        w("This device was signed out from another one. Sign in again if that was not meant.")
    )
    refuse_old_password(favre, codes)


def come_back(person: Clinician, recovery: str, mail: MailServer) -> None:
    """With the recovery code and the mail, on a device that knows nothing."""
    page, w = person.page, person.words
    page.goto("/recovery")
    person.fill("Mail address", FAVRE)
    person.fill("Recovery code", recovery.lower().replace("-", " "))
    person.press("Continue")
    settle(page, lambda: any(re.search(r"\b\d{8}\b", text_of(one)) for one in mail.to(FAVRE)))
    letter = next(one for one in mail.to(FAVRE) if re.search(r"\b\d{8}\b", text_of(one)))
    person.fill("Eight digits from the mail", re.findall(r"\b\d{8}\b", text_of(letter))[0])
    person.press("Continue")
    page.get_by_label(w("New password"), exact=True).fill(NEW_PASSWORD)
    expect(page.locator(".strength")).to_have_attribute("data-enough", "true")
    person.press("Continue")
    person.enrol("Open my account")


def refuse_old_password(person: Clinician, codes: pyotp.TOTP) -> None:
    """What was lost opens nothing any more."""
    person.fill("Mail address", FAVRE)
    person.page.get_by_label(person.words("Password"), exact=True).fill(PASSWORD)
    person.fill("Six-digit code", codes.now())
    person.press("Sign in")
    expect(person.page.locator("[role=alert], .banner").last).to_be_visible()
    expect(person.heading("Sign in")).to_be_visible()
