"""What the interface says, looked up by the English sentence, in the language of a test."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

FRENCH = Path(__file__).resolve().parents[2] / "app/translations/fr/LC_MESSAGES/messages.po"
PLACE = re.compile(r"\\{(\w+)\\}")


@lru_cache
def _french() -> Catalog:
    with FRENCH.open("rb") as file:
        return read_po(file, locale="fr")


class Words:
    """`words("Take this case")` as the page says it; `words.like(…)` with any name in its places."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, sentence: str, **places: object) -> str:
        return self._translated(sentence).format(**places) if places else self._translated(sentence)

    def many(self, singular: str, number: int) -> str:
        """The form for a number, from the singular sentence and its plural in the catalogue."""
        found = _french().get(singular) if self.language == "fr" else None
        if found and isinstance(found.string, tuple | list) and all(found.string):
            return str(found.string[1 if number > 1 else 0]).format(n=number)
        plural = singular if number == 1 else singular + "s"
        return plural.format(n=number)

    def like(self, sentence: str) -> re.Pattern[str]:
        """Matches the sentence whatever stands in its places."""
        return re.compile(PLACE.sub(".+", re.escape(self._translated(sentence))))

    def _translated(self, sentence: str) -> str:
        if self.language == "en":
            return sentence
        found = _french().get(sentence)
        words = found.string if found else ""
        return (words if isinstance(words, str) else words[0]) or sentence
