"""A case does not always go straight: refusals, cancellations, second thoughts, new questions; and
what surrounds the conversation: quotes, typing, search, paper, photos put in order and looked at."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewDevice
from tests.support.browser import settle
from tests.support.clinic import Clinician, Request
from tests.support.photos import take_photo

POOL = "Radiologie"
RPPS = ("10999000036", "10999000093")
"""Of the requester and the expert, as the demonstration gives them."""


def pair(new_device: NewDevice, size: str = "phone") -> tuple[Clinician, Clinician]:
    """A requester on a phone and the pool's specialist at a desk, both in."""
    requester = Clinician(new_device(size), "Dr Anne Vulliez")
    expert = Clinician(new_device("desktop"), "Dr Thomas Pinget")
    for person in (requester, expert):
        person.sign_in()
    return requester, expert


def test_a_case_is_refused_with_a_reason_and_another_withdrawn(new_device: NewDevice) -> None:
    requester, expert = pair(new_device)
    refused = requester.open_case(POOL, Request("RENVOI-FICTIF", "Abel", "Écho du genou ?"))
    expert.enter(refused)
    expert.step("Refuse the case", "Adressez-le en orthopédie, je vous prie.")
    requester.sees("Adressez-le en orthopédie, je vous prie.")
    requester.sees(requester.words("Refused"))
    expect(requester.page.locator(".composer")).to_have_count(0)

    requester.page.goto("/")
    withdrawn = requester.open_case(POOL, Request("RETRAIT-FICTIF", "Berthe", "Radio utile ?"))
    expect(expert.in_queue(withdrawn)).to_be_visible()
    requester.step("Cancel the request")
    requester.press("Cancel it")
    requester.sees(requester.words("Cancelled"))
    expect(expert.in_queue(withdrawn)).to_have_count(0)


def test_an_opinion_is_amended_and_a_new_question_opens_the_case_again(
    new_device: NewDevice, tmp_path: Path
) -> None:
    requester, expert = pair(new_device)
    w = expert.words
    case = requester.open_case(POOL, Request("REVUE-FICTIF", "Cyr", "Ce scanner est-il normal ?"))
    expert.enter(case)
    expert.step("Take this case")
    expert.sign_opinion("Scanner normal.", "Rien à faire.", "")
    requester.sees("Scanner normal.")

    others = expert.page.get_by_role("button", name=w("Other steps"), exact=True)
    amend = expert.page.get_by_role("link", name=w("Amend the opinion"))
    expect(amend.or_(others).first).to_be_visible()
    if not amend.count():
        others.click()
    amend.click()
    expect(expert.page.get_by_label(w("Conclusion"), exact=True)).to_have_value("Scanner normal.")
    expert.fill("Conclusion", "Micronodule du lobe supérieur droit.")
    expert.press("Check before signing")
    expert.press("Sign and send")
    expert.page.wait_for_url(f"**/cases/{case}")

    second = requester.page.get_by_role("article", name=w("Opinion, version {n}", n=2))
    expect(second).to_contain_text("Micronodule du lobe supérieur droit.")
    first = requester.page.locator("details.opinion")
    expect(first).to_contain_text(w("{title}, replaced since", title=w("Opinion")))
    first.locator("summary").click()
    expect(first).to_contain_text("Scanner normal.")

    print_and_save(requester, second, tmp_path)

    requester.page.goto(f"/cases/{case}")
    requester.step("I have read the opinion")
    requester.step("Close the case")
    requester.press("Close it")
    expert.sees(w("Closed"))
    requester.step("Ask a new question", "Faut-il un contrôle à trois mois ?")
    expert.sees("Faut-il un contrôle à trois mois ?")
    expert.sees(w("Taken by {name}", name=expert.name))


def print_and_save(reader: Clinician, opinion: Locator, folder: Path) -> None:
    """The report on paper and as a file: both versions, the later one first."""
    page, w = reader.page, reader.words
    opinion.get_by_role("link", name=w("Print or save")).click()
    sheet = page.locator("article.sheet")
    expect(sheet).to_contain_text("REVUE-FICTIF Cyr")
    expect(sheet).to_contain_text("Micronodule du lobe supérieur droit.")
    expect(sheet).to_contain_text("Scanner normal.")
    for number in RPPS:
        expect(sheet).to_contain_text(f"RPPS {number}")
    agreed = w("The patient was informed and does not object, {when}.", when="").rstrip(" .")
    expect(sheet).to_contain_text(agreed)
    with page.expect_download() as saving:
        reader.press("Save as PDF")
    saved = folder / "report.pdf"
    saving.value.save_as(saved)
    assert saved.read_bytes().startswith(b"%PDF-")
    assert saved.stat().st_size > 2_000
    assert "FICTIF" not in saving.value.suggested_filename


def test_quotes_typing_presence_and_search(new_device: NewDevice) -> None:
    requester, expert = pair(new_device)
    w = expert.words
    case = requester.open_case(
        POOL, Request("CHERCHÉ-FICTIF", "Élie", "Ombre du lobe moyen : bénigne ?", urgency="Urgent")
    )
    expert.enter(case)
    expert.page.get_by_role("tab", name=w("Case"), exact=True).click()
    expert.sees(w("looking at it now"))

    requester.box().press_sequentially("Elle tousse", delay=20)
    expert.sees(w("{names} is writing…", names=requester.name))
    requester.press("Send")
    expert.sees("Elle tousse")

    name = w("Reply to this message of {name}", name=requester.name)
    expert.page.get_by_role("button", name=name).click()
    expert.say("Depuis longtemps ?")
    answer = requester.page.locator(".bubble", has_text="Depuis longtemps ?")
    expect(answer.locator("blockquote")).to_contain_text("Elle tousse")

    # What is searched was opened on this device: the server is asked nothing.
    asked: list[str] = []
    expert.page.on("request", lambda request: asked.append(request.url))
    search = expert.page.get_by_label(w("Search in my cases"))
    search.fill("cherche lobe")
    expect(expert.in_queue(case)).to_be_visible()
    search.fill("introuvable")
    expect(expert.in_queue(case)).to_have_count(0)
    search.fill("")
    expect(expert.in_queue(case)).to_be_visible()
    assert not [url for url in asked if "lobe" in url or "introuvable" in url]


def test_photos_are_put_in_order_removed_taken_again_and_looked_at(
    new_device: NewDevice, tmp_path: Path
) -> None:
    requester, expert = pair(new_device)
    w, page = requester.words, requester.page
    photos = [take_photo(tmp_path / f"{name}.jpg", seed) for seed, name in enumerate("abc", 1)]
    request = Request(
        "ORDRE-FICTIF",
        "Fanny",
        "Lequel est net ?",
        photos=photos,
        captions=("une", "deux", "trois"),
    )
    requester.write_request(POOL, request)
    page.go_back()
    captions = page.locator(".attached-file input:not([type=file])")
    expect(captions).to_have_count(3)
    page.locator(".attached-file").nth(2).get_by_role("button", name=w("Move earlier")).click()
    page.locator(".attached-file").nth(2).get_by_role("button", name=w("Remove")).click()
    expect(captions).to_have_count(2)
    requester.press("Undo")
    expect(captions).to_have_count(3)
    page.locator(".attached-file").nth(2).get_by_role("button", name=w("Remove")).click()
    before = page.locator(".attached-file img").first.get_attribute("src")
    with page.expect_file_chooser() as chooser:
        page.locator(".attached-file").first.get_by_role("button", name=w("Take it again")).click()
    chooser.value.set_files(str(take_photo(tmp_path / "d.jpg", 9)))
    settle(page, lambda: page.locator(".attached-file img").first.get_attribute("src") != before)
    page.get_by_label(
        w("Caption of photo {position}", position=w("{index} of {total}", index=1, total=2))
    ).fill("une, reprise")
    requester.press("Continue")
    case = requester.send()

    expert.enter(case)
    thumbs = expert.page.locator(".request .thumb")
    expect(thumbs).to_have_count(2)
    expect(thumbs.locator(".thumb-caption")).to_have_text(["une, reprise", "trois"])
    expect(thumbs.locator("img")).to_have_count(2)
    look_closely(expert, thumbs)


def look_closely(expert: Clinician, thumbs: Locator) -> None:
    """The viewer by mouse and by keys: next, zoom, turn, brightness."""
    page, w = expert.page, expert.words
    thumbs.first.click()
    viewer = page.get_by_role("dialog")
    image = viewer.locator("img")
    expect(image).to_be_visible()

    def worn() -> str:
        return str(image.evaluate("(shown) => shown.style.transform + shown.style.filter"))

    fitted = worn()
    page.mouse.move(700, 400)
    page.mouse.wheel(0, -600)
    settle(page, lambda: "scale(1)" not in worn())
    page.keyboard.press("0")
    settle(page, lambda: worn() == fitted)
    viewer.get_by_role("button", name=w("Rotate")).click()
    settle(page, lambda: "rotate(90deg)" in worn())
    viewer.get_by_label(w("Brightness")).fill("160")
    settle(page, lambda: "brightness(160%)" in worn())
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)

    thumbs.first.click()
    expect(viewer).to_have_attribute("aria-label", w("Photo {index} of {total}", index=1, total=2))
    viewer.get_by_role("button", name=w("Next photo")).click()
    expect(viewer.get_by_text(re.compile("^trois$"))).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(viewer.get_by_text("une, reprise")).to_be_visible()
    page.keyboard.press("Escape")
