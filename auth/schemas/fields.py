"""The values bodies about people are made of, each checked in one place."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.http import B64, Schema
from protocol.errors import ProtocolError
from protocol.shapes import check_sealed, check_wrapped

AccountKind = Literal["clinician", "administrator"]
Language = Literal["fr", "en"]
Profession = Literal[
    "physician",
    "nurse",
    "midwife",
    "pharmacist",
    "dentist",
    "physiotherapist",
    "administrator",
    "other",
]
Specialty = Literal[
    "general_practice",
    "dermatology",
    "orthopaedics",
    "rheumatology",
    "radiology",
    "geriatrics",
    "emergency",
    "other",
]

SEALED_KEY_SIZE = 88
"""A 32-byte key in a `seal`: 40 of header, 32 of ciphertext, 16 of tag."""

_ATOM = r"[^@\s\x00-\x1f\x7f<>(),;:\\\"\[\]]+"
_MAIL = re.compile(rf"{_ATOM}@{_ATOM}\.[^\W_]{{2,}}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def normalise_mail(mail: str) -> str:
    """The one spelling under which an address is stored and looked up."""
    return unicodedata.normalize("NFKC", mail).strip().casefold()


def _mail(text: str) -> str:
    mail = normalise_mail(text)
    if len(mail) > 254 or not _MAIL.fullmatch(mail):
        raise ValueError("not a mail address")
    return mail


def _line(text: str) -> str:
    text = text.strip()
    if not text or _CONTROL.search(text):
        raise ValueError("visible text on one line expected")
    return text


def valid_rpps(number: str) -> bool:
    """Eleven digits whose last is the Luhn key of the others (ISO/IEC 7812-1 annex B), as the
    national directory of health professionals gives them."""
    if not re.fullmatch(r"[0-9]{11}", number):
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _rpps(number: str) -> str:
    if not valid_rpps(number):
        raise ValueError("not an RPPS number: its last digit does not match the others")
    return number


def _sealed(blob: bytes) -> bytes:
    try:
        check_sealed(blob)
    except ProtocolError as error:
        raise ValueError(str(error)) from error
    return blob


def _wrapped(blob: bytes) -> bytes:
    try:
        check_wrapped(blob)
    except ProtocolError as error:
        raise ValueError(str(error)) from error
    return blob


def _exactly(size: int) -> Any:
    return Field(min_length=size, max_length=size)


Mail = Annotated[str, Field(max_length=320), AfterValidator(_mail)]
Rpps = Annotated[str, AfterValidator(_rpps)]
PersonName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
Device = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
TotpCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,100}={0,2}$")]
Auth = Annotated[B64, _exactly(32)]
Salt = Annotated[B64, _exactly(16)]
SealedKey = Annotated[B64, _exactly(SEALED_KEY_SIZE), AfterValidator(_sealed)]
Wrapped = Annotated[B64, AfterValidator(_wrapped)]
"""A 32-byte key encrypted to a public key of either suite."""
SealedKeys = Annotated[B64, Field(max_length=4096), AfterValidator(_sealed)]


class Kdf(Schema):
    """Argon2id parameters; below the least a client refuses them, so we do not store them."""

    alg: Literal["argon2id"]
    m: int = Field(ge=64 * 1024, le=1024 * 1024)
    """KiB."""
    t: int = Field(ge=3, le=16)
    p: Literal[1]


DEFAULT_KDF = Kdf(alg="argon2id", m=64 * 1024, t=3, p=1)


class AccountName(Schema):
    id: UUID
    name: str
