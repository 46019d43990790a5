"""The next link of a group's chain: whose signature it bears, and what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from app import clock
from app.db import session
from auth.actor import Actor
from auth.models import AccountStatement
from auth.service.network import current_policy
from pools.errors import (
    GrantRefused,
    GroupMoved,
    NotGroupManager,
    OverflowRefused,
    StatementRefused,
)
from pools.models import Group, GroupManager, GroupMember, GroupOverflow, GroupStatement
from pools.schemas import Grant
from pools.service.grants import check_grants, refused_before, store_grant
from pools.service.roll import Place, managers_of, members_of, roll_of
from pools.service.standing import require_certified, sign_keys
from protocol import LogKind
from protocol.chain import Group as VerifiedGroup
from protocol.chain import verify_group_chain
from protocol.errors import ManagerUnknown, ProtocolError, RegistrarUnknown, SequenceBroken
from protocol.statement import Statement, statement_hash, statement_signers
from trace import Action, record_refusal
from trace.keylog import append_leaf


def verify_link(
    actor: Actor, group_id: UUID, chain: list[Statement], group: Group | None = None
) -> VerifiedGroup:
    """Follow the chain with its new end, which the actor must have signed with their key of today:
    the ones before were replaced because others may hold them."""
    own = sign_keys([actor.account_id]).get(str(actor.account_id), ())
    try:
        if not statement_signers(chain[-1]).keys() & set(own[-1:]):
            raise ManagerUnknown("not signed by who sends it, with their key of today")
        verified = verify_group_chain(
            chain, current_policy(), _managers_keys(chain), former_registrars=len(chain) > 1
        )
    except (ManagerUnknown, RegistrarUnknown) as error:
        record_refusal(actor, Action.GROUP_DENY, ("group", group_id))
        raise NotGroupManager() from error
    except ProtocolError as error:
        if group is not None and isinstance(error, SequenceBroken):
            raise GroupMoved(seq=group.seq) from error
        raise StatementRefused(reason=type(error).__name__) from error
    if verified.payload.group != str(group_id):
        raise StatementRefused(reason="SubjectChanged")
    return verified


def _managers_keys(chain: list[Statement]) -> dict[str, tuple[bytes, ...]]:
    """Keys of everybody the chain has signers for, whatever it says: the verifier judges."""
    signers = {key for statement in chain for key in statement_signers(statement)}
    owners = session().scalars(
        select(AccountStatement.account_id).where(AccountStatement.sign_key.in_(signers))
    )
    return sign_keys(set(owners))


def append_link(
    actor: Actor,
    group: Group,
    verified: VerifiedGroup,
    statement: dict[str, Any],
    grants: Mapping[UUID, Grant],
) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """Write the link, the roll and the keys it comes with; who joined and who left."""
    payload, now = verified.payload, clock.now()
    stated = {UUID(member): _end(payload.until.get(member)) for member in payload.members}
    managers = {UUID(manager) for manager in payload.managers}
    roll, managing = roll_of(group.id), managers_of(group.id)
    require_certified((stated.keys() - roll.keys()) | managers - managing)
    check_grants(grants, set(stated))
    if payload.epoch > group.epoch and stated and not grants:
        raise GrantRefused(reason="nobody_could_open")

    group.seq, group.epoch = payload.seq, payload.epoch
    session().add(
        GroupStatement(
            group_id=group.id,
            seq=payload.seq,
            epoch=payload.epoch,
            statement=statement,
            hash=verified.hash,
            received_at=now,
        )
    )
    _write_roll(group.id, roll, stated, now)
    _write_overflow(group.id, [UUID(pool) for pool in payload.overflow])
    session().execute(delete(GroupManager).where(GroupManager.group_id == group.id))
    session().execute(
        insert(GroupManager), [{"group_id": group.id, "account_id": one} for one in managers]
    )
    for account_id, grant in grants.items():
        if not refused_before(actor, group, account_id, grant):
            store_grant(actor, group, account_id, grant)
    append_leaf(LogKind.GROUP, group.id, payload.seq, verified.hash)
    known = {who for who, place in roll.items() if not place.departed}
    return tuple(sorted(members_of(group.id) - known)), tuple(sorted(known - stated.keys()))


def _write_overflow(group_id: UUID, pools: list[UUID]) -> None:
    """Keep which pools take over, as the statement says. Raises OverflowRefused for a new one that
    is no open pool; one that was archived since it was named may stay in the chain.

    A circle is no harm: a case is passed on only to pools it was wrapped to when it was opened.
    """
    rows = GroupOverflow.group_id == group_id
    order = GroupOverflow.place
    before = list(session().scalars(select(GroupOverflow.overflow_id).where(rows).order_by(order)))
    if pools == before:
        return
    new = set(pools) - set(before)
    open_pools = select(func.count()).where(
        Group.id.in_(new), Group.kind == "pool", Group.archived_at.is_(None)
    )
    if session().scalar(open_pools) != len(new):
        raise OverflowRefused()
    session().execute(delete(GroupOverflow).where(rows))
    if pools:
        session().execute(
            insert(GroupOverflow),
            [
                {"group_id": group_id, "place": place, "overflow_id": pool}
                for place, pool in enumerate(pools)
            ],
        )


def _write_roll(
    group_id: UUID,
    before: Mapping[UUID, Place],
    stated: Mapping[UUID, datetime | None],
    now: datetime,
) -> None:
    """Make the roll what the statement says. A new end date begins a stay that is not over."""
    rows = GroupMember.group_id == group_id
    if gone := before.keys() - stated.keys():
        session().execute(delete(GroupMember).where(rows, GroupMember.account_id.in_(gone)))
    for who in before.keys() & stated.keys():
        if before[who].until != stated[who]:
            session().execute(
                update(GroupMember)
                .where(rows, GroupMember.account_id == who)
                .values(until=stated[who], departed_at=None)
            )
    new = [
        {"group_id": group_id, "account_id": who, "joined_at": now, "until": stated[who]}
        for who in stated.keys() - before.keys()
    ]
    if new:
        session().execute(insert(GroupMember), new)


def _end(until: str | None) -> datetime | None:
    return datetime.fromisoformat(until) if until else None


def link_hash(statement: Statement) -> bytes:
    """Hash of a statement from outside. Raises StatementRefused when it is none."""
    try:
        return statement_hash(statement)
    except ProtocolError as error:
        raise StatementRefused(reason=type(error).__name__) from error
