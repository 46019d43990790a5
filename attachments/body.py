"""Reading a long request body piece by piece, over lines that slow down, fall silent and break."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import IO

import gevent
from flask import Request

from attachments.store import PIECE
from attachments.threads import served_by_gevent

SMALL = 16 * 1024
QUICK, SLOW = 0.05, 0.5
SILENCE = 60.0
"""Seconds without a piece after which a line is given up."""


class LineCut(Exception):
    """The body ended before its announced end."""


def pieces(stream: IO[bytes], length: int | None) -> Iterator[bytes]:
    """The body, in pieces that grow on a quick line and shrink on a slow one.

    `length` is what the request announced, None when it came in chunks.

    A read returns only when it is full, and what a broken read held is lost: small reads keep
    that loss small where lines break, large ones keep the cost low where they do not.
    Raises LineCut at a premature end; everything yielded before is good.
    """
    step, left = SMALL, length
    while left is None or left > 0:
        began = time.monotonic()
        piece = _read(stream, step if left is None else min(step, left))
        if not piece:
            # A chunked body ends so; servers differ in whether a short one raises.
            if left is not None:
                raise LineCut
            return
        if left is not None:
            left -= len(piece)
        spent = time.monotonic() - began
        if spent < QUICK:
            step = min(step * 2, PIECE)
        elif spent > SLOW:
            step = SMALL
        yield piece


def incoming(request: Request) -> IO[bytes]:
    """The body as the server hands it over.

    With a length announced, `pieces` reads no further than that, so Werkzeug's own guard is left
    out: it copies every byte twice. A chunked body ends by itself and keeps the guard.
    """
    if request.content_length is None:
        return request.stream
    stream: IO[bytes] = request.environ["wsgi.input"]
    return stream


def _read(stream: IO[bytes], step: int) -> bytes:
    try:
        if not served_by_gevent():
            return stream.read(step)
        with gevent.Timeout(SILENCE, LineCut):
            return stream.read(step)
    except Exception as error:
        # Whatever the server's stream raises (reset, truncated chunk, short body), the line is cut.
        raise LineCut from error
