"""What can be refused about a case. Each name states the fact."""

from __future__ import annotations

from app.errors import DomainError


class CaseNotFound(DomainError):
    """Missing or forbidden: an outsider cannot tell which."""

    code = "case_not_found"
    status = 404
    message = "This case does not exist or is not shared with you."


class StaleEpoch(DomainError):
    """The case key is wrapped to keys of before: `groups` and `accounts` say what is current.

    At an opening `group` and `epoch` name the first of them as well.
    """

    code = "stale_epoch"
    status = 409
    message = "The group has changed since. The case is sealed again and sent."


class StaleGeneration(DomainError):
    """Sealed under a key the case has left behind; `generation` is the current one."""

    code = "stale_generation"
    status = 409
    message = "The case has changed since. Your message is sealed again and sent."


class CaseMoved(DomainError):
    """Somebody else's event came first; `n` is the last one now."""

    code = "case_moved"
    status = 409
    message = "Somebody else has just changed who reads this case. Look at it again."


class PartyKnown(DomainError):
    """Whoever is brought in reads the case already."""

    code = "party_known"
    status = 409
    message = "They can already read this case."


class PartyUnknown(DomainError):
    """Whoever is taken off, or given the key again, is not in the circle."""

    code = "party_unknown"
    status = 409
    message = "They do not read this case. Look at it again."


class TargetRefused(DomainError):
    """This pool or person cannot be brought in, or not be taken off; `reason` names why."""

    code = "target_refused"
    status = 422
    message = "This cannot be done with this pool or person. Choose another."


class NoOverflow(DomainError):
    """Every overflow pool of the case has had it already, or none was declared."""

    code = "no_overflow"
    status = 409
    message = "No other pool was prepared for this case. Forward it to a pool of your choice."


class PoolClosed(DomainError):
    code = "pool_closed"
    status = 409
    message = "This pool no longer takes cases. Choose another one."


class CareTeamNotYours(DomainError):
    code = "care_team_not_yours"
    status = 422
    message = "You do not belong to this care team. Choose one of yours."


class EventRefused(DomainError):
    """The signed opening is not what its place demands; `reason` names why."""

    code = "event_refused"
    status = 422
    message = "The signature of the case was refused. Reload the page and send again."


class TooManyRecipients(DomainError):
    """A key goes to `limit` at most."""

    code = "too_many_recipients"
    status = 422
    message = "Too many groups and people would read this case. Take some off, then try again."


class SealRefused(DomainError):
    """A blob is no sealed message, or too large to be one."""

    code = "seal_refused"
    status = 422
    message = "The sealed content was not accepted. Reload the page and send again."


class StepNotAllowed(DomainError):
    """`step` cannot be taken in `state`, or not by this person."""

    code = "step_not_allowed"
    status = 409
    message = "This cannot be done at this point of the case. Look at it again."


class AlreadyClaimed(DomainError):
    """Another expert was faster; `expert` says who."""

    code = "already_claimed"
    status = 409
    message = "%(name)s has just taken this case."

    def __init__(self, expert: dict[str, str]) -> None:
        super().__init__(expert=expert)

    def detail(self) -> str:
        from app.wording import translate

        return translate(self.message, name=self.extra["expert"]["name"])


class MessageMissing(DomainError):
    """This step is words; `kind` says of which kind."""

    code = "message_missing"
    status = 422
    message = "Write a message with this step."


class MessageUnexpected(DomainError):
    """The message is not of the kind that goes with this step."""

    code = "message_unexpected"
    status = 422
    message = "This message does not belong to this step."


class CaseSettled(DomainError):
    """No more words in a case that is over."""

    code = "case_settled"
    status = 409
    message = "This case is over. Ask a new question, or open another case."
