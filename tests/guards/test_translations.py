"""No word reaches a French reader in English, and no place in a sentence gets lost in between."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from app.translations.collect import FRENCH, collect

PLACE = re.compile(r"%%|%\((\w+)\)[a-z]|\{(\w+)\}")


@pytest.fixture(scope="module")
def french() -> Catalog:
    with FRENCH.open("rb") as file:
        return read_po(file, locale="fr")


@pytest.fixture(scope="module")
def collected() -> Catalog:
    return collect()


def forms(words: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Singular and plurals alike."""
    if words is None:
        return ()
    return (words,) if isinstance(words, str) else tuple(words)


def places(text: str) -> set[str]:
    """`%(name)s` of Python and `{name}` of the browser client."""
    return {match.group(1) or match.group(2) for match in PLACE.finditer(text)} - {None}


def entries(catalog: Catalog) -> Iterator[Message]:
    return (entry for entry in catalog if entry.id)


def test_every_message_has_french(french: Catalog, collected: Catalog) -> None:
    without = []
    for entry in entries(collected):
        found = french.get(forms(entry.id)[0], entry.context)
        if found is None or not all(forms(found.string)) or not forms(found.string):
            without.append(forms(entry.id)[0])
    assert without == []


def test_what_the_browser_shows_is_marked_for_it(french: Catalog, collected: Catalog) -> None:
    """Only words whose reference names static/src are built into the client's catalogue."""

    def shown(catalog: Catalog) -> set[tuple[str, ...]]:
        return {
            forms(entry.id)
            for entry in entries(catalog)
            if any(str(name).startswith("static/src/") for name, _ in entry.locations)
        }

    assert shown(collected) - shown(french) == set(), "run make translations"


def test_every_plural_has_both_french_forms(french: Catalog) -> None:
    assert french.num_plurals == 2
    for entry in entries(french):
        if entry.pluralizable:
            assert len(forms(entry.string)) == french.num_plurals, entry.id


def test_both_languages_fill_the_same_places(french: Catalog) -> None:
    for entry in entries(french):
        asked = set().union(*(places(form) for form in forms(entry.id)))
        for form in forms(entry.string):
            # A singular may say "one" in words; it names nothing that is not given.
            if entry.pluralizable and form == forms(entry.string)[0]:
                assert places(form) <= asked, entry.id
            else:
                assert places(form) == asked, entry.id


def test_nothing_is_left_of_words_no_longer_said(french: Catalog, collected: Catalog) -> None:
    said = {(forms(entry.id), entry.context) for entry in entries(collected)}
    left = [entry.id for entry in entries(french) if (forms(entry.id), entry.context) not in said]
    assert left == []
    assert not french.obsolete


def test_nothing_waits_for_a_second_look(french: Catalog) -> None:
    assert [entry.id for entry in entries(french) if entry.fuzzy] == []
