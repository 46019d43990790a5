"""Facts about files, announced inside the transaction that makes them true."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentStored:
    """All bytes of an announced attachment are safe: readers may fetch it."""

    case_id: UUID
    attachment_id: UUID
