"""Typed facts, said once: in the transaction to those who record, after it to those who tell.

A feature that wants to hear of another's facts registers a listener; nobody calls it by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
Listener = Callable[[Any], None]

_recorders: dict[type, list[Listener]] = defaultdict(list)
_tellers: dict[type, list[Listener]] = defaultdict(list)
pending: ContextVar[list[Any] | None] = ContextVar("cordee_announcements", default=None)


def on_record(kind: type[T], listener: Callable[[T], None]) -> None:
    """Call `listener` inside the transaction that announces: what it writes commits with it."""
    if listener not in _recorders[kind]:
        _recorders[kind].append(listener)


def on_commit(kind: type[T], listener: Callable[[T], None]) -> None:
    """Call `listener` once the announcing transaction has committed."""
    if listener not in _tellers[kind]:
        _tellers[kind].append(listener)


def announce_on_commit(fact: object) -> None:
    """Say a fact: recorders hear it now, tellers after the commit, nobody if it rolls back."""
    waiting = pending.get()
    if waiting is None:
        raise RuntimeError("announced outside a transaction")
    for listener in _recorders[type(fact)]:
        listener(fact)
    waiting.append(fact)


def tell(facts: list[Any]) -> None:
    """Hand committed facts to their tellers."""
    for fact in facts:
        for listener in _tellers[type(fact)]:
            listener(fact)
