"""The life of a case as one table: from which state, by whom, with which words, to which state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    SUBMITTED = "submitted"
    CLAIMED = "claimed"
    INFORMATION_REQUESTED = "information_requested"
    ANSWERED = "answered"
    OPINION_GIVEN = "opinion_given"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


SETTLED = frozenset({State.ACKNOWLEDGED, State.CLOSED, State.REFUSED, State.CANCELLED})
"""Nobody is waited for any more."""

SILENT = frozenset({State.CLOSED, State.REFUSED, State.CANCELLED})
"""No text is added any more: a closed case speaks again by a new question."""


class Step(StrEnum):
    CLAIM = "claim"
    RELEASE = "release"
    REQUEST_INFORMATION = "request_information"
    ANSWER_INFORMATION = "answer_information"
    GIVE_OPINION = "give_opinion"
    AMEND_OPINION = "amend_opinion"
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"
    REFUSE = "refuse"
    CANCEL = "cancel"
    ASK_AGAIN = "ask_again"
    GIVE_SECOND_OPINION = "give_second_opinion"
    TAKE_OVER = "take_over"


class Kind(StrEnum):
    """What a message is, readable from outside: the sealed statement says the same."""

    TEXT = "text"
    OPINION = "opinion"
    INFORMATION_REQUEST = "information_request"
    INFORMATION_ANSWER = "information_answer"
    REFUSAL = "refusal"
    CANCELLATION = "cancellation"
    QUESTION = "question"


class Who(StrEnum):
    """Where a person stands in a case; one person can stand in several places."""

    REQUESTER = "requester"
    """The opener and the care team."""
    POOL = "pool"
    """A member of the pool who did not open the case."""
    EXPERT = "expert"
    """The one who claimed it."""
    DELEGATE = "delegate"
    """A member of the pool who stands in for the expert: their delegate while they are on leave,
    anybody once they left the pool or are suspended."""
    CONSULTED = "consulted"
    """Asked besides: a second pool, an expert by name, or the pool that had the case before."""
    READER = "reader"
    """The patient's own doctor."""


@dataclass(frozen=True)
class Words:
    """The message a step carries."""

    kind: Kind
    required: bool = True


WORDS: dict[Step, Words] = {
    Step.REQUEST_INFORMATION: Words(Kind.INFORMATION_REQUEST),
    Step.ANSWER_INFORMATION: Words(Kind.INFORMATION_ANSWER),
    Step.GIVE_OPINION: Words(Kind.OPINION),
    Step.AMEND_OPINION: Words(Kind.OPINION),
    Step.REFUSE: Words(Kind.REFUSAL),
    Step.ASK_AGAIN: Words(Kind.QUESTION),
    Step.CANCEL: Words(Kind.CANCELLATION, required=False),
    Step.GIVE_SECOND_OPINION: Words(Kind.OPINION),
}


@dataclass(frozen=True)
class Move:
    state: State
    step: Step
    who: frozenset[Who]
    to: State

    @property
    def words(self) -> Words | None:
        return WORDS.get(self.step)


def _moves(rows: list[tuple[str, str, str, str]]) -> dict[tuple[State, Step], Move]:
    return {
        (State(state), Step(step)): Move(
            State(state), Step(step), frozenset(map(Who, who.split())), State(to)
        )
        for state, step, who, to in rows
    }


MOVES = _moves(
    [
        # state, step, who, next state
        ("submitted", "claim", "pool", "claimed"),
        ("submitted", "refuse", "pool", "refused"),
        ("submitted", "cancel", "requester", "cancelled"),
        ("claimed", "release", "expert", "submitted"),
        ("claimed", "request_information", "expert", "information_requested"),
        ("claimed", "give_opinion", "expert", "opinion_given"),
        ("claimed", "refuse", "expert", "refused"),
        ("claimed", "cancel", "requester", "cancelled"),
        ("information_requested", "answer_information", "requester", "answered"),
        ("information_requested", "give_opinion", "expert", "opinion_given"),
        ("information_requested", "release", "expert", "submitted"),
        ("information_requested", "refuse", "expert", "refused"),
        ("information_requested", "cancel", "requester", "cancelled"),
        ("answered", "request_information", "expert", "information_requested"),
        ("answered", "give_opinion", "expert", "opinion_given"),
        ("answered", "release", "expert", "submitted"),
        ("answered", "refuse", "expert", "refused"),
        ("answered", "cancel", "requester", "cancelled"),
        ("opinion_given", "acknowledge", "requester", "acknowledged"),
        ("opinion_given", "amend_opinion", "expert", "opinion_given"),
        ("opinion_given", "ask_again", "requester", "claimed"),
        ("acknowledged", "close", "requester expert", "closed"),
        ("acknowledged", "amend_opinion", "expert", "opinion_given"),
        ("acknowledged", "ask_again", "requester", "claimed"),
        ("closed", "amend_opinion", "expert", "opinion_given"),
        ("closed", "ask_again", "requester", "claimed"),
        *(
            (state, "give_second_opinion", "consulted", state)
            for state in (
                "claimed",
                "information_requested",
                "answered",
                "opinion_given",
                "acknowledged",
            )
        ),
        *(
            (state, "take_over", "delegate", state)
            for state in ("claimed", "information_requested", "answered", "opinion_given")
        ),
    ]
)


def find_move(state: str, step: Step, who: frozenset[Who]) -> Move | None:
    """The move that `step` makes from `state` for a person standing in `who`; None if none."""
    move = MOVES.get((State(state), step))
    return move if move and move.who & who else None


def open_steps(state: str, who: frozenset[Who]) -> list[str]:
    """The steps such a person can take now, in the order of the table."""
    return [str(move.step) for move in MOVES.values() if move.state == state and move.who & who]
