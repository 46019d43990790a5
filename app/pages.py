"""The pages Flask itself serves: the shell, error pages, the built client's files."""

from __future__ import annotations

import json
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

from app.config import Config
from app.extensions import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "static" / "dist"
PUBLIC = ROOT / "static" / "public"

pages = Blueprint("pages", __name__)

YEAR = 365 * 24 * 3600


@lru_cache
def entry() -> dict[str, Any]:
    """The built client's entry: `{"file", "css": […], "imports": […]}` from Vite's manifest."""
    manifest = json.loads((DIST / ".vite" / "manifest.json").read_text())
    main = (
        manifest["static/src/main.tsx"]
        if "static/src/main.tsx" in manifest
        else manifest["main.tsx"]
    )
    preload = [manifest[name]["file"] for name in main.get("imports", [])]
    return {"file": main["file"], "css": main.get("css", []), "preload": preload}


@pages.get("/", defaults={"path": ""})
@pages.get("/<path:path>")
def shell(path: str) -> Response:
    """The application's shell, the same for every address: the client routes from there."""
    if path.startswith(("api/", "socket.io", "assets/")):
        return current_app.handle_user_exception(_not_found())  # type: ignore[return-value]
    config: Config = current_app.config["CORDEE"]
    language = str(get_locale() or "fr")
    page = make_response(
        render_template("shell.html", entry=entry(), language=language, demo=config.demo)
    )
    page.headers["Cache-Control"] = "no-cache"
    page.headers["Vary"] = "Accept-Language, Cookie"
    return page


def _not_found() -> Exception:
    from werkzeug.exceptions import NotFound

    return NotFound()


@pages.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """A hashed file of the client: its name changes with its content, so it is kept for good."""
    response = send_from_directory(DIST / "assets", name, max_age=YEAR)
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@pages.get("/sw.js")
def service_worker() -> Response:
    response = send_from_directory(DIST, "sw.js", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@pages.get("/public/<path:name>")
def public_file(name: str) -> Response:
    return send_from_directory(PUBLIC, name, max_age=3600)


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    return send_from_directory(
        PUBLIC, "manifest.webmanifest", mimetype="application/manifest+json", max_age=3600
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


def error_page(problem: dict[str, Any]) -> Response:
    """A page that says what happened and what to do, without any script."""
    page = make_response(
        render_template("error.html", problem=problem, path=request.path), problem["status"]
    )
    page.headers["Cache-Control"] = "no-store"
    return page
