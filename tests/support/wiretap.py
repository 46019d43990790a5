"""Everything a listener between browser and server could write down, and how to look through it."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote

from tests.support.bad_line import BadLine, Conversation

UPGRADE = re.compile(rb"upgrade: *websocket", re.IGNORECASE)
HEAD_END = b"\r\n\r\n"


def spoken(line: BadLine) -> Iterator[tuple[str, bytes]]:
    """What went over the line by connection and direction, WebSocket frames unmasked."""
    for number, conversation in enumerate(line.heard):
        up, down = _unwrapped(conversation)
        yield f"connection {number}, browser to server", up
        yield f"connection {number}, server to browser", down


def frames_sent(line: BadLine) -> int:
    """How many WebSocket frames browsers sent: a tap that hears none proves nothing."""
    return sum(
        sum(1 for _ in _frames(bytes(conversation.up).partition(HEAD_END)[2]))
        for conversation in line.heard
        if _is_websocket(conversation)
    )


def _is_websocket(conversation: Conversation) -> bool:
    return bool(UPGRADE.search(bytes(conversation.up).partition(HEAD_END)[0]))


def _unwrapped(conversation: Conversation) -> tuple[bytes, bytes]:
    up, down = bytes(conversation.up), bytes(conversation.down)
    if not _is_websocket(conversation):
        return up, down
    return tuple(
        head + b"".join(_frames(rest))
        for head, _, rest in (up.partition(HEAD_END), down.partition(HEAD_END))
    )  # type: ignore[return-value]


def _frames(raw: bytes) -> Iterator[bytes]:
    """Payloads of whole frames (RFC 6455 section 5.2), unmasked and, if need be, inflated."""
    at = 0
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while at + 2 <= len(raw):
        compressed, masked, length = raw[at] & 0x40, raw[at + 1] & 0x80, raw[at + 1] & 0x7F
        at += 2
        wide = {126: 2, 127: 8}.get(length, 0)
        if wide:
            length = int.from_bytes(raw[at : at + wide], "big")
            at += wide
        mask = raw[at : at + 4] if masked else b""
        at += len(mask)
        payload = raw[at : at + length]
        if len(payload) < length:
            return
        at += length
        if mask:
            key = (mask * (length // 4 + 1))[:length]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(
                length, "big"
            )
        yield inflate.decompress(payload + b"\x00\x00\xff\xff") if compressed else payload


def disguises(word: str) -> set[bytes]:
    """The ways a word can stand in bytes without being sealed."""
    found = {
        word.encode(),
        word.encode("utf-16-le"),
        word.encode("utf-16-be"),
        word.encode().hex().encode(),
        quote(word).encode(),
        json.dumps(word)[1:-1].encode(),
        *base64_forms(word.encode()),
    }
    return found | {form.lower() for form in found} | {form.upper() for form in found}


def base64_forms(raw: bytes) -> set[bytes]:
    """The characters that `raw` gives at each of the three places it can take in base64."""
    forms = set()
    for shift in range(3):
        whole = b64encode(b"\0" * shift + raw)
        first = -(-shift * 4 // 3)  # characters touched by what stands before
        last = (shift + len(raw)) * 4 // 3
        form = whole[first + (1 if shift else 0) : last]
        forms |= {form, form.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def slices(raw: bytes, size: int = 24, count: int = 16) -> set[bytes]:
    """Pieces of a file spread over its length, as they stand and in base64.

    Pieces of one repeated byte are left out: they stand anywhere.
    """
    step = max(size, len(raw) // count)
    pieces = (raw[at : at + size] for at in range(0, len(raw) - size, step))
    telling = [piece for piece in pieces if len(set(piece)) > size // 3]
    return {form for piece in telling for form in (piece, *base64_forms(piece))}


def found_in(hay: bytes, needles: set[bytes]) -> set[bytes]:
    return {needle for needle in needles if needle in hay}
