"""Who is to hear of what: facts announced by other rooms become rows of the outbox.

Everything here runs inside the announcing transaction: what is told is what was committed.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import Table, func, insert, select

from app import clock, sealing
from app.announcements import on_commit, on_record
from app.background import wake
from app.db import session
from app.group_commit import insert_together
from auth.announced import (
    AccountChanged,
    AccountSignedUp,
    CaseRestored,
    DeviceAdded,
    InvitationMade,
    KeysChanged,
    PasswordChanged,
    RecoveryCodeMade,
    ReturnOffered,
)
from messaging.announced import (
    CaseClaimed,
    CaseFact,
    CaseOpened,
    CircleChanged,
    MessagePosted,
    StepTaken,
)
from notifications.models import Delivery, Happening
from pools.service.roll import members_of

GATHER = timedelta(seconds=4)
"""How long messages of one case are gathered before anybody is told."""
CLOCK = "notifications"
PURPOSE = "notification"
_INSERT_HAPPENING = insert(cast(Table, Happening.__table__)).inline()
"""Built once: it runs at every message."""


class Kind(StrEnum):
    """What happened, as far as telling is concerned."""

    CASE_OPENED = "case_opened"
    """To the pool: a case waits for an expert."""
    FOR_REQUESTER = "for_requester"
    """The expert's side acted: claim, question, opinion, refusal, release."""
    FOR_EXPERT = "for_expert"
    """The requester's side acted: answer, new question, cancellation."""
    BROUGHT_IN = "brought_in"
    """To somebody, or each of a second pool, whom a case was opened to: it waits for them."""
    MESSAGE = "message"
    """To everybody else in the case who is not looking at it."""
    CERTIFIED = "certified"
    ACCOUNT_WAITING = "account_waiting"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (an event, not a secret)
    NEW_DEVICE = "new_device"
    KEYS_CHANGED = "keys_changed"
    """To those who work with somebody: this person has new keys."""
    CASE_RESTORED = "case_restored"
    """To the people of a case: a custodian opened it from a backup."""


LETTER_OF: dict[str, str] = {
    Kind.CASE_OPENED: "case",
    Kind.FOR_REQUESTER: "case",
    Kind.FOR_EXPERT: "case",
    Kind.BROUGHT_IN: "case",
    Kind.MESSAGE: "case",
}
"""The words for a kind, where they are not its own: about cases all notifications sound alike."""

STEPS_FOR_REQUESTER = frozenset(
    {
        "request_information",
        "give_opinion",
        "amend_opinion",
        "give_second_opinion",
        "refuse",
        "release",
        "take_over",
    }
)
STEPS_FOR_EXPERT = frozenset({"answer_information", "ask_again", "cancel", "give_second_opinion"})


def listen() -> None:
    """Hear the facts of other rooms."""
    on_record(CaseOpened, case_opened)
    on_record(CaseClaimed, case_claimed)
    on_record(StepTaken, step_taken)
    on_record(CircleChanged, circle_changed)
    on_record(MessagePosted, message_posted)
    on_record(InvitationMade, invitation_made)
    on_record(RecoveryCodeMade, recovery_code_made)
    on_record(AccountChanged, account_changed)
    on_record(AccountSignedUp, account_signed_up)
    on_record(PasswordChanged, password_changed)
    on_record(DeviceAdded, device_added)
    on_record(ReturnOffered, return_offered)
    on_record(KeysChanged, keys_changed)
    on_record(CaseRestored, case_restored)
    secrets = (InvitationMade, RecoveryCodeMade, ReturnOffered)
    for prompt in (CaseOpened, CaseClaimed, CircleChanged, StepTaken, *secrets):
        on_commit(prompt, _wake)


def case_opened(fact: CaseOpened) -> None:
    _happened(fact, Kind.CASE_OPENED)


def case_claimed(fact: CaseClaimed) -> None:
    _happened(fact, Kind.FOR_REQUESTER)


def step_taken(fact: StepTaken) -> None:
    if fact.step in STEPS_FOR_REQUESTER:
        _happened(fact, Kind.FOR_REQUESTER, fact.sequence)
    if fact.step in STEPS_FOR_EXPERT:
        _happened(fact, Kind.FOR_EXPERT, fact.sequence)
    if fact.state == "submitted":  # nobody has it any more
        _happened(fact, Kind.CASE_OPENED)


def circle_changed(fact: CircleChanged) -> None:
    """Whoever a case comes to hears of it as of a new one; nobody hears that a key changed."""
    if fact.purpose in ("forward", "overflow"):
        _happened(fact, Kind.CASE_OPENED)
        _happened(fact, Kind.FOR_REQUESTER)
    elif fact.purpose in ("second_opinion", "named_expert", "doctor") and fact.holder_id:
        people = {fact.holder_id}
        if fact.holder_kind == "group":
            people = members_of(fact.holder_id)
        for account_id in sorted(people - {fact.opened_by}):
            _happened(fact, Kind.BROUGHT_IN, account_id=account_id)


def message_posted(fact: MessagePosted) -> None:
    _happened(fact, Kind.MESSAGE, fact.sequence, after=GATHER)


def account_signed_up(fact: AccountSignedUp) -> None:
    _to_account(Kind.ACCOUNT_WAITING, None, actor_id=fact.account_id)


def account_changed(fact: AccountChanged) -> None:
    """The one change people wait for is the first confirmation; it is told once."""
    if not fact.certified or fact.suspended:
        return
    told = select(func.count()).where(
        Delivery.account_id == fact.account_id, Delivery.kind == Kind.CERTIFIED
    )
    coming = select(func.count()).where(
        Happening.account_id == fact.account_id, Happening.kind == Kind.CERTIFIED
    )
    if not session().scalar(told) and not session().scalar(coming):
        _to_account(Kind.CERTIFIED, fact.account_id)


def password_changed(fact: PasswordChanged) -> None:
    _to_account(Kind.PASSWORD_CHANGED, fact.account_id)


def device_added(fact: DeviceAdded) -> None:
    _to_account(Kind.NEW_DEVICE, fact.account_id)


def keys_changed(fact: KeysChanged) -> None:
    """To the person: confirmed again. To those who work with them: look twice."""
    _to_account(Kind.CERTIFIED, fact.account_id)
    _to_account(Kind.KEYS_CHANGED, fact.account_id, actor_id=fact.account_id)


def case_restored(fact: CaseRestored) -> None:
    session().execute(
        insert(Happening).values(
            kind=Kind.CASE_RESTORED,
            case_id=fact.case_id,
            account_id=None,
            actor_id=None,
            urgent=False,
            sequence=None,
            due_at=clock.now(),
        )
    )


def return_offered(fact: ReturnOffered) -> None:
    hours = round((fact.expires_at - clock.now()).total_seconds() / 3600)
    _secret_mail(
        "return_link", fact.mail, fact.language, fact.expires_at, link=fact.link, hours=hours
    )


def invitation_made(fact: InvitationMade) -> None:
    hours = round((fact.expires_at - clock.now()).total_seconds() / 3600)
    _secret_mail(
        "invitation", fact.mail, fact.language, fact.expires_at, link=fact.link, hours=hours
    )


def recovery_code_made(fact: RecoveryCodeMade) -> None:
    _secret_mail("recovery_code", fact.mail, fact.language, fact.expires_at, code=fact.code)


def _happened(
    fact: CaseFact,
    kind: Kind,
    sequence: int | None = None,
    after: timedelta = timedelta(),
    account_id: UUID | None = None,
) -> None:
    insert_together(
        _INSERT_HAPPENING,
        {
            "kind": str(kind),
            "case_id": fact.case_id,
            "account_id": account_id,
            "actor_id": fact.actor_id,
            "urgent": fact.urgency == "urgent",
            "sequence": sequence,
            "due_at": fact.at + after,
        },
    )


def _to_account(kind: Kind, account_id: UUID | None, actor_id: UUID | None = None) -> None:
    session().execute(
        insert(Happening).values(
            kind=kind,
            case_id=None,
            account_id=account_id,
            actor_id=actor_id,
            urgent=kind in (Kind.PASSWORD_CHANGED, Kind.NEW_DEVICE),
            sequence=None,
            due_at=clock.now(),
        )
    )


def _secret_mail(
    kind: str, mail: str, language: str, expires_at: datetime, **places: str | int
) -> None:
    """A mail whose words are a secret until it has gone: sealed at rest by the server's own key."""
    closed = json.dumps({"mail": mail, "language": language, **places}).encode()
    now = clock.now()
    session().execute(
        insert(Delivery).values(
            id=uuid4(),
            channel="mail",
            kind=kind,
            account_id=None,
            subscription_id=None,
            case_id=None,
            sequence=None,
            urgent=True,
            closed=sealing.close(PURPOSE, closed),
            state="waiting",
            attempts=0,
            created_at=now,
            due_at=now,
            expires_at=expires_at,
            claimed_until=None,
            settled_at=None,
            fault=None,
        )
    )


def _wake(_fact: object) -> None:
    wake(CLOCK)
