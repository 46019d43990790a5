"""A network ready to be loaded: people signed in, cases open, files announced, in seconds.

Rows are inserted as sign-up, certification and `open_case` leave them. The server cannot open a
sealed blob, so random bytes of the right shape cost it exactly what real ones do.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert

from app import clock, db, sealing
from app.config import Config
from app.migrate import migrate
from auth.models import Account, AccountStatement, LoginSession, Network
from auth.service.sessions import csrf_token, hash_token
from messaging.models import (
    AnnouncedAttachment,
    Case,
    CaseEvent,
    CaseGrant,
    CaseHeader,
    CaseParty,
)
from pools.models import Group, GroupGrant, GroupManager, GroupMember, GroupStatement
from protocol.shapes import (
    HEADER_SIZE,
    KEM_PUBLIC_SIZE,
    SIGN_KEY_SIZE,
    WRAPPED_SIZE,
    sealed_size,
)

SECRET = "a secret for measuring, of no worth to anyone"
SEATS = 5
"""People of a case: three of a care team, two of a pool."""
TEAM = 3


@dataclass(frozen=True)
class Seat:
    """One signed-in person and the case they sit in."""

    cookie: str
    csrf: str
    case: str


@dataclass(frozen=True)
class File:
    """An attachment announced by the person in `seat`, not yet sent."""

    seat: Seat
    attachment: str
    size: int


@dataclass(frozen=True)
class World:
    seats: list[Seat]
    files: list[File]


def sealed_blob(plain: int) -> bytes:
    """Bytes that look sealed from outside."""
    return bytes([HEADER_SIZE]) + os.urandom(sealed_size(plain) - 1)


def fill(database_url: str, folder: Path, people: int, files: int = 0, size: int = 0) -> World:
    """Migrate a database and seat `people` in cases of five; `files` of `size` bytes wait."""
    migrate(database_url)
    sealing.bind(SECRET)
    config = Config(
        base_url="http://localhost",
        secret_key=SECRET,
        database_url=database_url,
        blob_url=f"file://{folder / 'blobs'}",
    )
    bound = db.bind(config)
    builder = _Builder(clock.now())
    with bound.engine.begin() as connection:
        seats = list(builder.cases(people // SEATS))
        waiting = [builder.file(seats[0], size) for _ in range(files)]
        builder.store(connection)
    bound.engine.dispose()
    return World([seat for seat, _ in seats], waiting)


class _Builder:
    """Collects rows by table, in the order the references between tables ask for."""

    ORDER = (
        Network, Account, AccountStatement, LoginSession, Group, GroupStatement, GroupMember,
        GroupManager, GroupGrant, Case, CaseParty, CaseEvent, CaseGrant, CaseHeader,
        AnnouncedAttachment,
    )  # fmt: skip

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in self.ORDER}
        self.add(Network, id=uuid4(), name="Bench", root=os.urandom(32), created_at=now)

    def add(self, table: Any, **values: Any) -> None:
        self.rows[table].append(values)

    def store(self, connection: Connection) -> None:
        for table, rows in self.rows.items():
            for start in range(0, len(rows), 1000):
                connection.execute(insert(table), rows[start : start + 1000])

    def cases(self, number: int) -> Iterator[tuple[Seat, UUID]]:
        for _ in range(number):
            people = [self._person() for _ in range(SEATS)]
            accounts = [account for account, _, _ in people]
            case = self._case(accounts)
            for account, cookie, csrf in people:
                yield Seat(cookie, csrf, str(case)), account

    def file(self, sitting: tuple[Seat, UUID], size: int) -> File:
        seat, account = sitting
        attachment = uuid4()
        self.add(
            AnnouncedAttachment, attachment_id=attachment, case_id=UUID(seat.case),
            author_id=account, message_id=None, size=size, stored_at=None,
        )  # fmt: skip
        return File(seat, str(attachment), size)

    def _person(self) -> tuple[UUID, str, str]:
        account, session, token = uuid4(), uuid4(), secrets.token_urlsafe(32)
        self.add(
            Account, id=account, mail=f"{account}@example.org", kind="clinician",
            name=f"Dr {account.hex[:6]}", profession="physician", specialty="dermatology",
            rpps=None, organisation_id=None, language="fr", salt=os.urandom(16),
            kdf={"name": "argon2id"}, auth_hash=os.urandom(32), recovery_hash=os.urandom(32),
            totp_secret=os.urandom(48), totp_step=0, ak_password=sealed_blob(32),
            ak_recovery=sealed_blob(32), keys=sealed_blob(200), created_at=self.now,
            certified_at=self.now, certified_by=account, suspended_at=None,
            last_sign_in_at=self.now,
        )  # fmt: skip
        self.add(
            AccountStatement, account_id=account, seq=0, statement=_statement("account"),
            hash=os.urandom(32), sign_key=os.urandom(SIGN_KEY_SIZE),
            kem_key=os.urandom(KEM_PUBLIC_SIZE), received_at=self.now,
        )  # fmt: skip
        self.add(
            LoginSession, id=session, account_id=account, token_hash=hash_token(token),
            device="bench", address="127.0.0.1", created_at=self.now, last_seen_at=self.now,
            expires_at=self.now + timedelta(days=7), revoked_at=None,
        )  # fmt: skip
        return account, f"cordee_session={token}", csrf_token(session)

    def _group(self, kind: str, members: list[UUID]) -> UUID:
        group = uuid4()
        self.add(
            Group, id=group, kind=kind, name="Dermatologie", specialty="dermatology",
            territory="Chablais", organisation_id=None, deadline_urgent=240,
            deadline_priority=2880, deadline_routine=10080, seq=0, epoch=0,
            median_answer_minutes=None, created_at=self.now, archived_at=None,
        )  # fmt: skip
        self.add(
            GroupStatement, group_id=group, seq=0, epoch=0, statement=_statement("group"),
            hash=os.urandom(32), received_at=self.now,
        )  # fmt: skip
        self.add(GroupManager, group_id=group, account_id=members[0])
        for member in members:
            self.add(GroupMember, group_id=group, account_id=member, joined_at=self.now)
            self.add(
                GroupGrant, group_id=group, epoch=0, account_id=member, member_seq=0,
                wrapped=os.urandom(WRAPPED_SIZE), granted_by=members[0], granted_at=self.now,
            )  # fmt: skip
        return group

    def _case(self, people: list[UUID]) -> UUID:
        case, opener, expert = uuid4(), people[0], people[TEAM]
        team, pool = self._group("care_team", people[:TEAM]), self._group("pool", people[TEAM:])
        self.add(
            Case, id=case, number=f"C-{secrets.token_hex(4)}", pool_id=pool, care_team_id=team,
            organisation_id=None, urgency=1, state="claimed", opened_by=opener, expert_id=expert,
            opened_at=self.now, due_at=self.now + timedelta(days=2), claimed_at=self.now,
            answered_at=None, settled_at=None, closed_at=None, last_sequence=0,
            last_activity_at=self.now, generation=0,
        )  # fmt: skip
        self.add(
            CaseEvent, case_id=case, n=0, statement=_statement("case"), hash=os.urandom(32),
            received_at=self.now,
        )  # fmt: skip
        holders = (
            (f"group:{pool}@0", pool, "pool"),
            (f"group:{team}@0", team, "care_team"),
            (f"account:{opener}@0", opener, "opener"),
        )
        for recipient, holder, role in holders:
            self.add(
                CaseParty, case_id=case, holder_id=holder, kind=recipient.partition(":")[0],
                role=role, place=0, added_by=opener, added_at=self.now, left_at=None,
            )  # fmt: skip
            self.add(
                CaseGrant, case_id=case, generation=0, recipient=recipient, holder_id=holder,
                wrapped=os.urandom(WRAPPED_SIZE),
            )  # fmt: skip
        self.add(
            CaseHeader, case_id=case, version=0, generation=0, author_id=opener,
            sealed=sealed_blob(2000), posted_at=self.now,
        )  # fmt: skip
        return case


def _statement(kind: str) -> dict[str, Any]:
    return {"t": kind, "p": "", "s": []}
