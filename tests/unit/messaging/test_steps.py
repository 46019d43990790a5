"""The table of steps says what the field says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from messaging.service.steps import (
    MOVES,
    SETTLED,
    WORDS,
    Kind,
    State,
    Step,
    Who,
    find_move,
    open_steps,
)

EVERYBODY = frozenset(Who)


def test_refused_and_cancelled_are_the_end() -> None:
    for state in (State.REFUSED, State.CANCELLED):
        assert open_steps(state, EVERYBODY) == []


def test_every_open_state_can_be_left_by_somebody_waited_for() -> None:
    for state in frozenset(State) - SETTLED:
        assert open_steps(state, frozenset({Who.REQUESTER, Who.POOL, Who.EXPERT}))


def test_every_state_is_reached_from_the_first() -> None:
    reached = {State.SUBMITTED}
    for _ in State:
        reached |= {move.to for move in MOVES.values() if move.state in reached}
    assert reached == set(State)


def test_no_text_takes_a_step_and_every_other_kind_belongs_to_one() -> None:
    kinds = {words.kind for words in WORDS.values()}
    assert kinds == set(Kind) - {Kind.TEXT}


@given(st.sampled_from(State), st.sampled_from(Step), st.frozensets(st.sampled_from(Who)))
def test_what_is_offered_is_what_is_allowed(state: State, step: Step, who: frozenset[Who]) -> None:
    move = find_move(state, step, who)
    assert (move is not None) == (str(step) in open_steps(state, who))
    if not who:
        assert move is None


@given(st.lists(st.tuples(st.sampled_from(Step), st.sampled_from(Who)), max_size=40))
def test_no_walk_leaves_the_table(walk: list[tuple[Step, Who]]) -> None:
    """Whatever is tried in whatever order, an opinion is acknowledged before the case closes."""
    state, seen = State.SUBMITTED, [State.SUBMITTED]
    for step, who in walk:
        move = find_move(state, step, frozenset({who}))
        if move:
            state = move.to
            seen.append(state)
    if State.CLOSED in seen:
        closed = seen.index(State.CLOSED)
        assert seen[closed - 1] is State.ACKNOWLEDGED
        assert State.OPINION_GIVEN in seen[:closed]
