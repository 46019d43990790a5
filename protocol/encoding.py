"""The one way bytes, ids and times are written in statements and contexts.

Every reader refuses any other spelling, so that two parties can never see two values in one text.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime
from uuid import UUID

from protocol.errors import NotCanonicalBase64, NotLowerCaseUuid, NotUtcTime, WrongLength

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


def b64(value: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return b64encode(value).decode("ascii")


def unb64(text: str, size: int | None = None) -> bytes:
    """Decode canonical standard base64; ``size`` is the exact number of bytes wanted.

    Python's decoder forgives non-zero trailing bits (RFC 4648 section 3.5), hence the comparison:
    otherwise one value would have several spellings, and hashes of JSON would not be stable.
    """
    try:
        value = b64decode(text, validate=True)
    except (Base64Error, ValueError, TypeError) as error:
        raise NotCanonicalBase64("not standard base64 with padding") from error
    if b64(value) != text:
        raise NotCanonicalBase64("base64 with non-zero trailing bits")
    if size is not None and len(value) != size:
        raise WrongLength(f"expected {size} bytes, got {len(value)}")
    return value


def check_uuid(value: str | UUID) -> str:
    """The 36-character lower-case form, the only one a context or statement may carry."""
    text = str(value) if isinstance(value, UUID) else value
    if not isinstance(text, str) or not _UUID.fullmatch(text):
        raise NotLowerCaseUuid("not a lower-case UUID")
    return text


def check_size(value: bytes, size: int, what: str) -> bytes:
    """Return ``value`` when it has exactly ``size`` bytes."""
    if len(value) != size:
        raise WrongLength(f"{what}: expected {size} bytes, got {len(value)}")
    return value


def check_time(text: str) -> str:
    """An RFC 3339 time in UTC, written with ``Z``; it must exist in the calendar."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise NotUtcTime("not an RFC 3339 time ending in Z")
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise NotUtcTime("no such day or hour") from error
    return text


def utc_time(moment: datetime) -> str:
    """Write an aware ``datetime`` as the protocol does, to the millisecond as JavaScript would."""
    if moment.tzinfo is None:
        raise NotUtcTime("a time without zone is ambiguous")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
