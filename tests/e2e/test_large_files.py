"""A long series leaves a browser, crosses the server and arrives, without filling memory on its way.

In profiles on disk: a private window keeps everything in memory by design. The reader's own copy,
opened, belongs to their browser, which holds it in memory or on disk as it sees fit.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from tests.e2e.conftest import Demonstration
from tests.support.browser import FLAGS, Device
from tests.support.clinic import Clinician, Request
from tests.support.memory import Watch, started_with

MIB = 1 << 20
SIZE = int(os.environ.get("CORDEE_TEST_LARGE_MIB", "320")) * MIB
LONG = 300_000
"""Milliseconds: sealing, sending and opening share two cores with everything else."""


class Profile:
    """Stands where a browser does, and opens contexts that live in a folder."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self.playwright = playwright
        self.folder = folder

    def new_context(self, **options: Any) -> BrowserContext:
        return self.playwright.chromium.launch_persistent_context(
            str(self.folder),
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=FLAGS,
            **options,
        )


@pytest.fixture
def on_disk(
    playwright: Playwright, demonstration: Demonstration, tmp_path: Path
) -> Iterator[Callable[[str, str], Clinician]]:
    """People at browsers of their own, each with a profile on disk."""
    opened: list[Device] = []

    def make(name: str, folder: str) -> Clinician:
        profile: Any = Profile(playwright, tmp_path / folder)
        opened.append(Device(profile, demonstration.url))
        return Clinician(opened[-1], name)

    yield make
    for device in opened:
        device.close()


def series(path: Path) -> str:
    """Write a file no part of which repeats; its digest."""
    noise, digest = os.urandom(MIB - 8), hashlib.sha256()
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            block = number.to_bytes(8) + noise
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


@pytest.mark.timeout(1200)
def test_a_series_larger_than_it_may_weigh_in_memory(
    on_disk: Callable[[str, str], Clinician], demonstration: Demonstration, tmp_path: Path
) -> None:
    file = tmp_path / "serie.bin"
    digest = series(file)
    requester = on_disk("Dr Anne Vulliez", "requester")
    expert = on_disk("Dr Marie Chevallay", "expert")
    w, page = requester.words, requester.page
    for person in (requester, expert):
        person.sign_in()
    case = requester.open_case("Gériatrie", Request("SÉRIE-FICTIF", "Odon", "La série suit."))
    expect(page.get_by_text(w("Up to date"))).to_be_visible()

    server = Watch(demonstration.app.process.pid)
    sender = Watch(started_with(f"--user-data-dir={tmp_path / 'requester'}"))
    requester.pick_files(file)
    expect(page.locator(".attached-file")).to_have_count(1, timeout=LONG)
    requester.box().fill("Voici la série.")
    requester.press("Send")
    line = page.locator(".bubble .file-line")
    leaving = w("Sent: {percent} %").split(":")[0].strip()
    expect(line).to_contain_text(leaving)
    expect(line).not_to_contain_text(leaving, timeout=LONG)
    expect(page.get_by_text(w("Up to date"))).to_be_visible(timeout=LONG)
    assert sender.grown() < 0.75 * SIZE, "the sender's browser holds the file"

    expert.page.goto(f"/cases/{case}")
    with expert.page.expect_download(timeout=LONG) as saving:
        expert.page.get_by_role("button", name=re.compile("serie.bin")).last.click()
    with Path(saving.value.path()).open("rb") as saved:
        assert hashlib.file_digest(saved, "sha256").hexdigest() == digest
    assert server.grown() < 96 * MIB, "the server holds the file"
