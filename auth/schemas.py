"""The exact shapes of bodies and answers about people. Nothing else is read, nothing else said."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.http import B64, Instant, Schema
from protocol.errors import ProtocolError
from protocol.shapes import check_sealed
from protocol.statements import SignedStatement

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
SealedKeys = Annotated[B64, Field(max_length=4096), AfterValidator(_sealed)]


class Kdf(Schema):
    """Argon2id parameters; below the least a client refuses them, so we do not store them."""

    alg: Literal["argon2id"]
    m: int = Field(ge=64 * 1024, le=1024 * 1024)
    """KiB."""
    t: int = Field(ge=3, le=16)
    p: Literal[1]


DEFAULT_KDF = Kdf(alg="argon2id", m=64 * 1024, t=3, p=1)


# Network


class NetworkLimits(Schema):
    attachment_bytes: int
    part_bytes: int
    message_bytes: int


class NetworkView(Schema):
    net: UUID
    name: str
    root: B64
    demo: bool
    policy: list[dict[str, Any]]
    minimum_client: str
    vapid_key: str | None
    version: str
    languages: list[str]
    limits: NetworkLimits


class StatementBody(Schema):
    statement: SignedStatement


class PolicyView(Schema):
    seq: int
    registrars: list[UUID]


# Accounts


class OrganisationName(Schema):
    id: UUID
    name: str


class AccountView(Schema):
    """A person. Fields that are None by default are for themselves and administrators."""

    id: UUID
    name: str
    kind: AccountKind
    profession: str
    specialty: str | None
    organisation: OrganisationName | None
    certified: bool
    archived: bool
    """Suspended: nothing new is asked of them; what they wrote stays theirs."""
    language: str | None = None
    mail: str | None = None
    rpps: str | None = None
    created_at: Instant | None = None
    last_sign_in_at: Instant | None = None
    registrar: bool = False
    statements: tuple[dict[str, Any], ...] = ()


class AccountList(Schema):
    items: list[AccountView]
    next: str | None


class AccountQuery(Schema):
    ids: Annotated[str, Field(max_length=4096)] | None = None
    q: Annotated[str, Field(max_length=100)] | None = None
    waiting: Literal["0", "1"] = "0"
    cursor: Annotated[str, Field(max_length=300)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class AccountPatch(Schema):
    organisation: UUID | None


# Invitations and sign-up


class InvitationBody(Schema):
    mail: Mail
    kind: AccountKind
    organisation: UUID | None = None
    language: Language = "fr"


class InvitationView(Schema):
    id: UUID
    mail: str
    kind: AccountKind
    organisation: OrganisationName | None
    language: str
    created_at: Instant
    expires_at: Instant
    used_at: Instant | None
    state: Literal["sent", "used", "expired"]
    link: str | None = None


class InvitationList(Schema):
    items: list[InvitationView]
    next: str | None


class PageQuery(Schema):
    cursor: Annotated[str, Field(max_length=300)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class SignUpOpening(Schema):
    token: Token


class SignUpOpened(Schema):
    mail: str
    kind: AccountKind
    organisation: OrganisationName | None
    net: UUID
    totp_secret: str
    totp_uri: str


class SignUpBody(Schema):
    token: Token
    account: UUID
    name: PersonName
    rpps: Rpps | None
    profession: Profession
    specialty: Specialty | None
    language: Language
    salt: Salt
    kdf: Kdf
    auth: Auth
    ak_password: SealedKey
    ak_recovery: SealedKey
    recovery_auth: Auth
    keys: SealedKeys
    statement: SignedStatement
    totp_code: TotpCode
    device: Device


# Sign-in, sessions


class SignInOpening(Schema):
    mail: Mail


class SignInOpened(Schema):
    salt: B64
    kdf: Kdf


class SignInBody(Schema):
    mail: Mail
    auth: Auth
    totp_code: TotpCode
    device: Device


class SessionEnds(Schema):
    id: UUID
    idle_expires_at: Instant
    expires_at: Instant


class SealedAccount(Schema):
    salt: B64
    kdf: Kdf
    ak_password: B64
    keys: B64


class SessionView(Schema):
    account: AccountView
    csrf: str
    session: SessionEnds


class SignedIn(SessionView):
    sealed: SealedAccount
    statements: list[dict[str, Any]]


class SessionItem(Schema):
    id: UUID
    device: str
    address: str
    created_at: Instant
    last_seen_at: Instant
    current: bool


class SessionList(Schema):
    items: list[SessionItem]
    next: None = None


class AccountKeys(SealedAccount):
    statements: list[dict[str, Any]]


# Password and recovery


class PasswordBody(Schema):
    current_auth: Auth
    totp_code: TotpCode
    salt: Salt
    kdf: Kdf
    auth: Auth
    ak_password: SealedKey


class RecoveryCodeBody(Schema):
    current_auth: Auth
    ak_recovery: SealedKey
    recovery_auth: Auth


class RecoveryOpening(Schema):
    mail: Mail
    recovery_auth: Auth


class RecoveryOpened(Schema):
    recovery: UUID


class RecoveryCode(Schema):
    recovery: UUID
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]


class RecoveryKeys(Schema):
    account: UUID
    net: UUID
    ak_recovery: B64
    keys: B64
    statements: list[dict[str, Any]]
    totp_secret: str
    totp_uri: str


class RecoveryCompletion(RecoveryCode):
    salt: Salt
    kdf: Kdf
    auth: Auth
    ak_password: SealedKey
    totp_code: TotpCode
    device: Device
