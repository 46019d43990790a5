"""Reading together: questions asked at the same moment become one query.

The counterpart of app/group_commit.py, for what every socket event must ask afresh. Nothing is
kept: each answer is read from the database after its question was put, only not alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import gevent
import gevent.event
import gevent.monkey
from sqlalchemy import Connection

from app.db import database

Q = TypeVar("Q")
A = TypeVar("A")

MOST = 256
"""Questions in one query: bounds its variables and how long it keeps the event loop."""


@dataclass
class _Asked(Generic[Q, A]):
    question: Q
    heard: Any
    """Set when there is an answer, or when it is this one's turn to lead."""
    leads: bool = False
    answer: A | None = None
    fault: BaseException | None = None


class ReadTogether(Generic[Q, A]):
    """Wraps `load`, which answers many questions over one connection, in their order.

    Call it with one question. One caller at a time asks, for everybody who is waiting then, and
    hands on to one of those who came meanwhile: the busier the database, the larger the batches.
    Each query sees what was committed before it; all of them together are no snapshot.
    """

    def __init__(self, load: Callable[[Connection, Sequence[Q]], Sequence[A]]) -> None:
        self.load = load
        self.waiting: list[_Asked[Q, A]] = []
        self.turn = threading.Lock()
        self.led = False

    def __call__(self, question: Q) -> A:
        served = gevent.monkey.is_module_patched("threading")
        # gevent's own event costs a tenth of a patched threading one.
        mine = _Asked[Q, A](question, gevent.event.Event() if served else threading.Event())
        with self.turn:
            self.waiting.append(mine)
            mine.leads, self.led = not self.led, True
        try:
            if not mine.leads:
                mine.heard.wait()
            elif served:
                # Those who are ready in this turn of the loop come along.
                gevent.sleep(0)
        finally:
            # Even if we are ended meanwhile: the others wait for us.
            self._go_on(mine)
        if mine.fault is not None:
            raise mine.fault
        return cast(A, mine.answer)

    def _go_on(self, mine: _Asked[Q, A]) -> None:
        if mine.leads:
            self._lead()
        elif not mine.heard.is_set():
            with self.turn:
                # Ended while waiting: nobody may be asked to lead who is not there.
                self.waiting = [one for one in self.waiting if one is not mine]

    def _lead(self) -> None:
        with self.turn:
            batch, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
        try:
            with database().reading() as connection:
                answers = self.load(connection, [one.question for one in batch])
            for one, answer in zip(batch, answers, strict=True):
                one.answer = answer
        except BaseException as fault:
            for one in batch:
                one.fault = fault
        for one in batch:
            one.heard.set()
        with self.turn:
            self.led = bool(self.waiting)
            if self.waiting:
                self.waiting[0].leads = True
                self.waiting[0].heard.set()
