"""Telling the people of a case that a file can be fetched."""

from __future__ import annotations

from attachments.announced import AttachmentStored
from messaging.announcements import tell_case


def tell_stored(fact: AttachmentStored) -> None:
    payload = {"case": str(fact.case_id), "attachment": str(fact.attachment_id)}
    tell_case(fact.case_id, "attachment:stored", payload)
