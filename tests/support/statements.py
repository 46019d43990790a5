"""The statements that the database was sent, without those of work that goes on behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.db import database


@contextmanager
def statements_sent() -> Iterator[list[str]]:
    """What this thread sends, and whoever commits for it.

    A hint about an earlier message is told a moment later, from a thread of its own that asks the
    database too: it would count as a question of whatever the test does by then.
    """
    sent: list[str] = []
    here = threading.get_ident()

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        thread = threading.current_thread()
        if thread.ident == here or thread.name == "group-commit":
            sent.append(statement)

    engine = database().engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", hear)
