"""The tus endpoints: https://tus.io/protocols/resumable-upload, version 1.0.0."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request, url_for

from attachments import tus
from attachments.body import incoming, pieces
from attachments.errors import TusHeaderRefused
from attachments.limits import limits
from attachments.service.uploads import (
    Standing,
    create_upload,
    terminate_upload,
    where_it_stands,
)
from attachments.service.writing import receive_bytes
from auth.gate import current_actor, require
from auth.permissions import Permission

attachments = Blueprint("attachments", __name__)


@attachments.after_request
def name_version(response: Response) -> Response:
    """Every answer of the protocol carries its version; a version refused is told which."""
    if "/uploads" in request.path:
        response.headers["Tus-Resumable"] = tus.VERSION
        if response.status_code == 412:
            response.headers["Tus-Version"] = tus.VERSION
    return response


@attachments.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
def get_capabilities() -> Response:
    """What this server can do, for anyone who asks."""
    response = Response(status=204)
    response.headers["Tus-Version"] = tus.VERSION
    response.headers["Tus-Extension"] = tus.EXTENSIONS
    response.headers["Tus-Checksum-Algorithm"] = ",".join(tus.ALGORITHMS)
    response.headers["Tus-Max-Size"] = str(limits().attachment_bytes)
    return response


@attachments.post("/uploads")
@require(Permission.ATTACHMENT_WRITE)
def post_upload() -> Response:
    """Creation, with the first bytes if the body holds some (creation-with-upload)."""
    tus.require_version(request.headers)
    length = tus.read_length(request.headers)
    case_id, attachment_id = tus.read_subject(request.headers)
    with_bytes = request.content_type == tus.MEDIA_TYPE
    standing, new = create_upload(current_actor(), case_id, attachment_id, length)
    if with_bytes and standing.received == 0:
        standing = _receive(standing.upload_id, 0)
    response = _answer(standing, 201 if new else 200)
    response.headers["Location"] = url_for("attachments.head_upload", upload_id=standing.upload_id)
    return response


@attachments.route("/uploads/<uuid:upload_id>", methods=["HEAD"], provide_automatic_options=False)
@require(Permission.ATTACHMENT_WRITE)
def head_upload(upload_id: UUID) -> Response:
    """How much has arrived, for whoever resumes (tus 1.0.0, HEAD)."""
    tus.require_version(request.headers)
    standing = where_it_stands(current_actor(), upload_id)
    response = _answer(standing, 200)
    response.headers["Upload-Length"] = str(standing.size)
    response.headers["Cache-Control"] = "no-store"
    return response


@attachments.patch("/uploads/<uuid:upload_id>")
@require(Permission.ATTACHMENT_WRITE)
def patch_upload(upload_id: UUID) -> Response:
    """The next piece, from where the last one ended (tus 1.0.0, PATCH)."""
    return _take_piece(upload_id)


@attachments.delete("/uploads/<uuid:upload_id>")
@require(Permission.ATTACHMENT_WRITE)
def delete_upload(upload_id: UUID) -> Response:
    """Give an upload up (tus 1.0.0, termination)."""
    return _give_up(upload_id)


@attachments.post("/uploads/<uuid:upload_id>")
@require(Permission.ATTACHMENT_WRITE)
def post_overridden(upload_id: UUID) -> Response:
    """For networks that let no PATCH or DELETE through: `X-HTTP-Method-Override` names it."""
    match request.headers.get("X-HTTP-Method-Override"):
        case "PATCH":
            return _take_piece(upload_id)
        case "DELETE":
            return _give_up(upload_id)
        case _:
            raise TusHeaderRefused(header="X-HTTP-Method-Override")


def _take_piece(upload_id: UUID) -> Response:
    tus.require_version(request.headers)
    tus.require_media_type(request.content_type)
    return _answer(_receive(upload_id, tus.read_offset(request.headers)), 204)


def _give_up(upload_id: UUID) -> Response:
    tus.require_version(request.headers)
    terminate_upload(current_actor(), upload_id)
    return Response(status=204)


def _receive(upload_id: UUID, offset: int) -> Standing:
    checksum = tus.read_checksum(request.headers)
    # The house's limit of 1 MiB is for JSON; a body here is never held, only passed to disk.
    request.max_content_length = limits().attachment_bytes + 1
    body = pieces(incoming(request), request.content_length)
    return receive_bytes(
        current_actor(), upload_id, offset, request.content_length, body, checksum=checksum
    )


def _answer(standing: Standing, status: int) -> Response:
    response = Response(status=status)
    response.headers["Upload-Offset"] = str(standing.received)
    if not standing.stored:
        response.headers["Upload-Expires"] = tus.expires(standing.expires_at)
    return response
