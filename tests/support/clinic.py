"""What people do in the application, by the words they see: the same acts at every size and in
both languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyotp
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import PATIENCE, Device, settle
from tests.support.device_storage import drafts_on
from tests.support.words import Words

CASE_ADDRESS = re.compile(r"/cases/([0-9a-f-]{36})$")
NEXT_CODE = 75_000
"""A second factor's code works once, so the next person may have to wait for the next one."""


@dataclass(frozen=True)
class Request:
    """What a requester fills in."""

    birth_name: str
    given_names: str
    question: str
    reason: str = "Aggravation depuis trois jours"
    urgency: str = "Priority"
    birth_date: str = "1951-04-09"
    photos: Sequence[Path] = ()
    captions: Sequence[str] = ()


class Clinician:
    """A named person at a device."""

    def __init__(self, device: Device, name: str) -> None:
        self.device = device
        self.name = name

    @property
    def page(self) -> Page:
        return self.device.page

    @property
    def words(self) -> Words:
        return self.device.words

    # the way in

    def sign_in(self, path: str = "/") -> None:
        """Go to the door and through it."""
        self.page.goto(path)
        self.come_in()

    def come_in(self) -> None:
        """At the door: one tap on the list of the demonstration, then the button."""
        w = self.words
        self.page.get_by_role("button", name=self.name).click()
        expect(self.page.get_by_label(w("Six-digit code"))).to_have_value(re.compile(r"^\d{6}$"))
        sentence = w("The last code was just used. This one works in {n} second.")
        worn = self.page.get_by_text(sentence.split("{")[0])
        expect(worn).to_have_count(0, timeout=NEXT_CODE)
        self.press("Sign in")
        expect(self.page.get_by_role("navigation", name=w("Main"), exact=True)).to_be_visible()

    def is_kept(self) -> None:
        """Wait until the application lies on the device: from now on it opens without a line."""
        self.page.wait_for_function("navigator.serviceWorker.controller !== null")

    def enrol(self, button: str) -> pyotp.TOTP:
        """Take the second factor's key over from the page, prove it with a first code."""
        page, w = self.page, self.words
        expect(
            page.get_by_role("img", name=w("QR code to scan with the authenticator"))
        ).to_be_visible()
        link = page.get_by_role("link", name=w("Open in an application on this phone"))
        secret = page.locator(".secret").inner_text().replace(" ", "")
        codes = pyotp.parse_uri(link.get_attribute("href") or "")
        assert isinstance(codes, pyotp.TOTP) and codes.secret == secret
        self.fill("Six-digit code", codes.now())
        self.press(button)
        return codes

    def keep_code(self, wrong: str | None = None) -> str:
        """Write the recovery code down and prove it, once `wrong` was refused."""
        page, w = self.page, self.words
        expect(self.heading("Your recovery code")).to_be_visible()
        groups = page.locator(".recovery-code li").all_inner_texts()
        asked = page.get_by_label(w.like("Type group {n} of the code"))
        number = int(re.findall(r"\d+", page.locator("label").last.inner_text())[0])
        if wrong:
            asked.fill(wrong)
            self.press("I have kept my code")
            self.sees(w("That is not group {n}. Look at the code again.", n=number))
        asked.fill(groups[number - 1])
        self.press("I have kept my code")
        return "-".join(groups)

    # small acts

    def press(self, sentence: str, within: Locator | None = None) -> None:
        place = within or self.page
        place.get_by_role("button", name=self.words(sentence), exact=True).click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(re.compile(f"^{re.escape(self.words(label))}")).fill(text)

    def choose(self, label: str) -> None:
        """Touch a tile or a box by its words."""
        self.page.get_by_text(self.words(label), exact=True).first.click()

    def pick_files(self, *files: Path) -> None:
        button = self.page.locator("button").filter(has_text=self.words("Choose files"))
        if not button.count():
            self.press("Files and quick replies")
        with self.page.expect_file_chooser() as chooser:
            button.click()
        chooser.value.set_files([str(file) for file in files])

    def sees(self, text: str | re.Pattern[str], timeout: float = PATIENCE) -> Locator:
        found = self.page.get_by_text(text).first
        expect(found).to_be_visible(timeout=timeout)
        return found

    def heading(self, sentence: str) -> Locator:
        return self.page.get_by_role("heading", name=self.words(sentence), exact=True)

    def draft_here(self) -> str:
        """The id of the request that is being written."""
        self.page.wait_for_url("**/new/*")
        return self.page.url.split("/new/")[1].split("?")[0]

    def kept(self, draft: str, act: Callable[[], object]) -> None:
        """Change a draft, and wait until it lies on the device: a moment after the last key."""
        before = drafts_on(self.page).get(draft)
        act()
        settle(self.page, lambda: drafts_on(self.page).get(draft) != before)

    def all_kept(self) -> None:
        """Wait until nothing more of what was typed and picked comes to the device."""

        def rests() -> bool:
            before = drafts_on(self.page)
            self.page.wait_for_timeout(700)
            return drafts_on(self.page) == before

        settle(self.page, rests)

    # a case

    def write_request(self, pool: str, request: Request) -> None:
        """The wizard up to its last page, which shows what will be sent."""
        w, page = self.words, self.page
        page.get_by_role("link", name=w("New case"), exact=True).first.click()
        expect(self.heading("Whom do you ask?")).to_be_visible()
        page.get_by_role("button", name=re.compile(f"^{pool}")).click()
        self.fill("Birth name", request.birth_name)
        self.fill("Given names", request.given_names)
        self.choose("Woman")
        self.fill("Birth date", request.birth_date)
        page.get_by_role("checkbox", name=w("The patient was informed and does not object")).check()
        self.press("Continue")
        self.choose(request.urgency)
        self.fill("Why", request.reason)
        self.press("Continue")
        self.fill("Your question", request.question)
        if request.photos:
            self.pick_files(*request.photos)
            for number, caption in enumerate(request.captions, 1):
                position = w("{index} of {total}", index=number, total=len(request.photos))
                page.get_by_label(w("Caption of photo {position}", position=position)).fill(caption)
        self.press("Continue")
        expect(self.heading("Check and send")).to_be_visible()

    def send(self) -> str:
        """Seal and send; the case's id."""
        self.press("Seal and send")
        return self.case_here()

    def case_here(self) -> str:
        self.page.wait_for_url(CASE_ADDRESS)
        found = CASE_ADDRESS.search(self.page.url)
        assert found
        return found.group(1)

    def open_case(self, pool: str, request: Request) -> str:
        self.write_request(pool, request)
        return self.send()

    def in_queue(self, case: str) -> Locator:
        """The case's line in the list."""
        return self.page.locator(f'[data-case="{case}"]')

    def enter(self, case: str) -> None:
        self.in_queue(case).click()
        self.page.wait_for_url(f"**/cases/{case}")

    def say(self, text: str, *photos: Path) -> None:
        if photos:
            self.pick_files(*photos)
            expect(self.page.locator(".attached-file")).to_have_count(len(photos))
        self.box().fill(text)
        self.press("Send")
        expect(self.box()).to_have_value("")

    def box(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_role("form", name=self.words("Write")).get_by_role("textbox").last

    def step(self, sentence: str, text: str | None = None) -> None:
        """Press a step's button, unfolding the others if it is not the first; write its words."""
        button = self.page.get_by_role("button", name=self.words(sentence), exact=True)
        others = self.page.get_by_role("button", name=self.words("Other steps"), exact=True)
        expect(button.or_(others).first).to_be_visible()
        if not button.count():
            others.click()
        button.click()
        if text is not None:
            self.box().fill(text)
            self.press("Send")

    def sign_opinion(self, conclusion: str, recommendations: str, follow_up: str) -> None:
        self.page.get_by_role("link", name=self.words("Write the opinion")).click()
        self.fill("Conclusion", conclusion)
        self.fill("Recommendations and prescriptions", recommendations)
        self.fill("Follow-up", follow_up)
        self.press("Check before signing")
        expect(self.page.get_by_text(conclusion)).to_be_visible()
        self.press("Sign and send")
        self.page.wait_for_url(CASE_ADDRESS)

    def sign_second_opinion(self, conclusion: str) -> None:
        self.page.get_by_role("link", name=self.words("Write a second opinion")).click()
        self.fill("Conclusion", conclusion)
        self.press("Check before signing")
        self.press("Sign and send")
        self.page.wait_for_url(CASE_ADDRESS)

    def circle(self) -> Locator:
        """The part of the case that says who can read it."""
        return self.page.get_by_role("region", name=self.words("Who can read this case"))

    def share(self, deed: str, whom: str, yes: str) -> None:
        """Change who can read: the deed's button, who it is about, and the button that does it."""
        self.turn("Case")
        self.press(deed, self.circle())
        form = self.page.get_by_role("form", name=self.words(deed), exact=True)
        form.get_by_label(re.compile(f"^{re.escape(whom)}")).check()
        self.press(yes, form)
        expect(form).to_have_count(0)

    def turn(self, sentence: str) -> None:
        """Show another part of the case."""
        self.page.get_by_role("tab", name=self.words(sentence), exact=True).click()

    def trace(self) -> list[str]:
        """Lines of the case's trace, newest first."""
        self.turn("Trace")
        lines = self.page.locator("ol.trace > li")
        expect(lines.first).to_be_visible()
        return lines.all_inner_texts()
