"""The payload of each type of statement, as pydantic models that forbid what they do not name.

``verify_statement`` proves who said it; ``read_payload`` proves that it says exactly what its type
says. Models are strict (no "1" for 1) and frozen.
"""

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from protocol.contexts import MAX_NUMBER, parse_recipient
from protocol.encoding import check_time, check_uuid, unb64
from protocol.errors import PayloadFieldsWrong, ProtocolError
from protocol.shapes import (
    HASH_SIZE,
    KEY_SIZE,
    PART_SIZE,
    SIGN_KEY_SIZE,
    check_kem_public,
    part_count,
    sealed_size,
)
from protocol.statement import ACCOUNT, CASE, GROUP, HEADER, MESSAGE, POLICY, Payload

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters, and the marks that make text read in another order than it is stored."""


def _fits(check: Any) -> Any:
    """Turn a protocol check into a pydantic validator that keeps the text as written."""

    def validate(text: str) -> str:
        try:
            check(text)
        except ProtocolError as error:
            raise ValueError(str(error)) from error
        return text

    return AfterValidator(validate)


def _base64_of(size: int) -> Any:
    return _fits(lambda text: unb64(text, size))


def _plain_name(text: str) -> str:
    if not text.strip() or _CONTROL.search(text):
        raise ValueError("a name is visible text on one line")
    return text


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("an entry appears twice")
    return values


Uuid = Annotated[str, _fits(check_uuid)]
Time = Annotated[str, _fits(check_time)]
SignKey = Annotated[str, _base64_of(SIGN_KEY_SIZE)]
KemKey = Annotated[str, _fits(lambda text: check_kem_public(unb64(text)))]
Hash = Annotated[str, _base64_of(HASH_SIZE)]
SecretKey = Annotated[str, _base64_of(KEY_SIZE)]
RecipientText = Annotated[str, _fits(parse_recipient)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_plain_name)]
Number = Annotated[int, Field(ge=0, le=MAX_NUMBER)]
Seq = Annotated[int, Field(ge=0, lt=2**32)]
"""A sequence number that fits a leaf of the key log."""
Json = dict[str, JsonValue]

# JSON has arrays only; strict mode would refuse them for a tuple, which frozen models need.
Uuids = Annotated[tuple[Uuid, ...], Field(strict=False), AfterValidator(_unique)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StatementPayload(_Model):
    """What all payloads share: the version of this protocol."""

    TYPE: ClassVar[str]
    v: Annotated[int, Field(ge=1, le=1)]


class Signature(_Model):
    """One signer: public key and Ed25519 signature."""

    k: SignKey
    sig: Annotated[str, _base64_of(64)]


class SignedStatement(_Model):
    """The wire form, for schemas; it checks encodings only, ``verify_statement`` the signatures."""

    t: Literal[
        "cordee1.account",
        "cordee1.group",
        "cordee1.case",
        "cordee1.header",
        "cordee1.message",
        "cordee1.policy",
    ]
    p: Annotated[str, _fits(unb64)]
    s: Annotated[tuple[Signature, ...], Field(strict=False, min_length=1, max_length=8)]


class AccountPayload(StatementPayload):
    """The keys of a person, from sequence ``seq`` on."""

    TYPE = ACCOUNT
    net: Uuid
    account: Uuid
    seq: Seq
    sign_key: SignKey
    kem_key: KemKey
    name: Name
    rpps: Annotated[str, Field(pattern=r"^[0-9]{11}$")] | None
    prev: Hash | None


class GroupPayload(StatementPayload):
    """Who reads and who governs a pool or care team, and its key in this epoch.

    Managers need not be members: an administrator may create a pool it cannot read.
    """

    TYPE = GROUP
    net: Uuid
    group: Uuid
    kind: Literal["pool", "care_team"]
    seq: Seq
    epoch: Number
    kem_key: KemKey
    members: Uuids
    managers: Annotated[Uuids, Field(min_length=1)]
    name: Name
    prev: Hash | None
    until: dict[Uuid, Time] = Field(default_factory=dict)
    """When a member leaves, agreed beforehand: a locum's last minute. Absent when nobody does."""

    overflow: Annotated[Uuids, Field(max_length=4)] = ()
    """The pools that take over what nobody here answers, nearest first: each new case is wrapped to
    them too. Absent when there is none."""

    @model_validator(mode="after")
    def _only_members_leave(self) -> "GroupPayload":
        if not self.until.keys() <= set(self.members):
            raise ValueError("an end date for somebody who is no member")
        return self

    @model_validator(mode="after")
    def _pools_overflow_elsewhere(self) -> "GroupPayload":
        if self.overflow and (self.kind != "pool" or self.group in self.overflow):
            raise ValueError("a pool overflows, and into others")
        return self

    def present(self, at: datetime) -> frozenset[str]:
        """Account ids of the members whose end date has not come at this (aware) moment."""
        return frozenset(
            member
            for member in self.members
            if member not in self.until or at < datetime.fromisoformat(self.until[member])
        )


class Registrar(_Model):
    """An administrator who may certify people and create groups."""

    account: Uuid
    sign_key: SignKey


class PolicyPayload(StatementPayload):
    """What the network's root decides: registrars, custodians, log, witnesses."""

    TYPE = POLICY
    net: Uuid
    seq: Seq
    registrars: Annotated[tuple[Registrar, ...], Field(strict=False)]
    custodians: Annotated[tuple[KemKey, ...], Field(strict=False), AfterValidator(_unique)]
    log_key: SignKey | None
    witnesses: Annotated[tuple[SignKey, ...], Field(strict=False), AfterValidator(_unique)]
    k: Number
    """How many witnesses must have cosigned a checkpoint."""
    minimum_client: Annotated[str, Field(pattern=r"^[0-9]{1,5}(\.[0-9]{1,5}){1,2}$")]
    prev: Hash | None

    @model_validator(mode="after")
    def _consistent(self) -> "PolicyPayload":
        keys = [registrar.sign_key for registrar in self.registrars]
        if len(set(keys)) != len(keys):
            raise ValueError("two registrars share a key")
        if self.k > len(self.witnesses):
            raise ValueError("k asks for more witnesses than there are")
        return self


class CaseEventPayload(StatementPayload):
    """A step in the life of a case's key."""

    TYPE = CASE
    net: Uuid
    case: Uuid
    n: Number
    event: Literal["open", "grant", "rotate", "close"]
    generation: Number
    kc: Hash
    to: Annotated[tuple[RecipientText, ...], Field(strict=False), AfterValidator(_unique)]
    by: Uuid
    prev: Hash | None


class SealedPart(_Model):
    """One part of an attachment as the server stores it: bytes and SHA-256 of the ciphertext."""

    size: Number
    sha256: Hash


class Preview(_Model):
    """A small picture of an attachment, itself an attachment with its own id and key."""

    id: Uuid
    type: Annotated[str, Field(min_length=1, max_length=127)]
    size: Number
    key: SecretKey
    parts: Annotated[tuple[SealedPart, ...], Field(strict=False, min_length=1)]
    width: Number | None = None
    height: Number | None = None

    @model_validator(mode="after")
    def _parts_hold_size(self) -> "Preview":
        count = part_count(self.size)
        last = self.size - (count - 1) * PART_SIZE
        sizes = [sealed_size(PART_SIZE)] * (count - 1) + [sealed_size(last)]
        if [part.size for part in self.parts] != sizes:
            raise ValueError("the parts do not add up to the size")
        return self


class Manifest(Preview):
    """What the reader needs to fetch, check, open and show one attachment."""

    name: Name
    caption: Annotated[str, Field(max_length=500)] | None = None
    preview: Preview | None = None


class LogCheckpoint(_Model):
    """The key log as the author saw it: messages carry it from reader to reader."""

    size: Number
    root: Hash


class MessagePayload(StatementPayload):
    """One turn of a case; the body's fields depend on ``kind`` and belong to the messaging room."""

    TYPE = MESSAGE
    net: Uuid
    case: Uuid
    id: Uuid
    g: Number
    by: Uuid
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
    at: Time
    seen: Uuids
    body: Json
    attachments: Annotated[tuple[Manifest, ...], Field(strict=False)]
    log: LogCheckpoint | None


class HeaderPayload(StatementPayload):
    """A version of the sealed header of a case."""

    TYPE = HEADER
    net: Uuid
    case: Uuid
    version: Number
    g: Number
    by: Uuid
    at: Time
    body: Json


PAYLOADS: dict[str, type[StatementPayload]] = {
    model.TYPE: model
    for model in (
        AccountPayload,
        GroupPayload,
        PolicyPayload,
        CaseEventPayload,
        MessagePayload,
        HeaderPayload,
    )
}

_P = TypeVar("_P", bound=StatementPayload)


def read_payload(model: type[_P], payload: Payload) -> _P:
    """The typed payload; ``PayloadFieldsWrong`` names the fields at fault, never their values."""
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        wrong = ", ".join(
            f"{'.'.join(str(step) for step in fault['loc'])}: {fault['type']}"
            for fault in error.errors(include_input=False, include_url=False)[:5]
        )
    raise PayloadFieldsWrong(f"not a {model.TYPE} payload ({wrong})")
