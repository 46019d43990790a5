"""Structured logs. Only codes, ids and counts go in: never a name, a mail, a word of a case."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs(level: str) -> None:
    """JSON lines on standard error."""
    logging.basicConfig(level=level, stream=sys.stderr, format="%(message)s")
    logging.getLogger("engineio").setLevel("WARNING")
    logging.getLogger("socketio").setLevel("WARNING")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
