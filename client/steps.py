"""The steps of a case, from claim to closure. Words that go with a step are sealed like any other.

Which step is possible when, and for whom, is the server's rule; ``Case.facts["steps"]`` names those
open to oneself now. Every step has an id chosen here: repeating it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import uuid4

from client.thread import Sealed, Thread
from client.transport import Transport
from client.verdicts import Reporting

ReleaseReason = Literal["busy", "not_my_field", "absent", "other"]


class Steps(Reporting):
    """Each method gives the server's answer: ``state``, ``sequence`` and the case's facts."""

    def __init__(self, transport: Transport, thread: Thread) -> None:
        self._transport = transport
        self._thread = thread

    def claim(self, case: str) -> dict[str, Any]:
        """Take a case of one's pool. Raises ``AlreadyClaimed`` naming who was faster."""
        return self._take(case, "claim")

    def release(self, case: str, reason: ReleaseReason | None = None) -> dict[str, Any]:
        """Give a claimed case back to the pool; the reason is in clear, so one of few words."""
        return self._take(case, "release", release_reason=reason)

    def refuse(self, case: str, reason: str) -> dict[str, Any]:
        """Decline the request, with the reason the requester reads."""
        return self._take(case, "refuse", "refusal", {"text": reason})

    def request_information(self, case: str, question: str) -> dict[str, Any]:
        """Ask the requester for what is lacking."""
        return self._take(case, "request_information", "information_request", {"text": question})

    def answer_information(
        self, case: str, answer: str, reply_to: str | None = None
    ) -> dict[str, Any]:
        """Answer what the expert asked."""
        body = {"text": answer, **({"reply_to": reply_to} if reply_to else {})}
        return self._take(case, "answer_information", "information_answer", body)

    def give_opinion(
        self,
        case: str,
        conclusion: str,
        recommendations: str = "",
        follow_up: str = "",
        incidents: str = "",
    ) -> dict[str, Any]:
        """Sign the opinion: conclusion, recommended acts, follow-up, technical incidents."""
        body = _opinion(conclusion, recommendations, follow_up, incidents, 1)
        return self._take(case, "give_opinion", "opinion", body)

    def give_second_opinion(
        self,
        case: str,
        conclusion: str,
        recommendations: str = "",
        follow_up: str = "",
        incidents: str = "",
    ) -> dict[str, Any]:
        """Sign an opinion as one who was asked beside the pool; the state of the case stays."""
        body = _opinion(conclusion, recommendations, follow_up, incidents, 1)
        return self._take(case, "give_second_opinion", "opinion", body)

    def amend_opinion(
        self,
        case: str,
        conclusion: str,
        recommendations: str = "",
        follow_up: str = "",
        incidents: str = "",
    ) -> dict[str, Any]:
        """Sign a new version of one's opinion; the old one stays readable."""
        versions = [
            message
            for message in self._thread.read(case)
            if message.kind == "opinion" and message.author.id == self._thread.me
        ]
        if not versions:
            raise LookupError("there is no opinion to amend")
        last = versions[-1]
        body = _opinion(
            conclusion, recommendations, follow_up, incidents, int(last.body["version"]) + 1
        )
        body |= {"amends": last.id, "status": "amended"}
        return self._take(case, "amend_opinion", "opinion", body)

    def take_over(self, case: str) -> dict[str, Any]:
        """Take over a case from an expert who named one as delegate and is on leave, or is gone."""
        return self._take(case, "take_over")

    def acknowledge(self, case: str) -> dict[str, Any]:
        """Say that one has read the opinion."""
        return self._take(case, "acknowledge")

    def close(self, case: str) -> dict[str, Any]:
        """End an acknowledged case."""
        return self._take(case, "close")

    def cancel(self, case: str, reason: str | None = None) -> dict[str, Any]:
        """Withdraw the request."""
        if reason is None:
            return self._take(case, "cancel")
        return self._take(case, "cancel", "cancellation", {"text": reason})

    def ask_again(self, case: str, question: str) -> dict[str, Any]:
        """Reopen an answered case by a further question to its expert, or the pool if they left."""
        return self._take(case, "ask_again", "question", {"text": question})

    def _take(
        self,
        case: str,
        step: str,
        kind: str | None = None,
        body: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        address = f"/cases/{case}/steps/{uuid4()}"
        sent = {"step": step, **{name: v for name, v in fields.items() if v is not None}}
        if kind is None:
            answer: dict[str, Any] = self._transport.put(address, sent)
            return answer
        answers: list[dict[str, Any]] = []

        def send(_: str, message: Sealed) -> dict[str, Any]:
            answers.append(self._transport.put(address, {**sent, "message": message.within_step()}))
            return answers[-1]

        self._thread.deliver(case, kind, body or {}, send)
        return answers[-1]


def _opinion(
    conclusion: str, recommendations: str, follow_up: str, incidents: str, version: int
) -> dict[str, Any]:
    return {
        "conclusion": conclusion,
        "recommendations": recommendations,
        "follow_up": follow_up,
        "incidents": incidents,
        "version": version,
        "status": "signed",
    }
