"""What travels about organisations and groups."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.http import B64, Instant, Schema
from auth.schemas import Wrapped
from protocol.shapes import KEY_SIZE, sealed_size
from protocol.statements import SignedStatement

LONGEST_DEADLINE = 10_080
"""Minutes: seven days, the longest the field's rules allow before a case escalates."""


def _printable(text: str) -> str:
    """One line of text one can see: no control character, which PostgreSQL may not even hold."""
    if text and not text.isprintable():
        raise ValueError("plain text on one line expected")
    return text


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_printable),
]
Place = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=200),
    AfterValidator(_printable),
]
Specialty = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Kind = Literal["pool", "care_team"]
OrganisationKind = Literal["hospital", "practice", "imaging", "ehpad", "maison_de_sante"]


def check_finess(text: str) -> str:
    """Nine digits whose last is the Luhn key of the others (ISO/IEC 7812-1 annex B).

    Corsican numbers begin with 2A or 2B; these letters count as 1 and 2.
    """
    plain = text.replace("2A", "21", 1) if text.startswith("2A") else text
    plain = plain.replace("2B", "22", 1) if plain.startswith("2B") else plain
    if len(plain) != 9 or not plain.isascii() or not plain.isdigit():
        raise ValueError("a FINESS number has nine digits")
    digits = [int(sign) for sign in reversed(plain)]
    total = sum(d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(digits))
    if total % 10:
        raise ValueError("the last digit of this FINESS number does not fit the others")
    return text


Finess = Annotated[str, AfterValidator(check_finess)]
SealedSecret = Annotated[
    B64, Field(min_length=sealed_size(KEY_SIZE), max_length=sealed_size(KEY_SIZE))
]
"""88 bytes: the 32 of an epoch's secret sealed under the next one's chain key."""
Minutes = Annotated[int, Field(ge=1, le=LONGEST_DEADLINE)]


class Named(Schema):
    id: UUID
    name: str


class OrganisationBody(Schema):
    id: UUID
    name: Line
    kind: OrganisationKind
    finess: Finess | None = None
    territory: Place = ""


class OrganisationChange(Schema):
    name: Line | None = None
    territory: Place | None = None
    archived: bool | None = None


class OrganisationAnswer(Schema):
    id: UUID
    name: str
    kind: str
    finess: str | None
    territory: str
    archived: bool


class OrganisationPage(Schema):
    items: list[OrganisationAnswer]
    next: str | None


class PageQuery(Schema):
    limit: int = Field(100, ge=1, le=100)
    cursor: str | None = Field(None, max_length=400)


class GroupQuery(PageQuery):
    kind: Kind | None = None


class Deadlines(Schema):
    """Minutes to answer, by urgency."""

    urgent: Minutes = 240
    priority: Minutes = 2880
    routine: Minutes = LONGEST_DEADLINE


class Grant(Schema):
    """The epoch's secret wrapped to one member's key statement."""

    member_seq: int = Field(ge=0, lt=2**32)
    wrapped: Wrapped


class GroupBody(Schema):
    id: UUID
    kind: Kind
    name: Line
    specialty: Specialty | None = None
    territory: Place = ""
    organisation: UUID | None = None
    deadlines: Deadlines | None = None
    statement: SignedStatement
    grants: dict[UUID, Grant] = Field(default_factory=dict, max_length=500)


class StatementBody(Schema):
    """A manager's next statement. With the next epoch come its grants and, from a manager who is a
    member, the link to the epoch before."""

    statement: SignedStatement
    grants: dict[UUID, Grant] = Field(default_factory=dict, max_length=500)
    previous: SealedSecret | None = None
    now: bool = False
    """Seal open cases again at once rather than at the next post ("remove now")."""


class PreviousBody(Schema):
    sealed: SealedSecret


class GroupChange(Schema):
    name: Line | None = None
    territory: Place | None = None
    deadlines: Deadlines | None = None
    archived: bool | None = None


class MemberAnswer(Schema):
    id: UUID
    name: str
    specialty: str | None
    present: bool
    waiting: bool
    """A member on the roll to whom nobody has yet handed today's key."""
    until: Instant | None
    """When the person leaves, as the manager signed."""


class AwayAnswer(Schema):
    """A member on leave, and who stands in."""

    id: UUID
    until: Instant
    delegate: Named | None


class GroupAnswer(Schema):
    id: UUID
    kind: str
    name: str
    specialty: str | None
    territory: str
    organisation: Named | None
    deadlines: Deadlines | None
    archived: bool
    frozen: bool = False
    statements: list[dict[str, Any]]
    members: list[MemberAnswer]
    served_by: int
    median_answer_minutes: int | None
    mine: bool
    managed: bool
    overflow: list[Named]
    departures_due: bool
    """An end date has passed and the chain still names the person: a manager's device removes
    them when it is next online."""
    away: list[AwayAnswer]


class MyGrant(Schema):
    epoch: int
    member_seq: int
    wrapped: B64


class PreviousSecret(Schema):
    """The secret of the epoch before, sealed under this one's chain key."""

    epoch: int
    sealed: B64
    by: UUID


class GroupWithKeys(GroupAnswer):
    grants: list[MyGrant]
    previous: list[PreviousSecret]
    """Several per epoch at times: a reader tries each until the key fits the signed one."""


class GroupPage(Schema):
    items: list[GroupAnswer]
    next: str | None


class PendingGrant(Schema):
    group: UUID
    epoch: int
    member: UUID
    member_seq: int
    statements: list[dict[str, Any]]


class PendingLink(Schema):
    """An epoch without a link to the one before, both of whose secrets the caller holds."""

    group: UUID
    epoch: int


class PendingRegrant(Schema):
    """Somebody of a case's circle whose keys were renewed: the case is to be wrapped again."""

    case: UUID
    account: UUID
    seq: int


class PendingDeparture(Schema):
    """Members whose end date has passed, of a group the caller manages: to be removed."""

    group: UUID
    members: list[UUID]


class PendingGrants(Schema):
    """What this person's device can mend without asking anybody."""

    items: list[PendingGrant]
    links: list[PendingLink]
    cases: list[UUID]
    """Cases to be sealed again at once, because a manager asked for it."""
    regrants: list[PendingRegrant]
    departures: list[PendingDeparture]
    next: str | None = None
