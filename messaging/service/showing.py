"""Cases as their readers see them, in a number of queries that does not grow with the cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select

from app.db import session
from auth.actor import Actor
from auth.models import Account
from auth.service.leave import represented_by
from messaging.models import (
    AnnouncedAttachment,
    Case,
    CaseEvent,
    CaseGrant,
    CaseHeader,
    CaseParty,
    CasePrevious,
    CaseReceipt,
    Message,
    Urgency,
)
from messaging.schemas import (
    AttachmentAnswer,
    CaseAnswer,
    CircleEntry,
    GrantAnswer,
    HeaderAnswer,
    Named,
    PoolAnswer,
    PreviousAnswer,
)
from messaging.service.access import parties_of, roles_in
from messaging.service.steps import Who, open_steps
from pools.models import BELONGS, Group, GroupMember, Organisation
from pools.service.roll import groups_of
from protocol.contexts import parse_recipient


def show_case(actor: Actor, case: Case) -> CaseAnswer:
    """One case with the signed life of its key."""
    events = session().scalars(
        select(CaseEvent.statement).where(CaseEvent.case_id == case.id).order_by(CaseEvent.n)
    )
    return show_cases(actor, [case], events={case.id: list(events)})[0]


def show_cases(
    actor: Actor,
    cases: Sequence[Case],
    groups: set[UUID] | None = None,
    events: dict[UUID, list[dict[str, Any]]] | None = None,
) -> list[CaseAnswer]:
    """Cases the actor may see, in the order given. `groups` are the actor's own."""
    session().flush()
    mine = groups_of(actor.account_id) if groups is None else groups
    around = _Surroundings.of(actor, cases, mine)
    return [_show(actor, case, mine, around, (events or {}).get(case.id, [])) for case in cases]


def show_attachments(which: Any) -> dict[UUID | None, list[AttachmentAnswer]]:
    """Announced files by message (None: by the header), for any number of messages at once."""
    found: dict[UUID | None, list[AttachmentAnswer]] = defaultdict(list)
    rows = select(AnnouncedAttachment).where(which).order_by(AnnouncedAttachment.attachment_id)
    for row in session().scalars(rows):
        found[row.message_id].append(_file(row))
    return found


def _file(row: AnnouncedAttachment) -> AttachmentAnswer:
    return AttachmentAnswer(id=row.attachment_id, size=row.size, stored=row.stored_at is not None)


@dataclass(frozen=True)
class _Surroundings:
    """Everything around a list of cases, each fetched once for all of them."""

    people: dict[UUID, str]
    serving: set[tuple[UUID, UUID]]
    """(pool, person): who can answer a case of the pool now."""
    groups: dict[UUID, tuple[str, str | None]]
    organisations: dict[UUID, str]
    parties: Mapping[UUID, list[CaseParty]]
    custodians: dict[UUID, list[str]]
    absent: set[UUID]
    """People for whom the reader stands in today."""
    grants: dict[UUID, list[GrantAnswer]]
    previous: dict[UUID, list[PreviousAnswer]]
    headers: dict[UUID, CaseHeader]
    files: dict[UUID, list[AttachmentAnswer]]
    read: dict[UUID, dict[UUID, tuple[int, datetime]]]
    unread: dict[UUID, int]

    @classmethod
    def of(cls, actor: Actor, cases: Sequence[Case], mine: set[UUID]) -> _Surroundings:
        ids = [case.id for case in cases]
        concerned = {case.opened_by for case in cases} | {case.expert_id for case in cases}
        teams = {case.care_team_id for case in cases} | {case.pool_id for case in cases}
        parties = parties_of(ids)
        for party in (one for circle in parties.values() for one in circle):
            (teams if party.kind == "group" else concerned).add(party.holder_id)
        people, serving = _people(concerned, {case.pool_id for case in cases})
        return cls(
            people=people,
            serving=serving,
            groups=_group_names(teams),
            organisations=_organisation_names({case.organisation_id for case in cases}),
            parties=parties,
            custodians=_custodians(ids),
            absent=represented_by(actor.account_id),
            grants=_grants(ids, {actor.account_id} | mine),
            previous=_previous([case.id for case in cases if case.generation]),
            headers=_headers(ids),
            files=_header_files(ids),
            read=_receipts(ids),
            unread=_unread(actor, ids),
        )


def _show(
    actor: Actor,
    case: Case,
    mine: set[UUID],
    around: _Surroundings,
    events: list[dict[str, Any]],
) -> CaseAnswer:
    pool_name, specialty = around.groups[case.pool_id]
    header = around.headers[case.id]
    team = case.care_team_id
    return CaseAnswer(
        id=case.id,
        number=case.number,
        pool=PoolAnswer(id=case.pool_id, name=pool_name, specialty=specialty),
        care_team=Named(id=team, name=around.groups[team][0]) if team else None,
        organisation=_named(case.organisation_id, around.organisations),
        urgency=Urgency(case.urgency).word,
        state=case.state,
        opened_by=Named(id=case.opened_by, name=around.people[case.opened_by]),
        expert=_named(case.expert_id, around.people),
        opened_at=case.opened_at,
        due_at=case.due_at,
        claimed_at=case.claimed_at,
        answered_at=case.answered_at,
        closed_at=case.closed_at,
        last_sequence=case.last_sequence,
        last_activity_at=case.last_activity_at,
        generation=case.generation,
        events=events,
        grants=around.grants[case.id],
        previous=around.previous[case.id],
        circle=_circle(case, around),
        rekey_due=bool(case.rekey_due),
        header=HeaderAnswer(
            version=header.version,
            generation=header.generation,
            sealed=header.sealed,
            at=header.posted_at,
            attachments=around.files[case.id],
        ),
        read={who: read for who, (read, _) in around.read[case.id].items()},
        read_at={who: at for who, (_, at) in around.read[case.id].items()},
        unread=around.unread.get(case.id, 0),
        steps=open_steps(case.state, _roles(actor, case, mine, around)),
    )


def _roles(actor: Actor, case: Case, mine: set[UUID], around: _Surroundings) -> frozenset[Who]:
    absent = around.absent
    if case.expert_id and (case.pool_id, case.expert_id) not in around.serving:
        absent = absent | {case.expert_id}
    return roles_in(actor, case, mine, around.parties.get(case.id, []), absent)


def _circle(case: Case, around: _Surroundings) -> list[CircleEntry]:
    """Everybody who can read the case, and those who could, in the order they came."""
    entries = [
        CircleEntry(
            kind="group" if party.kind == "group" else "account",
            id=str(party.holder_id),
            name=around.groups[party.holder_id][0]
            if party.kind == "group"
            else around.people[party.holder_id],
            role=party.role,
            since=party.added_at,
            left=party.left_at is not None,
        )
        for party in around.parties.get(case.id, [])
    ]
    return entries + [
        CircleEntry(kind="custodian", id=number, name="", role="custodian", since=None, left=False)
        for number in around.custodians[case.id]
    ]


def _named(wanted: UUID | None, names: dict[UUID, str]) -> Named | None:
    return Named(id=wanted, name=names[wanted]) if wanted in names else None


def _people(
    ids: set[UUID | None], pools: set[UUID]
) -> tuple[dict[UUID, str], set[tuple[UUID, UUID]]]:
    """Their names, and who of them serves in which of the pools, in one query."""
    belongs = and_(
        GroupMember.account_id == Account.id,
        GroupMember.group_id.in_(pools),
        Account.suspended_at.is_(None),
        BELONGS,
    )
    rows = session().execute(
        select(Account.id, Account.name, GroupMember.group_id)
        .outerjoin(GroupMember, belongs)
        .where(Account.id.in_(ids - {None}))
    )
    found = rows.all()
    names = {account_id: name for account_id, name, _ in found}
    return names, {(pool_id, account_id) for account_id, _, pool_id in found if pool_id}


def _organisation_names(ids: set[UUID | None]) -> dict[UUID, str]:
    rows = session().execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids - {None}))
    )
    return dict(rows.all())


def _group_names(ids: Iterable[UUID | None]) -> dict[UUID, tuple[str, str | None]]:
    rows = session().execute(
        select(Group.id, Group.name, Group.specialty).where(Group.id.in_(set(ids) - {None}))
    )
    return {group_id: (name, specialty) for group_id, name, specialty in rows}


def _grants(ids: list[UUID], holders: set[UUID]) -> dict[UUID, list[GrantAnswer]]:
    """The wrapped keys that the reader can open, by their own key or a group's."""
    found: dict[UUID, list[GrantAnswer]] = defaultdict(list)
    for row in session().scalars(
        select(CaseGrant)
        .where(CaseGrant.case_id.in_(ids), CaseGrant.holder_id.in_(holders))
        .order_by(CaseGrant.generation, CaseGrant.recipient)
    ):
        found[row.case_id].append(
            GrantAnswer(generation=row.generation, recipient=row.recipient, wrapped=row.wrapped)
        )
    return found


def _previous(ids: list[UUID]) -> dict[UUID, list[PreviousAnswer]]:
    """The links from each generation of the key to the one before."""
    found: dict[UUID, list[PreviousAnswer]] = defaultdict(list)
    if not ids:
        return found
    for row in session().scalars(
        select(CasePrevious)
        .where(CasePrevious.case_id.in_(ids))
        .order_by(CasePrevious.case_id, CasePrevious.generation)
    ):
        found[row.case_id].append(PreviousAnswer(generation=row.generation, sealed=row.sealed))
    return found


def _custodians(ids: list[UUID]) -> dict[UUID, list[str]]:
    """Which archive keys hold the key of today, by their number in the policy."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for case_id, recipient in session().execute(
        select(CaseGrant.case_id, CaseGrant.recipient)
        .join(Case, and_(Case.id == CaseGrant.case_id, Case.generation == CaseGrant.generation))
        .where(CaseGrant.case_id.in_(ids), CaseGrant.holder_id.is_(None))
        .order_by(CaseGrant.recipient)
    ):
        found[case_id].append(str(parse_recipient(recipient).number))
    return found


def _headers(ids: list[UUID]) -> dict[UUID, CaseHeader]:
    rows = session().scalars(
        select(CaseHeader).where(CaseHeader.case_id.in_(ids)).order_by(CaseHeader.version)
    )
    return {row.case_id: row for row in rows}


def _header_files(ids: list[UUID]) -> dict[UUID, list[AttachmentAnswer]]:
    found: dict[UUID, list[AttachmentAnswer]] = defaultdict(list)
    for row in session().scalars(
        select(AnnouncedAttachment)
        .where(AnnouncedAttachment.case_id.in_(ids), AnnouncedAttachment.message_id.is_(None))
        .order_by(AnnouncedAttachment.attachment_id)
    ):
        found[row.case_id].append(_file(row))
    return found


def _receipts(ids: list[UUID]) -> dict[UUID, dict[UUID, tuple[int, datetime]]]:
    """By case and person: how far they read, and when they last read on."""
    found: dict[UUID, dict[UUID, tuple[int, datetime]]] = defaultdict(dict)
    for receipt in session().execute(
        select(
            CaseReceipt.case_id, CaseReceipt.account_id, CaseReceipt.read, CaseReceipt.moved_at
        ).where(CaseReceipt.case_id.in_(ids))
    ):
        found[receipt.case_id][receipt.account_id] = (receipt.read, receipt.moved_at)
    return found


def _unread(actor: Actor, ids: list[UUID]) -> dict[UUID, int]:
    """Others' messages after what the reader has read."""
    rows = session().execute(
        select(Message.case_id, func.count())
        .outerjoin(
            CaseReceipt,
            and_(
                CaseReceipt.case_id == Message.case_id,
                CaseReceipt.account_id == actor.account_id,
            ),
        )
        .where(
            Message.case_id.in_(ids),
            Message.sequence > func.coalesce(CaseReceipt.read, 0),
            Message.author_id != actor.account_id,
        )
        .group_by(Message.case_id)
    )
    return dict(rows.all())
