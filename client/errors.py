"""What can go wrong for a user of this room, one class per fact.

Three families: ``Refused`` (the server said no and why), ``NetworkDown`` (nothing was heard), and
``BrokenSeal`` (what was heard cannot be believed). A broken seal is never hidden: whoever shows a
case shows it, and blocks what depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from protocol.errors import ProtocolError


class CordeeError(Exception):
    """Anything this room raises on purpose."""


class NetworkDown(CordeeError):
    """The server could not be reached, or the line broke more often than we retry."""


class NotUnlocked(CordeeError):
    """The keys are not here: sign in first."""


class ClientTooOld(CordeeError):
    """The network's policy asks for a newer client: update before going on."""


class Refused(CordeeError):
    """The server refused (RFC 9457). ``detail`` is a sentence for the person, already translated.

    ``code`` is stable and for programs; ``extra`` holds the other members of the problem document.
    """

    CODES: ClassVar[dict[str, type[Refused]]] = {}

    def __init__(self, code: str, status: int, detail: str, extra: dict[str, Any]) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.status = status
        self.detail = detail
        self.extra = extra

    def __init_subclass__(cls, code: str) -> None:
        super().__init_subclass__()
        Refused.CODES[code] = cls

    @classmethod
    def of(cls, problem: dict[str, Any], status: int) -> Refused:
        """The most precise class for a problem document."""
        code = str(problem.get("code", "refused"))
        extra = {
            name: value
            for name, value in problem.items()
            if name not in ("type", "title", "status", "code", "detail")
        }
        kind = cls.CODES.get(code, Refused)
        return kind(code, status, str(problem.get("detail", "")), extra)


class NotSignedIn(Refused, code="not_signed_in"):
    """There is no session, or it ended."""


class SignInFailed(Refused, code="sign_in_failed"):
    """Address, password or code is wrong; the server does not say which."""


class NotCertified(Refused, code="not_certified"):
    """The account waits for an administrator's certification."""


class RateLimited(Refused, code="rate_limited"):
    """Too many attempts; ``retry_after`` seconds to wait."""

    @property
    def retry_after(self) -> int:
        return int(self.extra.get("retry_after", 30))


class CaseNotFound(Refused, code="case_not_found"):
    """No such case, or not one for this person: both look alike."""


class StaleEpoch(Refused, code="stale_epoch"):
    """A group's key changed since it was read, or since the case's key was wrapped to it."""


class StaleGeneration(Refused, code="stale_generation"):
    """The case's key changed since it was read."""


class AlreadyClaimed(Refused, code="already_claimed"):
    """Another expert was faster; ``expert`` says who."""

    @property
    def expert(self) -> dict[str, str]:
        return dict(self.extra.get("expert") or {})


class StepNotAllowed(Refused, code="step_not_allowed"):
    """The case is not in a state, or the person not in a place, for this step."""


class Conflict(Refused, code="conflict"):
    """The identifier was already used for something else."""


class GroupMoved(Refused, code="group_moved"):
    """Another manager signed a statement of this group meanwhile."""


class CaseMoved(Refused, code="case_moved"):
    """Somebody else signed an event of this case meanwhile; ``extra["n"]`` is the last one's."""


class EventRefused(Refused, code="event_refused"):
    """The server finds a signed event wrong: recipients, order, place or signature."""


class PartyKnown(Refused, code="party_known"):
    """Whom one wanted to bring in reads the case already."""


class PartyUnknown(Refused, code="party_unknown"):
    """Whom one wanted to take off has no part in the case."""


class TargetRefused(Refused, code="target_refused"):
    """This pool or person cannot be brought in, or cannot be taken off."""


class KeyPending(CordeeError):
    """One belongs, but nobody has handed over the key yet: it comes as soon as somebody of the
    circle is online. Said by the server alone, so a server may also lie by waiting forever."""


class StillOutdated(CordeeError):
    """Others kept changing the case's key or circle while we tried; nothing was lost: repeat."""


# What was heard cannot be believed

SubjectKind = Literal["message", "case", "group", "account", "policy", "log", "attachment"]


@dataclass(frozen=True)
class About:
    """What a broken seal concerns: enough to name it to the person and to report it."""

    kind: SubjectKind
    id: str
    case: str | None = None
    name: str = ""
    """How people know it: a person's or group's signed name, a message's number."""


class BrokenSeal(CordeeError):
    """Something received is not what its author sealed or signed. The text says what.

    The text is for whoever looks into it; ``client.verdicts.sentence`` has the one for the person.
    """

    def __init__(self, text: str, about: About | None = None) -> None:
        super().__init__(text)
        self.about = about
        self.reported = False


class PolicyNotTrusted(BrokenSeal):
    """The network's policy is not signed by the root pinned on this device, or went backwards."""


class PersonNotTrusted(BrokenSeal):
    """A person's keys are not certified by a registrar of this network."""


class GroupNotTrusted(BrokenSeal):
    """A pool's or care team's statements do not follow from a registrar and its managers."""


class GroupKeyPlanted(BrokenSeal):
    """The group secret received does not give the key its statement names."""


class GrantBroken(BrokenSeal):
    """A wrapped key was not made for this person and this place."""


class NoGrant(BrokenSeal):
    """The server gave no grant of this case that this person could open."""


class CaseEventsBroken(BrokenSeal):
    """The signed life of the case is not continuous, or written by somebody outside it."""


class CaseKeyPlanted(BrokenSeal):
    """The case key received is not the one its opener committed to."""


class HeaderBroken(BrokenSeal):
    """The sealed header does not open, or its author did not sign it for this case."""


class CircleFalsified(BrokenSeal):
    """The server shows other readers of a case than its signed events name."""


class RotatedByOutsider(CaseEventsBroken):
    """The key of a case was changed by somebody who has no part in the circle it is now for."""


class RemovalNotDue(BrokenSeal):
    """The server asks for a removal that no signed end date calls for."""


class MessageBroken(BrokenSeal):
    """A message does not open, or its author did not sign it."""


class MessageMisplaced(BrokenSeal):
    """A message was signed for another place, author or kind than the server shows it at."""


class MessageReplayed(BrokenSeal):
    """The server shows one message at two places."""


class MessageMissing(BrokenSeal):
    """The author had seen a message that the server no longer shows."""


class AttachmentBroken(BrokenSeal):
    """A file's bytes are not those its author sealed: changed, cut, swapped or moved."""


class OwnKeysBroken(BrokenSeal):
    """The keys kept for this account do not open, or are not those its statement names."""


class KdfDowngraded(BrokenSeal):
    """The server proposes password parameters that would ease guessing. Nothing was sent."""


class LogRefused(BrokenSeal):
    """The key log, or what it says of somebody, cannot be believed."""


class CheckpointForged(LogRefused):
    """The log's state is not signed by its key, or a witness's signature on it is false."""


class WitnessMissing(LogRefused):
    """Fewer witnesses than the policy asks for have seen the log grow."""


class LogRolledBack(LogRefused):
    """The log shows less than it did before, here or to a colleague."""


class LogForked(LogRefused):
    """The log shows another past here than before, or than to a colleague."""


class NotInLog(LogRefused):
    """A statement is not in the log, or the log holds another in its place."""


class StatementWithheld(LogRefused):
    """The log knows a later statement than the one the server shows."""


@contextmanager
def broken_as(kind: type[BrokenSeal], what: str, about: About | None = None) -> Iterator[None]:
    """Name a protocol refusal by its consequence: ``GrantBroken: key of case …: WrapBroken``."""
    try:
        yield
    except ProtocolError as error:
        raise kind(f"{what}: {type(error).__name__}: {error}", about) from error
