"""Downloads of ciphertext: whole or one range (RFC 9110 section 14), never held in memory."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, request

from app.config import Config
from app.http import describe, reply
from attachments.errors import AttachmentNotStored, RangeUnsatisfiable
from attachments.schemas import AttachmentList, AttachmentProgress
from attachments.service.fetching import (
    Stored,
    fetch_attachment,
    list_attachments,
    look_at_attachment,
)
from attachments.store import blobs
from attachments.threads import off_loop
from attachments.uploads import attachments
from auth.gate import current_actor, require
from auth.permissions import Permission


@attachments.get("/cases/<uuid:case_id>/attachments")
@require(Permission.ATTACHMENT_READ)
@describe(answer=AttachmentList)
def get_case_attachments(case_id: UUID) -> Response:
    found = list_attachments(current_actor(), case_id)
    return reply(AttachmentList(items=[AttachmentProgress.model_validate(f) for f in found]))


@attachments.get("/attachments/<uuid:attachment_id>")
@require(Permission.ATTACHMENT_READ)
def get_attachment(attachment_id: UUID) -> Response:
    """The ciphertext. HEAD says its size and digest and reads nothing."""
    if request.method == "HEAD":
        return _described(look_at_attachment(current_actor(), attachment_id))
    stored = fetch_attachment(current_actor(), attachment_id)
    if stored.etag in request.if_none_match:
        response = Response(status=304)
        response.set_etag(stored.etag)
        return response
    config: Config = current_app.config["CORDEE"]
    if config.x_accel and blobs().local:
        return _by_proxy(stored)
    return _by_ourselves(stored)


def _described(stored: Stored) -> Response:
    response = Response(status=200, mimetype="application/octet-stream")
    response.set_etag(stored.etag)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = "attachment"
    # Ciphertext stays out of every cache: revoking a person must not leave copies behind.
    response.headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        response.headers["Content-Length"] = str(stored.size)
        response.automatically_set_content_length = False
    return response


def _by_proxy(stored: Stored) -> Response:
    """nginx sends the file, ranges included, from its internal location (deploy/nginx)."""
    response = _described(stored)
    response.headers["X-Accel-Redirect"] = f"/_{blobs().name(stored.attachment_id)}"
    return response


def _by_ourselves(stored: Stored) -> Response:
    if off_loop(blobs().size, stored.attachment_id) != stored.size:
        raise AttachmentNotStored()
    start, stop, partial = _asked_range(stored)
    response = _described(stored)
    response.response = blobs().read(stored.attachment_id, start, stop)
    response.headers["Content-Length"] = str(stop - start)
    if partial:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size}"
    return response


def _asked_range(stored: Stored) -> tuple[int, int, bool]:
    """[start, stop) and whether it is a part. Several ranges at once get the whole (allowed)."""
    asked = request.range
    if request.if_range.etag is not None and request.if_range.etag != stored.etag:
        asked = None
    if request.if_range.date is not None:
        asked = None
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return 0, stored.size, False
    first, end = asked.ranges[0]
    # A suffix longer than the file is the whole file (RFC 9110 section 14.1.2).
    start = max(0, stored.size + first) if first < 0 else first
    if start >= stored.size:
        raise RangeUnsatisfiable(size=stored.size)
    return start, min(end or stored.size, stored.size), True


@attachments.app_errorhandler(RangeUnsatisfiable)
def refuse_range(error: RangeUnsatisfiable) -> Response:
    """416 names the size (RFC 9110 section 15.5.17)."""
    from app.errors import problem_response

    response = problem_response(error.problem())
    response.headers["Content-Range"] = f"bytes */{error.extra['size']}"
    return response
