"""How much memory a program and everything it started hold of their own."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from pathlib import Path

ANONYMOUS = re.compile(r"^RssAnon:\s+(\d+) kB", re.MULTILINE)
PARENT = re.compile(r"^PPid:\s+(\d+)", re.MULTILINE)


def _states() -> dict[int, str]:
    states = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                states[int(entry.name)] = (entry / "status").read_text()
            except OSError:
                continue
    return states


def started_with(words: str) -> int:
    """The process whose command line holds these words and whose parent's does not."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if words.encode() in (entry / "cmdline").read_bytes():
                    found[int(entry.name)] = int(
                        PARENT.search((entry / "status").read_text()).group(1)  # type: ignore[union-attr]
                    )
            except OSError:
                continue
    return next(process for process, parent in found.items() if parent not in found)


def held_by(root: int) -> dict[int, int]:
    """Process → bytes that are its own, for `root` and all its descendants."""
    states = _states()
    children = defaultdict(list)
    for process, state in states.items():
        if parent := PARENT.search(state):
            children[int(parent.group(1))].append(process)
    held, waiting = {}, [root]
    while waiting:
        process = waiting.pop()
        waiting += children[process]
        if own := ANONYMOUS.search(states.get(process, "")):
            held[process] = int(own.group(1)) * 1024
    return held


class Watch:
    """Looks several times a second; `grown` is how much more than at first was held at the worst."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.first = sum(held_by(root).values())
        self.worst = self.first
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._done.wait(0.2):
            self.worst = max(self.worst, sum(held_by(self.root).values()))

    def grown(self) -> int:
        self._done.set()
        self._thread.join(10)
        return self.worst - self.first
