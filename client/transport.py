"""HTTP to one Cordée server: one connection, CSRF, problem documents, retries with jitter.

A call is retried when repeating it cannot do harm: reads, PUT and DELETE (the server makes them
idempotent by ids chosen here), and anything that never left this machine. Waits follow
"full jitter": many devices that lost the same line do not come back in the same instant.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from client.errors import NetworkDown, Refused
from client.tls import trusted_authorities

API = "/api/v1"
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
ATTEMPTS = 6
FIRST_WAIT = 0.3
LONGEST_WAIT = 10.0
LONGEST_OBEYED_WAIT = 15
"""A ``Retry-After`` beyond this many seconds is for the person to decide, not for us."""

USER_AGENT = "cordee-client/0.1"


class Transport:
    """A connection to ``base_url``; threads may share it."""

    def __init__(
        self,
        base_url: str,
        transport: httpx.BaseTransport | None = None,
        *,
        language: str = "fr",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.csrf: str | None = None
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=self.base_url,
            transport=transport,
            verify=trusted_authorities(),
            timeout=httpx.Timeout(60, connect=10),
            headers={"User-Agent": USER_AGENT, "Accept-Language": language},
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2),
        )

    def close(self) -> None:
        self._http.close()

    # JSON

    def get(self, path: str, **params: Any) -> Any:
        """The answer's JSON. Parameters that are None are left out."""
        return self.call("GET", path, params={k: v for k, v in params.items() if v is not None})

    def pages(self, path: str, **params: Any) -> Iterator[Any]:
        """Every item of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **params)
            yield from page["items"]
            cursor = page.get("next")
            if not cursor:
                return

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self.call("PUT", path, body)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self.call("POST", path, body or {})

    def delete(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self.call("DELETE", path, body)

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """One call of the API; None for an answer without content.

        Raises ``Refused`` (or the subclass of its code) and ``NetworkDown``.
        """
        response = self.send(
            method,
            path,
            json=dict(body) if body is not None else None,
            params=dict(params) if params else None,
        )
        return response.json() if response.content else None

    # bytes

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, retried where that is safe; refusals are raised, other answers returned.

        ``repeatable=True`` says that this POST may be repeated as if it were a PUT.
        """
        headers = dict(options.pop("headers", None) or {})
        repeatable = options.pop("repeatable", False) or method in IDEMPOTENT
        renewed = False
        for attempt in range(ATTEMPTS):
            if self.csrf and method not in ("GET", "HEAD", "OPTIONS"):
                headers["X-CSRF-Token"] = self.csrf
            try:
                response = self._http.request(method, API + path, headers=headers, **options)
            except httpx.TransportError as error:
                never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if not (never_sent or repeatable) or attempt + 1 == ATTEMPTS:
                    raise NetworkDown(f"{self.base_url}: {type(error).__name__}") from error
                self._wait(attempt)
                continue
            except RuntimeError as error:
                if not self._http.is_closed:
                    raise
                raise NetworkDown(f"{self.base_url}: closed here") from error
            if response.status_code < 400:
                return response
            refusal = problem_of(response)
            if refusal.code == "csrf_failed" and not renewed:
                renewed = self._renew_csrf()
                if renewed:
                    continue
            if not (repeatable and _passing(refusal)) or attempt + 1 == ATTEMPTS:
                raise refusal
            self._wait(attempt, refusal.extra.get("retry_after"))
        raise NetworkDown(f"{self.base_url}: gave up after {ATTEMPTS} attempts")

    @contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> Iterator[httpx.Response]:
        """A GET whose body is read piece by piece. Raises like ``send``, but never repeats."""
        try:
            with self._http.stream("GET", API + path, headers=dict(headers or {})) as response:
                if response.status_code >= 400:
                    response.read()
                    raise problem_of(response)
                yield response
        except httpx.TransportError as error:
            raise NetworkDown(f"{self.base_url}: {type(error).__name__}") from error

    # cookies, for a session that outlives this process

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self._http.cookies.jar}

    def restore(self, cookies: Mapping[str, str], csrf: str | None) -> None:
        """Take up a session saved earlier."""
        self._http.cookies.update(dict(cookies))
        self.csrf = csrf

    def forget(self) -> None:
        """Drop cookies and CSRF token."""
        self._http.cookies.clear()
        self.csrf = None

    # the rest is inside

    def _renew_csrf(self) -> bool:
        response = self._http.get(API + "/session")
        if response.status_code != 200:
            return False
        self.csrf = response.json().get("csrf")
        return True

    def _wait(self, attempt: int, asked: Any = None) -> None:
        ceiling = min(LONGEST_WAIT, FIRST_WAIT * 2**attempt)
        pause = random.uniform(0, ceiling)  # noqa: S311  (spreads load, hides nothing)
        self._sleep(max(pause, float(asked or 0)))


def _passing(refusal: Refused) -> bool:
    """Whether the same request may succeed in a moment."""
    if refusal.status == 429:
        wait = refusal.extra.get("retry_after", LONGEST_OBEYED_WAIT + 1)
        return int(wait) <= LONGEST_OBEYED_WAIT
    return refusal.status in (423, 502, 503, 504)


def problem_of(response: httpx.Response) -> Refused:
    """The refusal an answer carries; a proxy's HTML page becomes a plain one."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {"code": f"http_{response.status_code}", "detail": response.reason_phrase}
    return Refused.of(problem, response.status_code)
