"""Cases travel: who is let in, who is shut out, and under which key it goes on.

Each way is one signed event of the case's key. The server cannot open what is wrapped; it checks
that the event is signed by who sends it, follows the one before, and names exactly those who hold
the key from now on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.transactions import transactional
from auth.actor import Actor
from auth.models import Account
from auth.permissions import Permission
from auth.service.network import current_policy, the_network
from messaging.announced import CircleChanged
from messaging.errors import (
    CaseMoved,
    CaseSettled,
    EventRefused,
    PartyKnown,
    PartyUnknown,
    StepNotAllowed,
    TargetRefused,
)
from messaging.models import Case, CaseEvent, CaseGrant, CaseParty, CasePrevious, Due, Role
from messaging.schemas import MAX_RECIPIENTS, CaseAnswer, EventBody
from messaging.service.access import access_case, parties_of, roles_in, trace_refused_step
from messaging.service.circle import (
    PERSONAL,
    Circle,
    check_recipients,
    enter_circle,
    event_hash,
    hand_over,
    hold_groups,
    put_out,
    require_few,
    store_event,
    store_grants,
)
from messaging.service.facts import case_fact
from messaging.service.showing import show_case
from messaging.service.steps import SILENT, State, Who
from pools.models import Group
from pools.service.standing import sign_keys
from protocol.chain import CaseChain, verify_case_events
from protocol.contexts import parse_recipient
from protocol.errors import ProtocolError
from protocol.statement import (
    Statement,
    parse_payload,
    statement_payload,
    statement_signers,
)
from protocol.statements import CaseEventPayload, read_payload
from trace import Action, record

MOST_PARTIES = 100
"""In one circle at a time; a rotation wraps to each, and to the custodians."""

TRAVELS = frozenset({State.SUBMITTED, State.CLAIMED, State.INFORMATION_REQUESTED, State.ANSWERED})
"""Where a case can go on to another pool: while an opinion is awaited."""

SPEAKING = frozenset(State) - SILENT
ANY_STATE = frozenset(State)

_ASKING = frozenset({Who.REQUESTER, Who.POOL, Who.EXPERT})


@dataclass(frozen=True)
class Rule:
    """Which event a purpose is, who may sign it, and when."""

    event: str
    who: frozenset[Who]
    states: frozenset[State]
    act: Action
    role: Role | None = None
    """What the target becomes."""


RULES: dict[str, Rule] = {
    "forward": Rule("grant", _ASKING, TRAVELS, Action.CASE_FORWARD, Role.POOL),
    "second_opinion": Rule(
        "grant", _ASKING, SPEAKING, Action.CASE_SECOND_OPINION, Role.SECOND_OPINION
    ),
    "named_expert": Rule("grant", _ASKING, SPEAKING, Action.CASE_BRING_IN, Role.EXPERT),
    "doctor": Rule(
        "grant",
        frozenset({Who.REQUESTER, Who.EXPERT}),
        ANY_STATE,
        Action.CASE_BRING_IN,
        Role.DOCTOR,
    ),
    "regrant": Rule("grant", frozenset(Who), ANY_STATE, Action.CASE_REGRANT),
    "rekey": Rule("rotate", frozenset(Who), ANY_STATE, Action.CASE_REKEY),
    "take_off": Rule(
        "rotate", frozenset({Who.REQUESTER, Who.EXPERT}), ANY_STATE, Action.CASE_TAKE_OFF
    ),
}
BECOMES: dict[Role, frozenset[Role]] = {
    Role.POOL: frozenset({Role.FORMER_POOL, Role.SECOND_OPINION, Role.OVERFLOW}),
    Role.SECOND_OPINION: frozenset({Role.FORMER_POOL, Role.OVERFLOW}),
    Role.EXPERT: frozenset({Role.DOCTOR}),
    Role.DOCTOR: frozenset(),
}
"""From which roles somebody of the circle can be asked into another; else they are known."""
STAYING = frozenset({Role.OPENER, Role.CARE_TEAM, Role.POOL})
"""Who cannot be taken off: the case is theirs, or waits for them."""


@transactional
def post_event(actor: Actor, body: EventBody) -> CaseAnswer:
    """Take a signed event and do what it is for; the same event again changes nothing.

    Raises CaseNotFound, StepNotAllowed, CaseSettled, CaseMoved, EventRefused, StaleEpoch,
    PartyKnown, PartyUnknown, TargetRefused, TooManyRecipients.
    """
    require_few(body.grants)
    rule, event = RULES[body.purpose], body.event.model_dump(mode="json")
    held = hold_groups([body.target]) if body.target and _of_group(rule) else {}
    case = access_case(actor, body.case, Permission.CASE_WRITE, lock=True)
    past = _events(case.id)
    if any(known.hash == event_hash(event) for known in past):
        return show_case(actor, case)
    parties = parties_of([case.id])[case.id]
    _require_allowed(actor, case, rule, body, parties)
    chain = _follow(actor, case, [known.statement for known in past], event)
    if chain.payload.event != rule.event:
        raise EventRefused(reason="EventOutOfPlace")
    if set(chain.payload.to) != set(body.grants):
        raise EventRefused(reason="RecipientsWrong")
    _check_previous(rule, body)

    party = next((one for one in parties if one.holder_id == body.target), None)
    left: tuple[UUID, ...] = ()
    if rule.event == "rotate":
        left = _rotate(case, body, party, parties)
    elif rule.role is None:
        _check_regrant(case, body, party)
    else:
        _bring_in(actor, case, body, parties, held)
    store_event(case.id, event, chain, clock.now())
    store_grants(case.id, case.generation, body.grants)
    session().flush()
    record(actor, Action(rule.act), ("case", case.id), case_id=case.id, detail=_detail(body))
    announce_on_commit(
        CircleChanged(
            **case_fact(actor, case),
            purpose=body.purpose,
            holder_id=body.target,
            holder_kind=_kind_of(rule, party),
            left=left,
        )
    )
    return show_case(actor, case)


def _events(case_id: UUID) -> list[CaseEvent]:
    rows = select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.n)
    return list(session().scalars(rows))


def _require_allowed(
    actor: Actor, case: Case, rule: Rule, body: EventBody, parties: Sequence[CaseParty]
) -> None:
    who = roles_in(actor, case, parties=parties)
    if rule.who & who and State(case.state) in rule.states:
        return
    trace_refused_step(actor, case, body.purpose)
    if rule.who & who and rule.states == SPEAKING:
        raise CaseSettled(state=str(case.state))
    raise StepNotAllowed(state=str(case.state), step=body.purpose)


def _follow(
    actor: Actor, case: Case, past: list[dict[str, Any]], event: dict[str, Any]
) -> CaseChain:
    """The chain with its new end: by the actor, with their key of today, after the last event.

    Earlier authors were judged when their events came in, and the actor has just been; so each of
    them counts as a member of every group here.
    """
    own = str(actor.account_id)
    try:
        payload = _payload(event)
        if payload.n <= len(past) - 1:
            raise CaseMoved(n=len(past) - 1)
        before = [_payload(statement) for statement in past]
        authors = {one.by for one in before} | {own}
        keys = sign_keys(UUID(author) for author in authors)
        recipients = (parse_recipient(name) for one in before for name in one.to)
        groups = {one.id: authors for one in recipients if one.kind == "group"}
        chain = verify_case_events([*past, event], keys, groups, net=str(the_network().id))
        signers = statement_signers(event).keys()
    except ProtocolError as error:
        raise EventRefused(reason=type(error).__name__) from error
    if payload.by != own or payload.case != str(case.id):
        raise EventRefused(reason="SubjectChanged")
    if signers != {keys[own][-1]}:
        raise EventRefused(reason="SignerUnknown")
    return chain


def _payload(statement: Statement) -> CaseEventPayload:
    return read_payload(CaseEventPayload, parse_payload(statement_payload(statement)))


def _check_previous(rule: Rule, body: EventBody) -> None:
    """A new key comes with the one before sealed under it, so that the past stays open."""
    if rule.event == "rotate" and body.previous is None:
        raise EventRefused(reason="PreviousMissing")
    if rule.event == "grant" and body.previous is not None:
        raise EventRefused(reason="PreviousUnexpected")


def _rotate(
    case: Case, body: EventBody, party: CaseParty | None, parties: Sequence[CaseParty]
) -> tuple[UUID, ...]:
    """The next key, for everybody but the target, if there is one; the people who left with it."""
    assert body.previous is not None
    leaving = _require_removable(party) if body.target else None
    staying = [one for one in parties if one is not leaving]
    check_recipients(body.grants, Circle.of_parties(staying))
    case.generation += 1
    case.rekey_due = Due.NO
    session().add(CasePrevious(case_id=case.id, generation=case.generation, sealed=body.previous))
    return put_out(case, leaving, staying) if leaving else ()


def _check_regrant(case: Case, body: EventBody, party: CaseParty | None) -> None:
    """The key of today for a person of the circle whose renewed keys do not hold it yet."""
    if party is None or party.left_at is not None or party.kind != "account":
        raise PartyUnknown()
    check_recipients(body.grants, Circle.of([], [party.holder_id], policy=False))
    if all(session().get(CaseGrant, (case.id, case.generation, name)) for name in body.grants):
        raise PartyKnown()


def _require_removable(party: CaseParty | None) -> CaseParty:
    if party is None or party.left_at is not None:
        raise PartyUnknown()
    if party.role in STAYING:
        raise TargetRefused(reason="Staying")
    return party


def _bring_in(
    actor: Actor,
    case: Case,
    body: EventBody,
    parties: Sequence[CaseParty],
    held: dict[UUID, Group],
) -> None:
    """Let the target in, in the role of the purpose, with its key of today and no other."""
    target, role = body.target, RULES[body.purpose].role
    assert target is not None and role is not None
    live = {one.holder_id: one for one in parties if one.left_at is None}
    if target in live and live[target].role not in BECOMES[role]:
        raise PartyKnown()
    if target not in live and len(live) >= _room():
        raise TargetRefused(reason="CircleFull")
    if role in PERSONAL:
        _require_clinician(target)
        check_recipients(body.grants, Circle.of([], [target], policy=False))
        enter_circle(actor, case, target, role)
        return
    pool = _require_open_pool(held.get(target))
    check_recipients(body.grants, Circle.of([target], [], policy=False))
    if role is Role.POOL:
        hand_over(actor, case, pool)
    else:
        enter_circle(actor, case, target, role)


def _room() -> int:
    """How large a circle may become: its next rotation must still name everybody."""
    archive = len(current_policy().payload.custodians)
    return min(MOST_PARTIES, MAX_RECIPIENTS - archive)


def _require_open_pool(pool: Group | None) -> Group:
    if pool is None or pool.kind != "pool" or pool.archived_at is not None:
        raise TargetRefused(reason="PoolClosed")
    return pool


def _require_clinician(account_id: UUID) -> None:
    person = session().get(Account, account_id)
    if (
        person is None
        or person.kind != "clinician"
        or person.certified_at is None
        or person.suspended_at is not None
    ):
        raise TargetRefused(reason="NotCertified")


def _detail(body: EventBody) -> dict[str, Any]:
    detail: dict[str, Any] = {"kind": body.purpose}
    return detail | ({"holder": body.target} if body.target else {})


def _of_group(rule: Rule) -> bool:
    return rule.role is not None and rule.role not in PERSONAL


def _kind_of(rule: Rule, party: CaseParty | None) -> str | None:
    """`group` or `account`: by the role the target takes, else by what it is in the circle."""
    if rule.role is None:
        return party.kind if party else None
    return "group" if _of_group(rule) else "account"
