"""The main job, by two people in two browsers, from the photo to the closed case."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewDevice
from tests.support.clinic import Clinician, Request
from tests.support.photos import take_photo

CAST = {
    "fr": ("Dr Claire Favre", "Dr Sophie Blanc", "Dr Karim Benali"),
    "en": ("Dr Anne Vulliez", "Dr Karim Benali", "Dr Sophie Blanc"),
}
SIZES = {"fr": ("phone", "desktop", "phone"), "en": ("desktop", "phone", "desktop")}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_case_from_the_photo_to_its_close(
    new_device: NewDevice, tmp_path: Path, language: str
) -> None:
    requester, expert, colleague = (
        Clinician(new_device(size, language), name)
        for name, size in zip(CAST[language], SIZES[language], strict=True)
    )
    w = requester.words
    for person in (requester, expert, colleague):
        person.sign_in()

    photos = [take_photo(tmp_path / f"photo-{n}.jpg", n) for n in (1, 2)]
    request = Request(
        "TESTARD-FICTIF",
        "Odile",
        "Lésion ulcérée de la tempe depuis deux mois : biopsie ici ou à Thonon ?",
        photos=photos,
        captions=("Tempe gauche", "Avec réglette"),
    )
    requester.write_request("Dermatologie", request)
    pressed = time.monotonic()
    case = requester.send()

    expect(expert.in_queue(case)).to_be_visible()
    print(f"seen by the expert {time.monotonic() - pressed:.2f} s after the touch")
    expect(expert.in_queue(case)).to_contain_text("TESTARD-FICTIF Odile")
    expert.enter(case)
    expert.sees("Lésion ulcérée de la tempe")
    pictures = expert.page.locator(".request .thumb img")
    expect(pictures).to_have_count(2)

    colleague.enter(case)
    expert.step("Take this case")
    requester.sees(w("Taken by {name}", name=expert.name))
    colleague.sees(w("Taken by {name}", name=expert.name))
    expect(
        colleague.page.get_by_role("button", name=w("Take this case"), exact=True)
    ).to_have_count(0)

    expert.say("Saigne-t-elle au contact ?")
    requester.sees("Saigne-t-elle au contact ?")
    requester.say("Oui, un peu, le matin.", take_photo(tmp_path / "close.jpg", 3))
    expert.sees("Oui, un peu, le matin.")
    expect(expert.page.locator(".bubble .thumb img")).to_have_count(1)
    requester.sees(w("Read"))

    expert.step("Ask for information", "Prend-elle un anticoagulant ?")
    requester.sees("Prend-elle un anticoagulant ?")
    requester.step("Send the information", "Apixaban 2,5 mg deux fois par jour.")
    expert.sees("Apixaban 2,5 mg deux fois par jour.")

    expert.sign_opinion(
        "Carcinome épidermoïde probable.",
        "Exérèse à Thonon sous quinze jours, apixaban poursuivi.",
        "Contrôle à trois mois.",
    )
    opinion = requester.page.get_by_role("article", name=w("Opinion"), exact=True)
    expect(opinion).to_contain_text("Carcinome épidermoïde probable.")
    expect(opinion).to_contain_text(expert.name)

    requester.step("I have read the opinion")
    expert.sees(w("Opinion read"))
    requester.step("Close the case")
    requester.press("Close it")
    requester.sees(w("Closed"))
    expert.sees(w("Closed"))

    lines = "\n".join(requester.trace())
    for name, deed in (
        (requester, "sent the request"),
        (expert, "took the case"),
        (expert, "asked for information"),
        (requester, "gave the information"),
        (expert, "signed an opinion"),
        (requester, "confirmed having read the opinion"),
        (requester, "closed the case"),
        (expert, "read the messages"),
        (expert, "opened a file"),
        (colleague, "looked at the case"),
    ):
        assert f"{name.name} {w(deed)}" in lines, lines
