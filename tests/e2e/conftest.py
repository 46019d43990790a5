"""The demonstration, really served and seeded, and people's browsers in front of it."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from app.migrate import migrate
from client.demo_people import ADMINISTRATOR
from tests.support.bad_line import BadLine
from tests.support.browser import PATIENCE, Device, launch, photograph
from tests.support.clinic import Clinician
from tests.support.dishonest import DishonestServer
from tests.support.forgery import POOL, Accomplices, signed_in
from tests.support.ports import free_port
from tests.support.serving import ROOT, ServedApp

PICTURES = Path(tempfile.gettempdir()) / "cordee-e2e"
"""What the screens showed when a test failed."""

NewDevice = Callable[..., Device]

LOG_SEED = bytes(range(32))
"""What the server signs its logs with: tests in which it lies sign with it too."""


class Demonstration:
    """The seeded network behind a line that can be cut and is listened to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "cordee.sqlite3"
        migrate(f"sqlite:///{self.database}")
        port = free_port()
        self.line = BadLine(port)
        self.url = self.line.url
        self.app = ServedApp(
            folder,
            f"sqlite:///{self.database}",
            port=port,
            the_long_way=True,
            CORDEE_DEMO="1",
            CORDEE_SMTP_URL="",
            CORDEE_RATE_LIMITS="0",
            CORDEE_BASE_URL=self.url,
            CORDEE_PUSH_LOOPBACK="1",
            CORDEE_LOG_KEY=b64encode(LOG_SEED).decode(),
        )
        subprocess.run(
            [
                sys.executable, "-m", "client.demo",
                "--url", f"http://localhost:{port}", "--instance", str(folder),
            ],
            cwd=ROOT, env=self.app.environment, check=True,
        )  # fmt: skip
        self.people: dict[str, dict[str, str]] = {
            person["name"]: person
            for person in json.loads((folder / "demo-people.json").read_text())
        }

    def forget_codes(self) -> None:
        """Let everybody sign in with today's code again: a code works once, and the next comes
        half a minute later. That it works once is held in tests/api/test_auth_sign_in.py."""
        with closing(sqlite3.connect(self.database, timeout=60)) as database, database:
            database.execute("UPDATE account SET totp_step = 0")

    def stop(self) -> None:
        self.app.stop()
        self.line.close()


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    served = Demonstration(tmp_path_factory.mktemp("demonstration"))
    yield served
    served.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    launched = launch(playwright)
    yield launched
    launched.close()


@pytest.fixture
def new_device(
    request: pytest.FixtureRequest, browser: Browser, demonstration: Demonstration
) -> Iterator[NewDevice]:
    """Makes devices, closes them, and fails if one of them complained."""
    made: list[Device] = []
    demonstration.line.forget()
    demonstration.forget_codes()

    def make(size: str = "desktop", language: str = "fr", **options: Any) -> Device:
        url = options.pop("url", demonstration.url)
        device = Device(browser, url, size, language, **options)
        made.append(device)
        return device

    yield make
    demonstration.line.mend()
    if request.node.stash.get(FAILED, False):
        name = re.sub(r"\W+", "-", request.node.name)
        for number, device in enumerate(made):
            photograph(device, PICTURES, f"{name}-{number}")
    complaints = [complaint for device in made for complaint in device.unexpected()]
    for device in made:
        device.close()
    assert complaints == []


@pytest.fixture(scope="session")
def liar(browser: Browser, demonstration: Demonstration) -> Iterator[DishonestServer]:
    """What stands between Dr Favre, signed in once for all tests, and her server."""
    device = Device(browser, demonstration.url, service_workers="block")
    favre = Clinician(device, "Dr Claire Favre")
    favre.sign_in()
    # She is left alone while other tests run: the application would lock itself.
    device.page.goto("/settings")
    device.page.get_by_label(favre.words("Lock by itself after")).select_option("60")
    yield DishonestServer(device)
    device.close()


@pytest.fixture
def server(liar: DishonestServer) -> Iterator[DishonestServer]:
    """Dr Favre's server, honest at first and again afterwards."""
    liar.begin()
    yield liar
    liar.end()


@pytest.fixture(scope="session")
def accomplices(demonstration: Demonstration) -> Iterator[Accomplices]:
    """An administrator, and Dr Jacquier, who managed a pool for a while and was then removed."""
    mails = {name: person["mail"] for name, person in demonstration.people.items()}
    registrar = signed_in(demonstration.url, ADMINISTRATOR.mail)
    former = signed_in(demonstration.url, mails["Dr Paul Jacquier"])
    [morel] = [one["id"] for one in registrar.administration.accounts() if "Morel" in one["name"]]
    pool = registrar.administration.create_pool(
        POOL,
        specialty="other",
        territory="Chablais",
        members=[former.account.id, morel],
    )
    registrar.governing.set_managers(pool, [registrar.account.id, former.account.id])
    registrar.governing.set_managers(pool, [registrar.account.id])
    registrar.governing.remove(pool, former.account.id)
    yield Accomplices(registrar, former, pool)
    registrar.administration.change_group(pool, archived=True)
    registrar.close()
    former.close()


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(autouse=True, scope="session")
def built_client() -> None:
    """`make test` builds it; a test of an old build would prove nothing."""
    assert (ROOT / "static/dist/.vite/manifest.json").exists(), "build it first: npm run build"
