"""Rounds of one measure, ours and a peer's taken in turn, and how they compare with a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True)
class Series:
    """One figure, measured once a round."""

    values: Sequence[float]
    digits: int = 0

    @property
    def middle(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        """The median, with the least and the most in brackets."""
        if len(self.values) == 1:
            return self._number(self.middle)
        low, high = self._number(min(self.values)), self._number(max(self.values))
        return f"{self._number(self.middle)} ({low}–{high})"

    def _number(self, value: float) -> str:
        # A narrow no-break space parts the thousands, as SI asks.
        return f"{value:,.{self.digits}f}".replace(",", "\u202f")


@dataclass(frozen=True)
class Line:
    """A measure of ours, beside a peer's or against a bound of its own."""

    what: str
    own: Series
    peer_name: str = ""
    peer: Series | None = None
    goal: float | None = None
    """Of the ratio if there is a peer, of the figure itself if there is none."""
    better: Literal["more", "less"] = "more"

    @property
    def ratio(self) -> float | None:
        """Ours to the peer's: the median of the rounds, each against the peer of its own round."""
        if self.peer is None:
            return None
        return median(a / b for a, b in zip(self.own.values, self.peer.values, strict=True))

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        value = self.own.middle if self.ratio is None else self.ratio
        return value >= self.goal if self.better == "more" else value <= self.goal

    def cells(self) -> list[str]:
        """One row of the table."""
        sign = "≥" if self.better == "more" else "≤"
        times = " ×" if self.peer else ""
        return [
            self.what,
            str(self.own),
            f"{self.peer_name}: {self.peer}" if self.peer else "",
            "" if self.ratio is None else f"{self.ratio:.2f} ×",
            "" if self.goal is None else f"{sign} {self.goal:g}{times}",
            {True: "met", False: "**not met**", None: ""}[self.met],
        ]


HEADS = ["Measure", "Cordée", "Peer", "Ratio", "Goal", ""]


def table(lines: list[Line]) -> str:
    """The lines as a Markdown table."""
    rows = [
        HEADS,
        ["---", "---:", "---:", "---:", "---:", "---"],
        *(line.cells() for line in lines),
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
