"""Loading uploads and attachments with permission; a missing and a forbidden one look alike."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

import trace
from app.db import session
from attachments.errors import AttachmentNotFound, UploadNotFound
from attachments.models import Attachment
from auth.actor import Actor
from auth.permissions import Permission
from messaging.errors import CaseNotFound
from messaging.models import AnnouncedAttachment
from messaging.service.access import access_case
from trace import Action


def access_upload(actor: Actor, upload_id: UUID, lock: bool = False) -> Attachment:
    """The caller's own upload, in a case they may still write to. Raises UploadNotFound."""
    query = select(Attachment).where(Attachment.upload_id == upload_id)
    row = session().scalar(query.with_for_update() if lock else query)
    if row is None or row.owner_id != actor.account_id:
        trace.record_refusal(actor, Action.ATTACHMENT_DENY, ("upload", upload_id))
        raise UploadNotFound()
    try:
        access_case(actor, row.case_id, Permission.CASE_WRITE)
    except CaseNotFound:
        raise UploadNotFound() from None
    return row


def access_attachment(actor: Actor, attachment_id: UUID) -> AnnouncedAttachment:
    """An attachment of a case the caller may read, stored or not. Raises AttachmentNotFound."""
    announced = session().get(AnnouncedAttachment, attachment_id)
    if announced is None:
        trace.record_refusal(actor, Action.ATTACHMENT_DENY, ("attachment", attachment_id))
        raise AttachmentNotFound()
    try:
        access_case(actor, announced.case_id, Permission.CASE_READ)
    except CaseNotFound:
        raise AttachmentNotFound() from None
    return announced
