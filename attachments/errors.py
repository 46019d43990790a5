"""What sending or fetching a file can be refused for."""

from __future__ import annotations

from app.errors import DomainError


class UploadNotFound(DomainError):
    """No such upload, or it belongs to someone else: both look alike."""

    code = "upload_not_found"
    status = 404
    message = "This file transfer does not exist. Send the file again."


class AttachmentNotFound(DomainError):
    """No such attachment, or none that the caller may know of: both look alike."""

    code = "attachment_not_found"
    status = 404
    message = "This file does not exist or is not open to you."


class AttachmentNotAnnounced(DomainError):
    """No request or message of the caller in this case names this attachment."""

    code = "attachment_not_announced"
    status = 403
    message = "Send the message that carries this file first, then the file."


class AttachmentSizeDiffers(DomainError):
    """The length to be uploaded is not the one the message announced."""

    code = "attachment_size_differs"
    status = 409
    message = "This file does not have the size its message announced. Send it again."


class AttachmentNotStored(DomainError):
    """The attachment is announced but its bytes have not all arrived."""

    code = "attachment_not_stored"
    status = 409
    message = "This file is still being sent. Try again in a moment."


class AttachmentStoredAlready(DomainError):
    """A finished file belongs to its case: it cannot be taken back."""

    code = "attachment_stored_already"
    status = 409
    message = "This file has already been delivered and cannot be withdrawn."


class UploadTooLarge(DomainError):
    code = "upload_too_large"
    status = 413
    message = "This file is too large: at most %(limit_mb)s MB can be sent."


class UploadOverlong(DomainError):
    """More bytes than the upload has left."""

    code = "upload_overlong"
    status = 413
    message = "More was sent than this file holds. Nothing of it was kept; send it again."


class QuotaExceeded(DomainError):
    code = "quota_exceeded"
    status = 413
    message = "You have reached today's sending limit. It opens again tomorrow."


class UploadExpired(DomainError):
    code = "upload_expired"
    status = 410
    message = "This transfer was interrupted for too long. Send the file again."


class UploadLocked(DomainError):
    """Another request is writing to this upload right now."""

    code = "upload_locked"
    status = 423
    message = "This file is already being sent. Wait %(retry_after)s seconds."


class OffsetMismatch(DomainError):
    """tus 1.0, PATCH: the offset given is not where the server stands."""

    code = "offset_mismatch"
    status = 409
    message = "The transfer stands elsewhere; it goes on from the right place by itself."


class ChecksumMismatch(DomainError):
    """tus 1.0, checksum extension: what arrived is not what was sent; it was thrown away."""

    code = "checksum_mismatch"
    status = 460
    message = "The file was damaged on its way. It is sent again from the last good place."


class ChecksumUnsupported(DomainError):
    code = "checksum_unsupported"
    status = 400
    message = "This checksum is not one this service knows (sha256, sha1)."


class TusVersionUnsupported(DomainError):
    code = "tus_version_unsupported"
    status = 412
    message = "This program speaks another version of the transfer protocol. Update it."


class TusHeaderRefused(DomainError):
    """A tus header is missing or does not have its shape; `header` names it."""

    code = "tus_header_refused"
    status = 400
    message = "The header %(header)s is missing or wrong."


class TusMediaTypeRefused(DomainError):
    code = "tus_media_type_refused"
    status = 415
    message = "The content type must be application/offset+octet-stream."


class TransferInterrupted(DomainError):
    """The line was cut or fell silent; what arrived is kept and the transfer can go on."""

    code = "transfer_interrupted"
    status = 408
    message = "The line was interrupted. What arrived is kept; the transfer goes on from there."


class TransferTakenOver(DomainError):
    """A newer request of the same sender went on with this upload."""

    code = "transfer_taken_over"
    status = 409
    message = "This transfer went on over another connection."


class RangeUnsatisfiable(DomainError):
    code = "range_unsatisfiable"
    status = 416
    message = "This part of the file does not exist."


class StorageFull(DomainError):
    code = "storage_full"
    status = 507
    message = "The service has no room for files at the moment. Nothing was lost; try again later."
