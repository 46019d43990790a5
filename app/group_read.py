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

from app.transactions import transaction

Q = TypeVar("Q")
A = TypeVar("A")

MOST = 256
"""Questions in one query: bounds its variables and how long it keeps the event loop."""


@dataclass
class _Asked(Generic[Q, A]):
    question: Q
    done: Any
    answer: A | None = None
    fault: BaseException | None = None


class ReadTogether(Generic[Q, A]):
    """Wraps `load`, which answers many questions in one read transaction, in their order.

    Call it with one question. Under gevent everyone who asks in the same turn of the loop shares
    a query; plain threads share one when they happen to meet.
    """

    def __init__(self, load: Callable[[Sequence[Q]], Sequence[A]]) -> None:
        self.load = load
        self.asked: list[_Asked[Q, A]] = []
        self.turn = threading.Lock()

    def __call__(self, question: Q) -> A:
        served = gevent.monkey.is_module_patched("threading")
        # gevent's own event costs a tenth of a patched threading one.
        mine = _Asked[Q, A](question, gevent.event.Event() if served else threading.Event())
        with self.turn:
            self.asked.append(mine)
            first = len(self.asked) == 1
        if first:
            try:
                if served:
                    gevent.sleep(0)
            finally:
                # Even if we are ended meanwhile: the others wait for us.
                self._lead()
        else:
            mine.done.wait()
        if mine.fault is not None:
            raise mine.fault
        return cast(A, mine.answer)

    def _lead(self) -> None:
        with self.turn:
            batch, self.asked = self.asked, []
        for start in range(0, len(batch), MOST):
            self._answer(batch[start : start + MOST])

    def _answer(self, batch: list[_Asked[Q, A]]) -> None:
        try:
            with transaction(read_only=True):
                answers = self.load([one.question for one in batch])
            for one, answer in zip(batch, answers, strict=True):
                one.answer = answer
        except BaseException as fault:
            for one in batch:
                one.fault = fault
        for one in batch:
            one.done.set()
