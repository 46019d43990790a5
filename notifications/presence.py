"""Whether a person is looking at a case right now, in whichever process their socket is."""

from __future__ import annotations

from uuid import UUID

from messaging.presence import present_in


def is_looking(account_id: UUID | None, case_id: UUID | None) -> bool:
    """Asked at the moment of sending: somebody who looks needs no mail about what they see."""
    return account_id is not None and case_id is not None and account_id in present_in(case_id)
