"""The tus 1.0.0 resumable upload protocol, its headers and their shapes (https://tus.io/protocols)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from werkzeug.datastructures import Headers

from attachments.errors import (
    ChecksumUnsupported,
    TusHeaderRefused,
    TusMediaTypeRefused,
    TusVersionUnsupported,
)

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
ALGORITHMS = ("sha256", "sha1")
MEDIA_TYPE = "application/offset+octet-stream"
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Checksum:
    """What the sender says the body of this one request hashes to."""

    algorithm: str
    digest: bytes

    def counter(self) -> Any:
        return hashlib.new(self.algorithm, usedforsecurity=False)


def require_version(headers: Headers) -> None:
    """Every request but OPTIONS names the version. Raises TusVersionUnsupported (412)."""
    if headers.get("Tus-Resumable") != VERSION:
        raise TusVersionUnsupported(version=VERSION)


def read_length(headers: Headers) -> int:
    """`Upload-Length`: a whole number. Deferred and concatenated uploads are not offered."""
    for name in ("Upload-Defer-Length", "Upload-Concat"):
        if name in headers:
            raise TusHeaderRefused(header=name)
    return _whole_number(headers, "Upload-Length")


def read_offset(headers: Headers) -> int:
    return _whole_number(headers, "Upload-Offset")


def read_metadata(headers: Headers) -> dict[str, bytes]:
    """`Upload-Metadata`: comma separated `key base64` pairs; keys unique, ASCII, not empty."""
    raw = headers.get("Upload-Metadata", "")
    pairs: dict[str, bytes] = {}
    for pair in raw.split(",") if raw else ():
        key, _, value = pair.strip().partition(" ")
        if not key or not key.isascii() or key in pairs:
            raise TusHeaderRefused(header="Upload-Metadata")
        try:
            pairs[key] = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise TusHeaderRefused(header="Upload-Metadata") from None
    return pairs


def read_subject(headers: Headers) -> tuple[UUID, UUID]:
    """The case and the attachment an upload is for, both from `Upload-Metadata`."""
    pairs = read_metadata(headers)
    try:
        case, attachment = (UUID(pairs[key].decode("ascii")) for key in ("case", "attachment"))
    except (KeyError, ValueError):
        raise TusHeaderRefused(header="Upload-Metadata") from None
    return case, attachment


def read_checksum(headers: Headers) -> Checksum | None:
    """`Upload-Checksum`: `algorithm base64`. Unknown algorithms are refused (400)."""
    raw = headers.get("Upload-Checksum")
    if raw is None:
        return None
    algorithm, _, value = raw.partition(" ")
    if algorithm not in ALGORITHMS:
        raise ChecksumUnsupported()
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise TusHeaderRefused(header="Upload-Checksum") from None
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise TusHeaderRefused(header="Upload-Checksum")
    return Checksum(algorithm, digest)


def require_media_type(content_type: str | None) -> None:
    if content_type != MEDIA_TYPE:
        raise TusMediaTypeRefused()


def expires(at: datetime) -> str:
    """`Upload-Expires`, an HTTP date (RFC 9110 section 5.6.7)."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _whole_number(headers: Headers, name: str) -> int:
    raw = headers.get(name, "")
    # ASCII digits only: int() would take "٣", "+3" and "1_000".
    if not (raw.isascii() and raw.isdigit()) or len(raw) > 19 or int(raw) > LARGEST:
        raise TusHeaderRefused(header=name)
    return int(raw)
