"""A person's device: a real browser that fails the test by itself when something is not in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
)

from tests.support.words import Words

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "narrow": {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True},
}
LOCALES = {"fr": "fr-FR", "en": "en-GB"}
PATIENCE = 45_000
"""Milliseconds before an expectation is given up: two cores are shared by many."""

WATCH = """
addEventListener('securitypolicyviolation', (event) => {
  window.complain?.(`content policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
let wide = 0;
setInterval(() => {
  const page = document.scrollingElement;
  if (!page) return;
  wide = page.scrollWidth > page.clientWidth ? wide + 1 : 0;
  if (wide === 3) {
    window.complain?.(`scrolls sideways: ${page.scrollWidth} > ${page.clientWidth} at ${location}`);
  }
}, 150);
"""
"""Runs in every page before its own scripts. What is too wide for three looks is complained about."""

NETWORK = "Failed to load resource"


def launch(playwright: Playwright) -> Browser:
    executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return playwright.chromium.launch(executable_path=executable, args=FLAGS)


class Device:
    """One browser profile of one person, at one size, in one language."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        size: str = "desktop",
        language: str = "fr",
        **options: Any,
    ) -> None:
        self.size = size
        self.words = Words(language)
        self.complaints: list[str] = []
        self.expected: list[str] = []
        """Parts of complaints that this test provokes on purpose."""
        self.context: BrowserContext = browser.new_context(
            base_url=url,
            locale=LOCALES[language],
            timezone_id="Europe/Paris",
            **{**SIZES[size], **options},
        )
        self.context.set_default_timeout(PATIENCE)
        # A bound builtin cannot carry the mark that Playwright leaves on a handler.
        self.context.expose_function("complain", lambda words: self.complaints.append(words))  # noqa: PLW0108
        self.context.add_init_script(WATCH)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        self.context.on("response", self._answer)
        self.page: Page = self.context.new_page()

    @property
    def phone(self) -> bool:
        return self.size != "desktop"

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error" and "Content Security Policy" not in message.text:
            return
        # Refusals by the server and a cut line are logged by the browser itself: `_answer` judges.
        if message.text.startswith(NETWORK) or "WebSocket connection to" in message.text:
            return
        self.complaints.append(f"console: {message.text}")

    def _answer(self, response: Any) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")

    def unexpected(self) -> list[str]:
        return [
            complaint
            for complaint in self.complaints
            if not any(part in complaint for part in self.expected)
        ]

    def new_page(self) -> Page:
        """Another tab, which becomes the one in hand."""
        self.page = self.context.new_page()
        return self.page

    def close(self) -> None:
        self.context.close()


def settle(page: Page, condition: Callable[[], bool], seconds: float = PATIENCE / 1000) -> None:
    """Wait for something that no page shows, letting the browser go on meanwhile."""
    for _ in range(int(seconds * 10)):
        if condition():
            return
        page.wait_for_timeout(100)
    raise TimeoutError("it did not happen")


def photograph(device: Device, folder: Path, name: str) -> None:
    """Keep what is on the screen, for whoever looks at the failure."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(device.context.pages):
        if not page.is_closed():
            page.screenshot(path=folder / f"{name}-{device.size}-{number}.png")
