"""Passing a case on to the next pool that was prepared at its opening: no client need be online."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import and_, select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.errors import Conflict
from app.transactions import transactional
from auth.actor import Actor
from auth.permissions import Permission
from messaging.announced import CircleChanged
from messaging.errors import CaseMoved, CaseNotFound, NoOverflow, StepNotAllowed
from messaging.models import Case, CaseParty, CaseStep, Role
from messaging.schemas import Named, OverflowAnswer, OverflowBody
from messaging.service.access import access_case, roles_in, trace_refused_step
from messaging.service.circle import hand_over, hold_groups
from messaging.service.facts import case_fact
from messaging.service.steps import State, Who
from messaging.service.travelling import TRAVELS
from pools.models import Group
from trace import Action, record, record_refusal

STEP = "overflow"


@transactional
def pass_on(actor: Actor, body: OverflowBody) -> OverflowAnswer:
    """A member of the present pool, or an administrator, sends a case on; once per id.

    Raises CaseNotFound, StepNotAllowed, NoOverflow, CaseMoved when another was faster.
    """
    following = hold_groups(_following(body.case)[:1])
    case = _access(actor, body.case)
    if done := session().get(CaseStep, body.id):
        if (done.case_id, done.actor_id, done.step) != (case.id, actor.account_id, STEP):
            raise Conflict()
        return _answer(case)
    if not actor.may(Permission.CASE_PASS_ON) and Who.POOL not in roles_in(actor, case):
        _refuse(actor, case)
    overflow_case(actor, case, following)
    session().add(
        CaseStep(
            id=body.id,
            case_id=case.id,
            step=STEP,
            actor_id=actor.account_id,
            message_id=None,
            state=case.state,
            taken_at=clock.now(),
        )
    )
    return _answer(case)


def overflow_case(actor: Actor, case: Case, held: dict[UUID, Group]) -> None:
    """Let the next overflow pool read a case and have it, inside a transaction.

    The caller holds first the pool (`hold_groups`), then the case's row. Raises StepNotAllowed,
    NoOverflow, CaseMoved when the next pool is not the one held.
    """
    if State(case.state) not in TRAVELS:
        _refuse(actor, case)
    following = _following(case.id)
    if not following:
        raise NoOverflow()
    pool = held.get(following[0])
    if pool is None:
        raise CaseMoved()
    hand_over(actor, case, pool)
    session().flush()
    record(
        actor, Action.CASE_OVERFLOW, ("case", case.id), case_id=case.id, detail={"holder": pool.id}
    )
    announce_on_commit(
        CircleChanged(
            **case_fact(actor, case), purpose=STEP, holder_id=pool.id, holder_kind="group"
        )
    )


def _following(case_id: UUID) -> list[UUID]:
    """The pools that hold the key and wait, in the order declared at the opening."""
    waiting = and_(
        CaseParty.case_id == case_id,
        CaseParty.role == Role.OVERFLOW,
        CaseParty.left_at.is_(None),
        Group.archived_at.is_(None),
    )
    return list(
        session().scalars(
            select(CaseParty.holder_id)
            .join(Group, Group.id == CaseParty.holder_id)
            .where(waiting)
            .order_by(CaseParty.place)
        )
    )


def _access(actor: Actor, case_id: UUID) -> Case:
    """By its circle, or by the office of an administrator, who learns nothing of it here."""
    if not actor.may(Permission.CASE_PASS_ON):
        return access_case(actor, case_id, Permission.CASE_WRITE, lock=True)
    case = session().get(Case, case_id, with_for_update=True)
    if case is None:
        record_refusal(actor, Action.CASE_DENY, ("case", case_id))
        raise CaseNotFound()
    return case


def _refuse(actor: Actor, case: Case) -> None:
    trace_refused_step(actor, case, STEP)
    raise StepNotAllowed(state=str(case.state), step=STEP)


def _answer(case: Case) -> OverflowAnswer:
    pool = session().get_one(Group, case.pool_id)
    return OverflowAnswer(
        state=case.state, pool=Named(id=pool.id, name=pool.name), due_at=case.due_at
    )
