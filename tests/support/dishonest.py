"""A real server whose answers are altered on purpose on their way to one real browser.

Everything else is as it always is: the browser runs the application as built, and what it answers
to a lie (above all the report that a seal did not hold) reaches the real server.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Response, Route, expect

from tests.support.browser import Device, settle

CASE = re.compile(r"/api/v1/cases(\?.*|/[0-9a-f-]{36})$")
MESSAGES = re.compile(r"/api/v1/cases/[0-9a-f-]{36}/messages")
GROUPS = re.compile(r"/api/v1/groups(\?.*|/[0-9a-f-]{36})$")
PEOPLE = re.compile(r"/api/v1/accounts\?")
NETWORK = re.compile(r"/api/v1/network$")
PENDING = re.compile(r"/api/v1/pending-grants$")
OPENING = re.compile(r"/api/v1/sign-in/opening$")
ATTACHMENTS = re.compile(r"/api/v1/attachments/")
CHECKPOINT = re.compile(r"/api/v1/log/checkpoint")
LEAVES = re.compile(r"/api/v1/log/leaves")
SOCKET = re.compile(r"/socket\.io/")

Row = dict[str, Any]


def flipped(sealed: str) -> str:
    """One bit changed near the end."""
    changed = bytearray(b64decode(sealed))
    changed[-9] ^= 1
    return b64encode(changed).decode()


class DishonestServer:
    """Lies to one device, one test at a time."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.reports: list[Row] = []
        """Reports of broken seals that the server has taken."""
        device.context.on("response", self._hear)

    @property
    def page(self) -> Page:
        return self.device.page

    def begin(self) -> None:
        """A new visit, with no lie told yet."""
        self.device.new_page()
        self.reports.clear()

    def end(self) -> None:
        """Honest again; what was shown is closed."""
        self.device.context.unroute_all(behavior="ignoreErrors")
        for page in self.device.context.pages[1:]:
            page.close()
        self.device.page = self.device.context.pages[0]

    def alters(self, address: re.Pattern[str], cheat: Callable[[Row], Any]) -> None:
        """Change each row of an answer; an answer without rows is one itself."""

        def all_rows(body: Row) -> None:
            for row in body.get("items", [body]):
                cheat(row)

        self.alters_whole(address, all_rows)

    def alters_whole(self, address: re.Pattern[str], cheat: Callable[[Row], Any]) -> None:
        """Change an answer as it is, its list of rows included."""

        def answer(route: Route) -> None:
            if route.request.method != "GET" and address is not OPENING:
                route.fallback()
                return
            response = route.fetch()
            body = response.json()
            if response.ok:
                cheat(body)
            route.fulfill(response=response, json=body)

        self.device.context.route(address, answer)

    def alters_bytes(self, address: re.Pattern[str], cheat: Callable[[bytes], bytes]) -> None:
        def answer(route: Route) -> None:
            response = route.fetch()
            route.fulfill(response=response, body=cheat(response.body()))

        self.device.context.route(address, answer)

    def silences_sockets(self) -> None:
        """The socket would bring the true rows: this server lies everywhere."""
        self.page.route_web_socket(SOCKET, lambda socket: socket.close())
        self.page.route(SOCKET, lambda route: route.abort())

    # what the person then sees, and the server hears

    def sees(self, sentence: str, **places: object) -> None:
        """The sentence, advice around it or not; whatever stands in places that are not given."""
        words = self.device.words
        asked = words(sentence, **places) if places or "{" not in sentence else words.like(sentence)
        expect(self.page.get_by_text(asked).first).to_be_visible()

    def was_told(self, verdict: str, kind: str) -> None:
        """Exactly which check failed on which kind of thing stands at the administrator's."""

        def arrived() -> bool:
            return any(
                (report["verdict"], report["subject_kind"]) == (verdict, kind)
                for report in self.reports
            )

        try:
            settle(self.page, arrived)
        except TimeoutError:
            raise AssertionError(f"{verdict} of a {kind} was not among {self.reports}") from None

    def _hear(self, response: Response) -> None:
        if response.url.endswith("/api/v1/seal-reports") and response.status == 204:
            self.reports.append(json.loads(response.request.post_data or "{}"))
