"""A hospital's system sends a film by the Python client; the specialist looks at it in the browser."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path

import httpx
import pydicom
from playwright.sync_api import Locator, expect

from client import Consent, CordeeClient, Patient, Request
from tests.e2e.conftest import Demonstration, NewDevice
from tests.support.browser import settle
from tests.support.clinic import Clinician
from tests.support.films import MARK, film, written

DRAWN = "(image) => image.complete && image.naturalWidth > 0"


def send_film(demonstration: Demonstration, path: Path) -> str:
    """Open a case with one DICOM file as another system would; its id."""
    person = demonstration.people["Dr Hugo Mermet"]
    url = demonstration.url
    shown = httpx.get(f"{url}/api/v1/demo/people/{person['mail']}/code").json()
    time.sleep(shown["wait"])
    with CordeeClient(url) as system:
        system.sign_in(person["mail"], person["password"], shown["code"])
        case = system.cases.open_case(
            "Orthopédie",
            Request(
                Patient("PERRIN-FICTIF", "Jeanne", "F", "1944-08-30"),
                "Tassement récent de L1 ?",
                Consent(by="patient", how="oral"),
            ),
            files=[path],
        )
        system.sign_out()
    return case.id


def drawn(image: Locator) -> bool:
    return bool(image.count() and image.evaluate(DRAWN))


def test_a_film_is_seen_by_its_preview_and_saved_cleaned(
    new_device: NewDevice, demonstration: Demonstration, tmp_path: Path
) -> None:
    path = tmp_path / "rachis.dcm"
    path.write_bytes(written(film()).getvalue())
    expert = Clinician(new_device("desktop"), "Dr Paul Jacquier")
    w = expert.words
    expert.sign_in()
    case = send_film(demonstration, path)

    expert.enter(case)
    thumb = expert.page.locator(".request .thumb")
    expect(thumb).to_have_count(1)
    settle(expert.page, lambda: drawn(thumb.locator("img")))

    thumb.click()
    viewer = expert.page.get_by_role("dialog")
    settle(expert.page, lambda: drawn(viewer.locator("img")))
    with expert.page.expect_download() as saving:
        viewer.get_by_role("button", name=w("Save")).click()
    saved = Path(saving.value.path()).read_bytes()
    assert drawn(viewer.locator("img")), "saving the file does not take its place on the screen"
    assert MARK.encode() not in saved
    assert pydicom.dcmread(BytesIO(saved)).PatientIdentityRemoved == "YES"
