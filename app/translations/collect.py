"""Collects every word people read, from Python, templates and the browser client, into the French
catalogue: `make translations`. English needs no catalogue, its text is the msgid.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.errors import DomainError

ROOT = Path(__file__).resolve().parent.parent.parent
FRENCH = ROOT / "app" / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
ROOMS = ("app", "trace", "auth", "pools", "messaging", "attachments", "notifications")
METHODS = [
    (pattern, method)
    for pattern, method in (
        *((f"{room}/**.py", "python") for room in ROOMS),
        ("client/**.py", "python"),
        ("templates/**.html", "jinja2"),
        ("templates/**.txt", "jinja2"),
        ("static/src/**.ts", "javascript"),
        ("static/src/**.tsx", "javascript"),
    )
]
SOURCES = (*ROOMS, "client", "templates", "static/src")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "translate": None,
    "N_": None,
    "t": None,
    "tn": (1, 2),
    "msg": None,
}
OPTIONS = {"static/src/**.tsx": {"jsx": True}, "static/src/**.ts": {"jsx": False}}


def refusals() -> dict[str, str]:
    """The message of every DomainError, with the name of its class as a comment."""
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            importlib.import_module(module.name)
    found: dict[str, str] = {}
    waiting = [DomainError]
    while waiting:
        kind = waiting.pop()
        found[kind.message] = kind.__name__
        waiting.extend(kind.__subclasses__())
    return found


def collect() -> Catalog:
    """All msgids, with the files they stand in."""
    catalog = Catalog(project="Cordée", charset="utf-8")
    for source in SOURCES:
        methods = [
            (pattern.removeprefix(f"{source}/"), method)
            for pattern, method in METHODS
            if pattern.startswith(f"{source}/")
        ]
        options = {
            pattern.removeprefix(f"{source}/"): value
            for pattern, value in OPTIONS.items()
            if pattern.startswith(f"{source}/")
        }
        for name, _line, message, comments, context in extract_from_dir(
            str(ROOT / source), methods, options, keywords=KEYWORDS
        ):
            catalog.add(
                message, None, [(f"{source}/{name}", 0)], auto_comments=comments, context=context
            )
    for message, name in refusals().items():
        catalog.add(message, auto_comments=[name])
    return catalog


def translated(entry: Message) -> bool:
    """Whether every form has words."""
    forms = (entry.string,) if isinstance(entry.string, str) else (entry.string or ("",))
    return all(forms)


def main() -> int:
    """Update the catalogue. Returns the number of messages without a translation."""
    with FRENCH.open("rb") as file:
        known = read_po(file, locale="fr")
    known.update(collect(), no_fuzzy_matching=True)
    known.obsolete.clear()
    known.header_comment = ""
    known.last_translator = known.language_team = "Cordée"
    known.msgid_bugs_address = ""
    with FRENCH.open("wb") as file:
        write_po(file, known, width=100, include_lineno=False, sort_output=True, omit_header=False)
    missing = [entry.id for entry in known if entry.id and not translated(entry)]
    for message in missing:
        print("no French:", message)
    return len(missing)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
