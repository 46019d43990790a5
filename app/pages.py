"""The pages Flask itself serves: the shell, error pages, the built client's files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from flask_babel import get_locale
from werkzeug.exceptions import NotFound

from app.config import Config
from app.extensions import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "static" / "dist"

pages = Blueprint("pages", __name__)

YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Entry:
    """Addresses of the built client that the shell names, from Vite's manifest."""

    script: str
    styles: list[str]
    preload: list[str]
    """Modules worth fetching at once."""
    catalogue: dict[str, str]
    """The words of each language but English, whose words the code holds."""


@lru_cache
def entry() -> Entry:
    """Read once: a new build is a new process."""
    manifest = json.loads((DIST / ".vite" / "manifest.json").read_text())
    main = manifest["main.tsx"]
    shared = [manifest[name]["file"] for name in main.get("imports", [])]
    sheets = {*main.get("css", []), manifest["styles/main.css"]["file"]}
    words = {"fr": manifest["catalogue/fr.json"]["file"]}
    return Entry(main["file"], sorted(sheets), shared, words)


@pages.get("/", defaults={"path": ""})
@pages.get("/<path:path>")
def shell(path: str) -> Response:
    """The application's shell, the same for every address: the client routes from there."""
    if path.startswith(("api/", "socket.io", "static/")):
        raise NotFound()
    config: Config = current_app.config["CORDEE"]
    language = str(get_locale() or "fr")
    page = make_response(
        render_template(
            "shell.html",
            entry=entry(),
            language=language,
            demo=config.demo,
            # Whether to ask who is signed in: a question without a cookie is a refusal in the logs.
            session=any(name.endswith("cordee_session") for name in request.cookies),
        )
    )
    page.headers["Cache-Control"] = "no-cache"
    page.headers["Vary"] = "Accept-Language, Cookie"
    return page


@pages.get("/static/<path:name>")
def static_file(name: str) -> Response:
    """A file of the built client. Hashed names change with their content and are kept for good."""
    hashed = name.startswith("assets/")
    response = send_from_directory(DIST, name, max_age=YEAR if hashed else 3600)
    if hashed:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@pages.get("/sw.js")
def service_worker() -> Response:
    """At the root, so that its scope is the whole application."""
    response = send_from_directory(DIST, "sw.js", mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    response.headers["Cache-Control"] = "no-cache"
    return response


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    return send_from_directory(
        DIST, "manifest.webmanifest", mimetype="application/manifest+json", max_age=3600
    )


@pages.get("/language/<language>")
def choose_language(language: str) -> Response:
    """Remember the language and go back to the page one came from (same origin only)."""
    response = redirect("/")
    if language in LANGUAGES:
        config: Config = current_app.config["CORDEE"]
        response.set_cookie(
            "cordee_language", language, max_age=YEAR, samesite="Lax", secure=config.secure
        )
    return response  # type: ignore[return-value]


def _stylesheets() -> list[str]:
    """An error page shows even where the client was never built."""
    try:
        return entry().styles
    except FileNotFoundError:
        return []


def error_page(problem: dict[str, Any]) -> Response:
    """A page that says what happened and what to do, without any script."""
    page = make_response(
        render_template(
            "error.html",
            problem=problem,
            stylesheets=_stylesheets(),
            language=str(get_locale() or "fr"),
        ),
        problem["status"],
    )
    page.headers["Cache-Control"] = "no-store"
    return page
