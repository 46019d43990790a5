"""Password strength, judged by zxcvbn: length and surprise count, not the kinds of characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unicodedata import combining, normalize

LEAST_SCORE = 3
"""zxcvbn's "safely unguessable": beyond 10^8 guesses, each made slow by Argon2id."""
LONGEST_JUDGED = 72
"""Beyond this many characters zxcvbn's time grows and its verdict no longer changes."""


def weak_password(password: str, about: Sequence[str]) -> str | None:
    """Why a password is too weak, or None. ``about`` are words others would try first."""
    if len(password) < 10:
        return "Use at least 10 characters; a sentence of four unrelated words is easy to keep."
    from zxcvbn import zxcvbn  # its dictionaries take time to load

    # Its dictionaries know no accents, yet whoever guesses tries words with and without them.
    spellings = {password[:LONGEST_JUDGED], _plain(password)[:LONGEST_JUDGED]}
    known = [*about, *map(_plain, about), "cordee"]
    verdicts: list[Any] = [
        zxcvbn(spelling, known)  # type: ignore[no-untyped-call]
        for spelling in spellings
    ]
    judged = min(verdicts, key=lambda verdict: int(verdict["score"]))
    if int(judged["score"]) >= LEAST_SCORE:
        return None
    feedback = judged["feedback"]
    advice = [feedback.get("warning") or "", *feedback.get("suggestions", [])]
    return " ".join(text for text in advice if text) or "This password is easy to guess."


def _plain(text: str) -> str:
    """Without accents: é is judged as e."""
    return "".join(sign for sign in normalize("NFKD", text) if not combining(sign))
