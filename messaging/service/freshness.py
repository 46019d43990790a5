"""Whether the key of a case is still only in the hands it should be in.

When a group removes a member and enters its next epoch, or a person's new keys begin to count,
every open case they read is marked in the same transaction. The mark costs a post nothing: it
stands in the row that is read anyway. Settled cases are not marked, since a pool has ever more of
them; theirs is computed when one speaks again.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)

from app.announcements import on_record
from app.db import session
from auth.actor import Actor
from auth.announced import KeysChanged
from auth.models import Account, AccountStatement
from messaging.errors import StaleEpoch
from messaging.models import Case, CaseGrant, CaseParty, Due, Role
from messaging.service.access import READING
from pools.announced import GroupRekeyed
from pools.models import Group
from pools.schemas import PendingRegrant
from pools.service.pending import PendingWork, on_pending
from pools.service.roll import groups_of
from pools.service.standing import key_sequences
from protocol.contexts import parse_recipient

AT_ONCE = 50


def listen() -> None:
    """Hear of groups that enter their next epoch, of people whose new keys count, and of devices
    that ask what they can mend."""
    on_record(GroupRekeyed, mark_stale)
    on_record(KeysChanged, mark_renewed)
    on_pending(pending_work)


def mark_stale(fact: GroupRekeyed) -> None:
    """Mark the open cases that this group reads, in one statement.

    They are locked in the order of their ids, as every batch of posts locks them, so neither waits
    for the other in a circle. The group's row is held already; whoever seals to a group holds it
    before the case.
    """
    # Pools and teams stand in columns whose indexes part the open cases from an endless past.
    read = union_all(
        select(Case.id).where(Case.pool_id == fact.group_id, Case.settled_at.is_(None)),
        select(Case.id).where(Case.care_team_id == fact.group_id, Case.settled_at.is_(None)),
        select(CaseParty.case_id).where(
            CaseParty.holder_id == fact.group_id,
            CaseParty.left_at.is_(None),
            CaseParty.role.not_in((Role.POOL, Role.CARE_TEAM)),
        ),
    ).subquery()
    _mark(select(read.c.id), Due.NOW if fact.now else Due.NEXT_POST)


def mark_renewed(fact: KeysChanged) -> None:
    """Mark the open cases whose key a person holds by themselves: whoever has their former keys is
    not to open what is written next.

    A colleague's device may hand them the present key before that; it takes no mark away.
    """
    _mark(
        select(CaseParty.case_id).where(
            CaseParty.holder_id == fact.account_id, CaseParty.left_at.is_(None)
        ),
        Due.NEXT_POST,
    )


def _mark(ids: Select[UUID], due: Due) -> None:
    open_cases = (
        select(Case.id)
        .where(Case.settled_at.is_(None), Case.id.in_(ids))
        .order_by(Case.id)
        .with_for_update()
    )
    session().flush()
    session().execute(
        update(Case)
        .where(Case.id.in_(open_cases))
        .values(rekey_due=case((Case.rekey_due < due, due), else_=Case.rekey_due))
        .execution_options(synchronize_session=False)
    )


def require_fresh_key(case_id: UUID, generation: int, due: int, settled: bool = False) -> None:
    """Raise StaleEpoch, naming the keys of today, when the key must change before more is said.

    `settled` asks the database even where no mark stands, for cases that are not marked.
    """
    if not due and not settled:
        return
    groups, accounts = stale_groups(case_id, generation), stale_accounts(case_id, generation)
    if due or groups or accounts:
        raise StaleEpoch(
            groups=[{"group": str(group), "epoch": epoch} for group, epoch in groups.items()],
            accounts=[{"account": str(who), "seq": seq} for who, seq in accounts.items()],
        )


def stale_groups(case_id: UUID, generation: int) -> dict[UUID, int]:
    """Groups of the circle to whose former epoch the key of this generation is wrapped, with
    their epoch of today."""
    rows = session().execute(
        _granted(case_id, generation)
        .add_columns(Group.epoch)
        .join(Group, Group.id == CaseGrant.holder_id)
        .order_by(Group.id)
    )
    return {group: epoch for name, group, epoch in rows if parse_recipient(name).number < epoch}


def stale_accounts(case_id: UUID, generation: int) -> dict[UUID, int]:
    """People of the circle to whose former keys the key of this generation is wrapped, with the
    sequence of those of today."""
    granted = [
        (who, parse_recipient(name).number)
        for name, who in session().execute(
            _granted(case_id, generation)
            .where(CaseParty.kind == "account")
            .order_by(CaseGrant.holder_id)
        )
        if who
    ]
    newest = key_sequences({who for who, _ in granted})
    return {who: newest[who] for who, seq in granted if seq < newest[who]}


def _granted(case_id: UUID, generation: int) -> Select[str, UUID | None]:
    """Recipient and holder of each grant of a generation whose holder is still in the circle."""
    return (
        select(CaseGrant.recipient, CaseGrant.holder_id)
        .join(
            CaseParty,
            and_(
                CaseParty.case_id == CaseGrant.case_id,
                CaseParty.holder_id == CaseGrant.holder_id,
                CaseParty.left_at.is_(None),
            ),
        )
        .where(CaseGrant.case_id == case_id, CaseGrant.generation == generation)
    )


def pending_work(actor: Actor) -> PendingWork:
    """What the actor's device can mend in cases, unasked."""
    regrants = keys_to_grant_again(actor)
    return PendingWork(
        cases=cases_to_rekey(actor),
        regrants=[PendingRegrant(case=c, account=a, seq=seq) for c, a, seq in regrants],
    )


def cases_to_rekey(actor: Actor) -> list[UUID]:
    """Cases of the actor whose key is to change at once, the oldest first."""
    groups = groups_of(actor.account_id)
    rows = (
        select(Case.id)
        .where(Case.rekey_due == Due.NOW, _in_circle(actor, groups))
        .order_by(Case.opened_at, Case.id)
        .limit(AT_ONCE)
    )
    return list(session().scalars(rows))


def keys_to_grant_again(actor: Actor) -> list[tuple[UUID, UUID, int]]:
    """(case, account, key sequence): people of the actor's cases whose renewed key holds nothing.

    Few people ever renew their keys, so they are looked for first.
    """
    newest = (
        select(AccountStatement.account_id, func.max(AccountStatement.seq).label("seq"))
        .where(AccountStatement.seq > 0)
        .group_by(AccountStatement.account_id)
        .subquery()
    )
    granted = select(CaseGrant.case_id).where(
        CaseGrant.case_id == Case.id,
        CaseGrant.generation == Case.generation,
        CaseGrant.holder_id == newest.c.account_id,
        CaseGrant.recipient.like(literal("%@") + cast(newest.c.seq, String)),
    )
    rows = (
        select(Case.id, newest.c.account_id, newest.c.seq)
        .select_from(newest)
        .join(Account, Account.id == newest.c.account_id)
        .join(
            CaseParty,
            and_(CaseParty.holder_id == newest.c.account_id, CaseParty.left_at.is_(None)),
        )
        .join(Case, Case.id == CaseParty.case_id)
        .where(
            Account.certified_at.is_not(None),
            Account.suspended_at.is_(None),
            ~granted.exists(),
            _in_circle(actor, groups_of(actor.account_id)),
        )
        .order_by(Case.settled_at.is_not(None), Case.id, newest.c.account_id)
        .limit(AT_ONCE)
    )
    return [(case_id, account, seq) for case_id, account, seq in session().execute(rows)]


def _in_circle(actor: Actor, groups: set[UUID]) -> ColumnElement[bool]:
    """The cases a person reads, as a condition: in any state, in any role."""
    brought_in = select(CaseParty.case_id).where(
        CaseParty.holder_id.in_(groups | {actor.account_id}),
        CaseParty.left_at.is_(None),
        CaseParty.role.in_(READING),
    )
    return or_(
        Case.opened_by == actor.account_id,
        Case.pool_id.in_(groups),
        Case.care_team_id.in_(groups),
        Case.id.in_(brought_in),
    )
