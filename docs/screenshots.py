"""Makes the README's picture from the running system: `make screenshots`.

Serves a fresh demonstration on a free port, signs a requester in on a phone and a specialist on a
desktop, and sets both side by side.
"""

from __future__ import annotations

import io
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "screenshot.png"
RUN = ROOT / "deploy" / "run_demo.py"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
SNOW = (232, 238, 241)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def signed_in(browser: Browser, url: str, person: str, viewport: dict[str, int]) -> Page:
    """A page of that person's, signed in by one tap on the demonstration's list."""
    phone = viewport is PHONE
    context = browser.new_context(
        viewport=viewport, locale="fr-FR", device_scale_factor=2, is_mobile=phone, has_touch=phone
    )
    page = context.new_page()
    page.goto(url)
    page.get_by_role("button", name=person).click()
    submit = page.locator("form button[type=submit]")
    expect(page.locator("[autocomplete=one-time-code]")).not_to_have_value("")
    submit.click()
    page.get_by_role("navigation").first.wait_for()
    page.wait_for_timeout(2500)
    return page


def picture(url: str) -> Image.Image:
    """Phone and desktop on one canvas, as high as the desktop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        phone = signed_in(browser, url, "Claire Favre", PHONE)
        desktop = signed_in(browser, url, "Sophie Blanc", DESKTOP)
        desktop.keyboard.press("j")
        desktop.wait_for_timeout(3000)
        shots = [Image.open(io.BytesIO(page.screenshot())) for page in (phone, desktop)]
        browser.close()
    height = 1200
    scaled = [shot.resize((round(shot.width * height / shot.height), height)) for shot in shots]
    gap = 48
    canvas = Image.new(
        "RGB", (sum(shot.width for shot in scaled) + 3 * gap, height + 2 * gap), SNOW
    )
    left = gap
    for shot in scaled:
        canvas.paste(shot, (left, gap))
        left += shot.width + gap
    return canvas


def main() -> None:
    port = free_port()
    with tempfile.TemporaryDirectory() as instance:
        served = subprocess.Popen(
            [sys.executable, RUN, "--port", str(port), "--instance", instance],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert served.stdout
        try:
            for line in served.stdout:
                if "Ctrl-C" in line:
                    break
            time.sleep(1)
            picture(f"http://localhost:{port}").save(PICTURE, optimize=True)
        finally:
            served.send_signal(signal.SIGTERM)
            served.wait(15)
    print(PICTURE.relative_to(ROOT))


if __name__ == "__main__":
    main()
