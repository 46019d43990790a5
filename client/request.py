"""What a request says: patient, consent, question. All of it is sealed; the server sees none.

The fields are those French practice asks of a téléexpertise act (décret n° 2021-707, HAS 2019 good
practice sheet): who the patient is, that they were informed and do not object, and what is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

from client.errors import CordeeError
from protocol.encoding import utc_time


class RequestIncomplete(CordeeError):
    """Something that no request may leave without is missing; the text names it."""


@dataclass(frozen=True)
class Patient:
    """Who the question is about: names, sex, birth date; INS or a local identifier when known."""

    birth_name: str
    given_names: str
    sex: Literal["F", "M", "U"]
    birth_date: str
    """``YYYY-MM-DD``."""
    used_name: str = ""
    birthplace_code: str = ""
    """INSEE code of the commune or country."""
    ins: str = ""
    ins_status: Literal["provisoire", "recuperee", "validee", "qualifiee"] | None = None
    local_id: str = ""

    def body(self) -> dict[str, Any]:
        if not self.birth_name.strip():
            raise RequestIncomplete("the patient's birth name is missing")
        try:
            date.fromisoformat(self.birth_date)
        except ValueError as error:
            raise RequestIncomplete("the birth date is written YYYY-MM-DD") from error
        return {
            "birth_name": self.birth_name,
            "used_name": self.used_name,
            "given_names": self.given_names,
            "sex": self.sex,
            "birth_date": self.birth_date,
            "birthplace_code": self.birthplace_code,
            "ins": self.ins,
            "ins_status": self.ins_status,
            "local_id": self.local_id,
        }


@dataclass(frozen=True)
class Consent:
    """That the patient, or who speaks for them, was informed and does not object."""

    by: Literal["patient", "representative"] = "patient"
    how: Literal["oral", "written"] = "oral"
    representative_name: str | None = None
    at: datetime | None = None
    """When; now if not said."""

    def body(self) -> dict[str, Any]:
        if self.by == "representative" and not (self.representative_name or "").strip():
            raise RequestIncomplete("who consented for the patient is missing")
        return {
            "informed": True,
            "by": self.by,
            "representative_name": self.representative_name,
            "how": self.how,
            "at": utc_time(self.at or datetime.now(UTC)),
        }


@dataclass(frozen=True)
class Request:
    """One question about one patient."""

    patient: Patient
    question: str
    consent: Consent = field(default_factory=Consent)
    urgency: Literal["urgent", "priority", "routine"] = "routine"
    """In clear for the server: it orders the queue and counts the deadline."""
    urgency_reason: str = ""
    reason: str | None = None
    wanted_delay: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)

    def body(self, attachments: list[dict[str, Any]]) -> dict[str, Any]:
        """The body of the sealed header. Raises ``RequestIncomplete``."""
        if not self.question.strip():
            raise RequestIncomplete("the question is missing")
        return {
            "patient": self.patient.body(),
            "consent": self.consent.body(),
            "urgency_reason": self.urgency_reason,
            "question": self.question,
            "reason": self.reason,
            "wanted_delay": self.wanted_delay,
            "attachments": attachments,
            "answers": dict(self.answers),
        }
