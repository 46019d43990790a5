"""The inbox: who waits for whom, the most urgent first.

A person is concerned in several ways: they opened the case, their care team did, their pool
received it, they claimed it, they were brought in later. Each way is one `Arm`; all but the last,
of which there are few, are served by one index from its first row, so a page costs the same among
a hundred cases and among a million.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, tuple_, union

from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.models import Account
from auth.service.leave import represented
from auth.service.paging import instant, read_cursor, row_number, write_cursor
from messaging.models import Case, CaseParty, Role, Urgency
from messaging.schemas import CasesAnswer, CasesQuery, Counts
from messaging.service.access import CONSULTED
from messaging.service.showing import show_cases
from messaging.service.steps import SETTLED, State
from pools.models import BELONGS, Group, GroupMember
from trace import Action, record

MOST_COUNTED = 1000
"""Where counting stops: nobody reads more, and the past grows without end."""

Side = Literal["requester", "expert"]

OPEN = frozenset(State) - SETTLED
REQUESTER_BOXES: dict[str, frozenset[State]] = {
    "unclaimed": frozenset(),
    "mine": OPEN,
    "waiting": frozenset({State.INFORMATION_REQUESTED, State.OPINION_GIVEN}),
    "done": SETTLED,
    "all": frozenset(State),
}
EXPERT_BOXES: dict[str, frozenset[State]] = {
    "unclaimed": frozenset({State.SUBMITTED}),
    "mine": frozenset({State.CLAIMED, State.ANSWERED}),
    "waiting": frozenset({State.INFORMATION_REQUESTED, State.OPINION_GIVEN}),
    "done": SETTLED,
    "all": frozenset(State),
}
CONSULTED_BOXES: dict[str, frozenset[State]] = {
    "unclaimed": frozenset(),
    "mine": OPEN,
    "waiting": frozenset(),
    "done": SETTLED,
    "all": frozenset(State),
}
"""Of whoever was brought in later: nothing waits for them alone."""
POOL_BOXES = ("unclaimed", "all")
"""Boxes that hold what concerns the whole pool; the others hold what one expert claimed."""


@dataclass(frozen=True)
class Arm:
    """One way a case concerns the person, and in which states."""

    where: tuple[ColumnElement[bool], ...]
    states: frozenset[State]

    def cases(self, settled: bool) -> Select[UUID]:
        """Their ids, on one side of the line between work and past."""
        where = list(self.where)
        where.append(Case.settled_at.is_not(None) if settled else Case.settled_at.is_(None))
        wanted = self.states & SETTLED if settled else self.states - SETTLED
        if wanted != (SETTLED if settled else OPEN):
            where.append(Case.state.in_(sorted(wanted)))
        return select(Case.id).where(*where)

    def holds(self, settled: bool) -> bool:
        return bool(self.states & SETTLED if settled else self.states - SETTLED)


@transactional
def list_cases(actor: Actor, query: CasesQuery) -> CasesAnswer:
    """A page of one box, with the counts of all. Open cases by urgency then deadline, then the
    past, latest first."""
    teams, pools = _own_groups(actor)
    arms = _arms(actor, teams, pools, query.box, query.role)
    filters = _filters(query)
    found = _page(arms, filters, query)
    page = found[: query.limit]
    record(actor, Action.CASE_LIST, ("case", None), detail={"count": len(page)})
    return CasesAnswer(
        items=show_cases(actor, page, teams | pools),
        next=_cursor(page[-1]) if len(found) > len(page) else None,
        counts=_counts(actor, teams, pools, query.role),
    )


def _own_groups(actor: Actor) -> tuple[set[UUID], set[UUID]]:
    """Care teams and pools of the actor."""
    rows = session().execute(
        select(Group.id, Group.kind)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.account_id == actor.account_id, BELONGS)
    )
    kinds = dict(rows.all())
    teams = {group_id for group_id, kind in kinds.items() if kind == "care_team"}
    return teams, set(kinds) - teams


def _arms(
    actor: Actor, teams: Iterable[UUID], pools: Iterable[UUID], box: str, role: Side | None
) -> list[Arm]:
    me = actor.account_id
    arms: list[Arm] = []
    if role != "expert":
        states = REQUESTER_BOXES[box]
        arms.append(Arm((Case.opened_by == me,), states))
        arms += [Arm((Case.care_team_id == team,), states) for team in teams]
        if CONSULTED_BOXES[box]:
            arms.append(Arm((_brought_in({me}, {Role.DOCTOR}),), CONSULTED_BOXES[box]))
    if role != "requester":
        states = EXPERT_BOXES[box]
        if box in POOL_BOXES:
            arms += [Arm((Case.pool_id == pool, Case.opened_by != me), states) for pool in pools]
            if box == "unclaimed":
                arms += [_left_behind(me, pool) for pool in pools]
        elif pools:
            # Whoever left the pool no longer sees what they claimed there.
            arms.append(Arm((Case.expert_id == me, Case.pool_id.in_(pools)), states))
        if CONSULTED_BOXES[box]:
            arms.append(Arm((_brought_in({me, *pools}, CONSULTED),), CONSULTED_BOXES[box]))
    return [arm for arm in arms if arm.states]


def _left_behind(me: UUID, pool: UUID) -> Arm:
    """What waits for an expert of the pool whom `me` may stand in for: away, or gone."""
    serving = (
        select(GroupMember.account_id)
        .join(Account, Account.id == GroupMember.account_id)
        .where(GroupMember.group_id == pool, BELONGS, Account.suspended_at.is_(None))
    )
    lost = or_(Case.expert_id.not_in(serving), Case.expert_id.in_(represented(me)))
    return Arm((Case.pool_id == pool, Case.opened_by != me, lost), EXPERT_BOXES["mine"])


def _brought_in(holders: set[UUID], roles: frozenset[Role] | set[Role]) -> ColumnElement[bool]:
    """Cases whose circle these joined after the opening: few beside those of their own."""
    return Case.id.in_(
        select(CaseParty.case_id).where(
            CaseParty.holder_id.in_(holders),
            CaseParty.left_at.is_(None),
            CaseParty.role.in_(roles),
        )
    )


def _filters(query: CasesQuery) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if query.pool:
        filters.append(Case.pool_id == query.pool)
    if query.urgency:
        filters.append(Case.urgency == Urgency.of(query.urgency))
    return filters


def _page(arms: list[Arm], filters: list[ColumnElement[bool]], query: CasesQuery) -> list[Case]:
    """One row more than asked, when there is one: first the open side, then the past."""
    wanted = query.limit + 1
    side, key = _read_cursor(query.cursor)
    found: list[Case] = []
    if side == "open":
        found = _side(arms, filters, False, key, wanted)
        key = []
    if len(found) < wanted:
        found += _side(arms, filters, True, key, wanted - len(found))
    return found


def _side(
    arms: list[Arm], filters: list[ColumnElement[bool]], settled: bool, key: list[Any], most: int
) -> list[Case]:
    """The first rows of every arm by its index, then the first of those."""
    order: tuple[ColumnElement[Any], ...]
    place = filters
    if settled:
        order = (Case.settled_at.desc(), Case.id.desc())
        if key:
            place = [*filters, tuple_(Case.settled_at, Case.id) < tuple(key)]
    else:
        order = (Case.urgency.asc(), Case.due_at.asc(), Case.id.asc())
        if key:
            place = [*filters, tuple_(Case.urgency, Case.due_at, Case.id) > tuple(key)]
    ids = _union(
        arm.cases(settled).where(*place).order_by(*order).limit(most)
        for arm in arms
        if arm.holds(settled)
    )
    if ids is None:
        return []
    return list(
        session().scalars(select(Case).where(Case.id.in_(ids)).order_by(*order).limit(most))
    )


def _counts(actor: Actor, teams: set[UUID], pools: set[UUID], role: Side | None) -> Counts:
    """How many cases each box holds, up to MOST_COUNTED, in one query."""
    columns = []
    boxes = ("unclaimed", "mine", "waiting", "done")
    for box in boxes:
        arms = _arms(actor, teams, pools, box, role)
        ids = _union(
            arm.cases(settled).limit(MOST_COUNTED)
            for arm in arms
            for settled in (False, True)
            if arm.holds(settled)
        )
        counted = (
            select(func.count()).select_from(ids.subquery()).scalar_subquery()
            if ids is not None
            else literal(0)
        )
        columns.append(counted.label(box))
    row = session().execute(select(*columns)).one()
    return Counts(**{box: min(count, MOST_COUNTED) for box, count in zip(boxes, row, strict=True)})


def _union(selects: Iterable[Select[UUID]]) -> Select[UUID] | None:
    """All of them without repetition; each keeps its own order and limit in a subquery."""
    parts = [select(part.subquery().c.id) for part in selects]
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    return select(union(*parts).subquery().c.id)


def _cursor(case: Case) -> str:
    if case.settled_at is None:
        return write_cursor("open", case.urgency, case.due_at.isoformat(), case.id)
    return write_cursor("past", 0, case.settled_at.isoformat(), case.id)


def _read_cursor(cursor: str | None) -> tuple[str, list[Any]]:
    if cursor is None:
        return "open", []
    side, urgency, at, case_id = read_cursor(cursor, str, row_number, instant, UUID)
    return ("open", [urgency, at, case_id]) if side == "open" else ("past", [at, case_id])
