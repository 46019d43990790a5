"""Taking a step in the life of a case: by whom, with which words, to which state."""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.errors import Conflict
from app.transactions import transactional
from auth.actor import Actor
from auth.permissions import Permission
from messaging.announced import CaseClaimed, PostedMessage, StepTaken
from messaging.errors import (
    AlreadyClaimed,
    MessageMissing,
    MessageUnexpected,
    StepNotAllowed,
)
from messaging.models import Case, CaseStep, Message, Urgency
from messaging.schemas import MESSAGE_BYTES, StepAnswer, StepBody
from messaging.service.access import (
    access_case,
    has_lost_expert,
    roles_in,
    trace_refused_step,
)
from messaging.service.facts import case_fact, person_name
from messaging.service.freshness import require_fresh_key
from messaging.service.sealed import check_seal, require_current_generation
from messaging.service.showing import show_case
from messaging.service.steps import SETTLED, Move, State, Step, Who, find_move
from messaging.service.thread import insert_message
from pools.models import Group
from trace import Action, record

RECENT_ANSWERS = 50
"""How many answered cases a pool's usual delay is taken from."""


@transactional
def take_step(actor: Actor, body: StepBody) -> StepAnswer:
    """Move a case on, with the words that go with it; the same step again changes nothing.

    The case's row is held meanwhile, so of two experts who claim at once one wins. Raises
    CaseNotFound, StepNotAllowed, AlreadyClaimed, MessageMissing, MessageUnexpected,
    StaleGeneration, StaleEpoch, SealRefused, or Conflict for a used id.
    """
    case = access_case(actor, body.case, Permission.CASE_WRITE, lock=True)
    if taken := session().get(CaseStep, body.id):
        return _taken_before(actor, case, taken, body)
    move = _find_move(actor, case, body)
    _check_words(case, move, body)

    before, former = case.state, case.expert_id
    now = clock.now()
    posted: PostedMessage | None = None
    case.last_activity_at = now
    if body.message:
        case.last_sequence += 1
        posted = insert_message(actor, case.id, body.message, case.last_sequence, now)
    _apply(actor, case, move)
    session().add(
        CaseStep(
            id=body.id,
            case_id=case.id,
            step=body.step,
            actor_id=actor.account_id,
            message_id=posted.message_id if posted else None,
            state=case.state,
            taken_at=now,
        )
    )
    session().flush()
    detail: dict[str, str | int] = {"from_state": str(before), "to_state": str(case.state)}
    if posted:
        detail |= {"kind": posted.kind, "sequence": posted.sequence}
    if body.release_reason:
        detail["reason"] = body.release_reason
    record(actor, Action(f"case:{body.step}"), ("case", case.id), case_id=case.id, detail=detail)
    _announce(actor, case, body, posted, former)
    return StepAnswer(
        state=case.state,
        sequence=posted.sequence if posted else None,
        case=show_case(actor, case),
    )


def _announce(
    actor: Actor,
    case: Case,
    body: StepBody,
    posted: PostedMessage | None,
    former_expert: UUID | None,
) -> None:
    if body.step is Step.CLAIM:
        announce_on_commit(CaseClaimed(**case_fact(actor, case)))
        return
    announce_on_commit(
        StepTaken(
            **case_fact(actor, case),
            step=str(body.step),
            step_id=body.id,
            posted=posted,
            former_expert_id=former_expert if former_expert != case.expert_id else None,
        )
    )


def _taken_before(actor: Actor, case: Case, taken: CaseStep, body: StepBody) -> StepAnswer:
    message_id = body.message.id if body.message else None
    same = (taken.case_id, taken.actor_id, taken.step, taken.message_id)
    if same != (case.id, actor.account_id, body.step, message_id):
        raise Conflict()
    message = session().get(Message, taken.message_id) if taken.message_id else None
    return StepAnswer(
        state=taken.state,
        sequence=message.sequence if message else None,
        case=show_case(actor, case),
    )


def _find_move(actor: Actor, case: Case, body: StepBody) -> Move:
    who = roles_in(actor, case)
    move = find_move(case.state, body.step, who)
    if move:
        return move
    trace_refused_step(actor, case, str(body.step))
    beaten = body.step is Step.CLAIM and Who.POOL in who and case.state not in SETTLED
    if beaten and case.expert_id and case.expert_id != actor.account_id:
        raise AlreadyClaimed({"id": str(case.expert_id), "name": person_name(case.expert_id) or ""})
    raise StepNotAllowed(state=str(case.state), step=str(body.step))


def _check_words(case: Case, move: Move, body: StepBody) -> None:
    words, message = move.words, body.message
    if message is None:
        if words and words.required:
            raise MessageMissing(kind=str(words.kind))
        return
    if words is None or message.kind is not words.kind:
        raise MessageUnexpected(kind=str(message.kind))
    check_seal(message.sealed, MESSAGE_BYTES)
    require_current_generation(case.generation, message.generation)
    require_fresh_key(case.id, case.generation, case.rekey_due, case.settled_at is not None)
    if session().get(Message, message.id):
        raise Conflict()


def _apply(actor: Actor, case: Case, move: Move) -> None:
    """What a step changes beside the words."""
    if move.step is Step.GIVE_SECOND_OPINION:
        return  # the case stays where it is, and in whose hands it is
    now = clock.now()
    case.state = move.to
    case.settled_at = now if move.to in SETTLED else None
    case.closed_at = now if move.to in (State.CLOSED, State.REFUSED, State.CANCELLED) else None
    match move.step:
        case Step.CLAIM | Step.TAKE_OVER:
            case.expert_id, case.claimed_at = actor.account_id, now
        case Step.RELEASE:
            case.expert_id, case.claimed_at = None, None
        case Step.REFUSE:
            case.expert_id = actor.account_id
        case Step.GIVE_OPINION:
            case.answered_at = case.answered_at or now
            _note_delay(case)
        case Step.ASK_AGAIN:
            if has_lost_expert(case):
                case.state, case.expert_id, case.claimed_at = State.SUBMITTED, None, None
            pool = session().get_one(Group, case.pool_id)
            case.due_at = now + timedelta(minutes=pool.deadline(Urgency(case.urgency).word))


def _note_delay(case: Case) -> None:
    """Keep the pool's usual delay, shown to whoever chooses it: the median of recent answers."""
    session().flush()
    answered = session().execute(
        select(Case.opened_at, Case.answered_at)
        .where(Case.pool_id == case.pool_id, Case.answered_at.is_not(None))
        .order_by(Case.answered_at.desc())
        .limit(RECENT_ANSWERS)
    )
    minutes = [
        (answered_at - opened_at).total_seconds() / 60
        for opened_at, answered_at in answered
        if answered_at is not None
    ]
    # Only shown, so never waited for: whoever changes the group's key holds its row and then waits
    # for this case.
    pool = session().scalar(
        select(Group).where(Group.id == case.pool_id).with_for_update(skip_locked=True)
    )
    if pool is not None:
        pool.median_answer_minutes = round(median(minutes))
