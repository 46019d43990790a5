"""Structured logs. Only codes, ids and counts go in: never a name, a mail, a word of a case."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import structlog

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure_logs(level: str) -> None:
    """JSON lines on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Wordless("%(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("engineio").setLevel("WARNING")
    logging.getLogger("socketio").setLevel("WARNING")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(where_it_broke),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def where_it_broke(exc_info: ExcInfo) -> str:
    """Every place a fault passed through and its kind, causes first, and no message of it.

    Messages quote values: a database's the row (`Key (mail)=(…) already exists`), a schema's the
    input, a lookup's the key. File, line and kind say where to look without saying of whom.
    """
    return "\n".join(_lines(exc_info[1], set()))


def _lines(fault: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(fault))
    before = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
    for frame, line in traceback.walk_tb(fault.__traceback__):
        yield f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}"
    kind = type(fault)
    code = getattr(fault, "errno", None) or getattr(fault, "sqlstate", None)
    yield f"{kind.__module__}.{kind.__qualname__}" + (f" {code}" if code else "")
    for inner in getattr(fault, "exceptions", ()):
        if id(inner) not in seen:
            yield from _lines(inner, seen)


class Wordless(logging.Formatter):
    """The same discretion for what libraries log through the standard module."""

    def formatException(self, ei: Any) -> str:
        return where_it_broke(ei)
