"""Files go up in pieces, over lines that break, and are then there whole."""

from __future__ import annotations

import hashlib
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from app import announcements, clock
from app.config import Config
from attachments.announced import AttachmentStored
from tests.factories.care import CareCircle, SealedCase
from tests.support.tus import (
    BYTES,
    VERSION,
    SealedBlob,
    announce,
    checksum,
    create,
    metadata,
    offset_of,
    opened,
    patch,
    store,
    tus,
)


@pytest.fixture
def case(care_circle: CareCircle) -> SealedCase:
    return care_circle.open_case()


def blob_path(config: Config, blob: SealedBlob) -> Path:
    root = Path(urlsplit(config.blob_url).path)
    return root / "blobs" / blob.id[:2] / blob.id


def test_a_file_is_sent_at_once_and_stored_whole(
    care_circle: CareCircle, case: SealedCase, config: Config
) -> None:
    heard: list[AttachmentStored] = []
    announcements.on_commit(AttachmentStored, heard.append)
    favre, blob = care_circle.favre, SealedBlob()
    location = store(favre, case, blob)
    assert blob_path(config, blob).read_bytes() == blob.raw
    assert offset_of(favre, location) == blob.size
    assert heard == [AttachmentStored(case_id=UUID(case.id), attachment_id=UUID(blob.id))]
    assert not list((blob_path(config, blob).parents[2] / "incoming").iterdir())
    listed = favre.get(f"/cases/{case.id}/attachments").json
    assert listed["items"] == [
        {"id": blob.id, "size": blob.size, "stored": True, "offset": blob.size}
    ]
    messages = favre.get(f"/cases/{case.id}/messages").json["items"]
    assert messages[-1]["attachments"] == [{"id": blob.id, "size": blob.size, "stored": True}]


def test_a_photo_of_the_request_is_announced_by_its_header(care_circle: CareCircle) -> None:
    favre, blob = care_circle.favre, SealedBlob()
    case = care_circle.new_case()
    body = case.body()
    body["header"]["attachments"] = [blob.announced]
    assert favre.put(f"/cases/{case.id}", body).status_code == 201
    created = create(favre, case, blob)
    assert created.status_code == 201
    assert patch(favre, created.headers["Location"], 0, blob.raw).status_code == 204


def test_pieces_of_any_length_make_the_same_file(
    care_circle: CareCircle, case: SealedCase, config: Config
) -> None:
    favre, blob = care_circle.favre, SealedBlob(100_003)
    location = opened(favre, case, blob)
    offset = 0
    for length in (1, 65_536, 7, 20_000, 14_459):
        piece = blob.raw[offset : offset + length]
        answer = patch(favre, location, offset, piece, **checksum(piece))
        assert answer.status_code == 204
        offset += length
        assert answer.headers["Upload-Offset"] == str(offset)
        assert offset_of(favre, location) == offset
    assert blob_path(config, blob).read_bytes() == blob.raw
    head = favre.http.head(f"/api/v1/attachments/{blob.id}")
    assert head.headers["ETag"] == f'"{hashlib.sha256(blob.raw).hexdigest()}"'


def test_a_cut_line_keeps_what_arrived(
    care_circle: CareCircle, case: SealedCase, config: Config
) -> None:
    favre, blob = care_circle.favre, SealedBlob()
    location = opened(favre, case, blob)
    cut = patch(favre, location, 0, blob.raw[:123_456], length=blob.size)
    assert cut.status_code == 408
    assert cut.json["code"] == "transfer_interrupted"
    assert offset_of(favre, location) == 123_456
    assert patch(favre, location, 123_456, blob.raw[123_456:]).status_code == 204
    assert blob_path(config, blob).read_bytes() == blob.raw


def test_creating_again_finds_the_same_upload(care_circle: CareCircle, case: SealedCase) -> None:
    favre, blob = care_circle.favre, SealedBlob()
    location = opened(favre, case, blob)
    patch(favre, location, 0, blob.raw[:1000])
    again = create(favre, case, blob)
    assert (again.status_code, again.headers["Location"]) == (200, location)
    assert again.headers["Upload-Offset"] == "1000"
    patch(favre, location, 1000, blob.raw[1000:])
    finished = create(favre, case, blob)
    assert (finished.status_code, finished.headers["Location"]) == (200, location)
    assert finished.headers["Upload-Offset"] == str(blob.size)


def test_creation_may_carry_the_first_bytes(care_circle: CareCircle, case: SealedCase) -> None:
    favre, blob = care_circle.favre, SealedBlob(50_000)
    announce(favre, case, blob)
    asked = {
        **BYTES,
        "Upload-Length": str(blob.size),
        "Upload-Metadata": metadata(case.id, blob.id),
    }
    created = tus(favre, "POST", "/uploads", blob.raw[:20_000], **asked)
    assert created.status_code == 201
    assert created.headers["Upload-Offset"] == "20000"
    rest = patch(favre, created.headers["Location"], 20_000, blob.raw[20_000:])
    assert rest.headers["Upload-Offset"] == str(blob.size)


def test_a_replayed_last_piece_changes_nothing(care_circle: CareCircle, case: SealedCase) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    location = store(favre, case, blob)
    replay = patch(favre, location, 0, blob.raw)
    assert replay.status_code == 409
    assert replay.json["code"] == "offset_mismatch"
    assert replay.json["offset"] == blob.size
    empty = patch(favre, location, blob.size, b"")
    assert (empty.status_code, empty.headers["Upload-Offset"]) == (204, str(blob.size))


def test_the_protocol_is_spoken_as_written(care_circle: CareCircle, case: SealedCase) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    asked = favre.http.options("/api/v1/uploads")
    assert asked.status_code == 204
    assert asked.headers["Tus-Version"] == "1.0.0"
    assert "checksum" in asked.headers["Tus-Extension"].split(",")
    assert asked.headers["Tus-Checksum-Algorithm"] == "sha256,sha1"
    location = opened(favre, case, blob)
    head = tus(favre, "HEAD", location, **VERSION)
    assert head.headers["Tus-Resumable"] == "1.0.0"
    assert head.headers["Upload-Length"] == "10000"
    assert head.headers["Cache-Control"] == "no-store"
    left = parsedate_to_datetime(head.headers["Upload-Expires"]) - clock.now()
    assert 6 < left.total_seconds() / 86400 <= 7
    other = tus(favre, "HEAD", location, Tus_Resumable="0.2.2")
    assert (other.status_code, other.headers["Tus-Version"]) == (412, "1.0.0")
    overridden = {
        **BYTES,
        "Upload-Offset": "0",
        "X-HTTP-Method-Override": "PATCH",
    }
    answer = tus(favre, "POST", location, blob.raw, **overridden)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "10000")


def test_an_unfinished_upload_can_be_given_up(
    care_circle: CareCircle, case: SealedCase, config: Config
) -> None:
    favre, blob = care_circle.favre, SealedBlob()
    location = opened(favre, case, blob)
    patch(favre, location, 0, blob.raw[:1000])
    assert tus(favre, "DELETE", location, **VERSION).status_code == 204
    assert tus(favre, "HEAD", location, **VERSION).status_code == 404
    assert not list((blob_path(config, blob).parents[2] / "incoming").iterdir())
    renewed = create(favre, case, blob)
    assert renewed.status_code == 201
    assert renewed.headers["Location"] != location
    assert patch(favre, renewed.headers["Location"], 0, blob.raw).status_code == 204
    kept = tus(favre, "DELETE", renewed.headers["Location"], **VERSION)
    assert (kept.status_code, kept.json["code"]) == (409, "attachment_stored_already")


def test_uploads_are_traced(care_circle: CareCircle, case: SealedCase) -> None:
    store(care_circle.favre, case, SealedBlob(1000))
    trace = care_circle.favre.get(f"/cases/{case.id}/trace").json["items"]
    actions = {row["action"] for row in trace}
    assert {"attachment:upload", "attachment:store"} <= actions
