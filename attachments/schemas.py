"""Answers about files, as they travel."""

from __future__ import annotations

from uuid import UUID

from app.http import Schema


class AttachmentProgress(Schema):
    id: UUID
    size: int
    """Bytes of ciphertext, all parts together."""
    stored: bool
    offset: int
    """Bytes that have safely arrived."""


class AttachmentList(Schema):
    items: list[AttachmentProgress]
    next: None = None
