"""Whatever people read stands in the French catalogue, whole, with the same places to fill."""

from __future__ import annotations

import re
from functools import cache

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from app.translations.collect import FRENCH, collect, translated

PLACES = re.compile(r"\{\w+\}|%\(\w+\)[sd]")


@cache
def french() -> Catalog:
    with FRENCH.open("rb") as file:
        return read_po(file, locale="fr")


@cache
def collected() -> Catalog:
    return collect()


def entries(catalog: Catalog) -> list[Message]:
    return [entry for entry in catalog if entry.id]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def in_client(entry: Message) -> bool:
    return any(str(name).startswith("static/src/") for name, _ in entry.locations)


def test_nothing_read_lacks_french() -> None:
    lacking = []
    for entry in entries(collected()):
        found = french().get(entry.id)
        if found is None or found.fuzzy or not translated(found):
            lacking.append(entry.id)
    assert lacking == [], "write them in French: make translations"


def test_what_the_browser_shows_is_marked_for_it() -> None:
    """Only messages whose reference names static/src are built into the client's catalogue."""
    wanted = {entry.id for entry in entries(collected()) if in_client(entry)}
    marked = {entry.id for entry in entries(french()) if in_client(entry)}
    assert wanted - marked == set(), "run make translations"


def test_the_catalogue_holds_nothing_nobody_reads() -> None:
    known = {entry.id for entry in entries(collected())}
    assert [entry.id for entry in entries(french()) if entry.id not in known] == []


def test_translations_fill_the_same_places() -> None:
    wrong = []
    for entry in entries(french()):
        wanted = set(PLACES.findall(forms(entry.id)[-1]))
        for number, words in enumerate(forms(entry.string)):
            places = set(PLACES.findall(words))
            # A singular may write its number out: "une photo".
            counted = {"{n}"} if entry.pluralizable and number == 0 else set()
            if not wanted - counted <= places <= wanted:
                wrong.append(words)
    assert wrong == []
