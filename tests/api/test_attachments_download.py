"""Ciphertext goes out whole or by range, to the case's circle only, and every reading is traced."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from flask import Flask

from tests.conftest import MovedClock
from tests.factories.care import CareCircle, SealedCase
from tests.support.tus import SealedBlob, announce, create, patch, store


@pytest.fixture
def case(care_circle: CareCircle) -> SealedCase:
    return care_circle.open_case()


@pytest.fixture
def blob(care_circle: CareCircle, case: SealedCase) -> SealedBlob:
    """Stored, and larger than one piece of the stream."""
    stored = SealedBlob(2_500_000)
    store(care_circle.favre, case, stored)
    return stored


def test_the_circle_reads_it_whole(care_circle: CareCircle, blob: SealedBlob) -> None:
    for role in ("requester", "nurse", "expert", "colleague"):
        answer = care_circle.person(role).get(f"/attachments/{blob.id}")
        assert answer.status_code == 200
        assert answer.data == blob.raw
        assert answer.headers["Content-Length"] == str(blob.size)
        assert answer.headers["ETag"] == f'"{hashlib.sha256(blob.raw).hexdigest()}"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-1999999", 100, 2_000_000),
        ("bytes=2499999-", 2_499_999, 2_500_000),
        ("bytes=-5", 2_499_995, 2_500_000),
        ("bytes=2000000-99999999", 2_000_000, 2_500_000),
        ("bytes=-99999999", 0, 2_500_000),
    ],
)
def test_a_range_is_sent_alone(
    care_circle: CareCircle, blob: SealedBlob, asked: str, start: int, stop: int
) -> None:
    answer = care_circle.blanc.call("GET", f"/attachments/{blob.id}", Range=asked)
    assert answer.status_code == 206
    assert answer.data == blob.raw[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{blob.size}"
    assert answer.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes=2500000-", "bytes=9999999-99999999"])
def test_a_range_beyond_the_end_is_refused(
    care_circle: CareCircle, blob: SealedBlob, asked: str
) -> None:
    answer = care_circle.blanc.call("GET", f"/attachments/{blob.id}", Range=asked)
    assert (answer.status_code, answer.json["code"]) == (416, "range_unsatisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{blob.size}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "pages=1-2", "bytes=junk", "bytes=9-3"])
def test_a_range_we_do_not_serve_gets_the_whole(
    care_circle: CareCircle, blob: SealedBlob, asked: str
) -> None:
    answer = care_circle.blanc.call("GET", f"/attachments/{blob.id}", Range=asked)
    assert answer.status_code == 200
    assert len(answer.data) == blob.size


def test_a_range_goes_on_only_with_the_same_file(care_circle: CareCircle, blob: SealedBlob) -> None:
    path, etag = f"/attachments/{blob.id}", f'"{hashlib.sha256(blob.raw).hexdigest()}"'
    same = {"Range": "bytes=5-9", "If-Range": etag}
    assert care_circle.blanc.call("GET", path, **same).status_code == 206
    other = {"Range": "bytes=5-9", "If-Range": '"another"'}
    assert care_circle.blanc.call("GET", path, **other).status_code == 200
    known = care_circle.blanc.call("GET", path, **{"If-None-Match": etag})
    assert (known.status_code, known.data) == (304, b"")


def test_head_says_what_there_is_and_reads_nothing(
    care_circle: CareCircle, case: SealedCase, blob: SealedBlob
) -> None:
    head = care_circle.blanc.call("HEAD", f"/attachments/{blob.id}")
    assert head.status_code == 200
    assert head.headers["Content-Length"] == str(blob.size)
    assert head.headers["Accept-Ranges"] == "bytes"
    trace = care_circle.favre.get(f"/cases/{case.id}/trace").json["items"]
    assert "attachment:download" not in {row["action"] for row in trace}


def test_reading_is_traced(care_circle: CareCircle, case: SealedCase, blob: SealedBlob) -> None:
    care_circle.blanc.get(f"/attachments/{blob.id}")
    trace = care_circle.favre.get(f"/cases/{case.id}/trace").json["items"]
    read = [row for row in trace if row["action"] == "attachment:download"]
    assert [(row["actor"]["id"], row["subject_id"]) for row in read] == [
        (care_circle.blanc.id, blob.id)
    ]


def test_an_unfinished_file_is_not_handed_out(care_circle: CareCircle, case: SealedCase) -> None:
    favre, coming = care_circle.favre, SealedBlob(5000)
    announce(favre, case, coming)
    early = care_circle.blanc.get(f"/attachments/{coming.id}")
    assert (early.status_code, early.json["code"]) == (409, "attachment_not_stored")
    location = create(favre, case, coming).headers["Location"]
    patch(favre, location, 0, coming.raw[:4000])
    assert care_circle.blanc.get(f"/attachments/{coming.id}").status_code == 409
    listed = care_circle.blanc.get(f"/cases/{case.id}/attachments").json["items"]
    assert listed == [{"id": coming.id, "size": 5000, "stored": False, "offset": 4000}]


def test_the_proxy_sends_it_when_there_is_one(
    care_circle: CareCircle, blob: SealedBlob, app: Flask
) -> None:
    app.config["CORDEE"] = replace(app.config["CORDEE"], x_accel=True)
    answer = care_circle.blanc.get(f"/attachments/{blob.id}")
    assert answer.status_code == 200
    assert answer.headers["X-Accel-Redirect"] == f"/_blobs/{blob.id[:2]}/{blob.id}"
    assert answer.data == b""
    outsider = care_circle.vidal.get(f"/attachments/{blob.id}")
    assert outsider.status_code == 404
    assert "X-Accel-Redirect" not in outsider.headers


def test_an_ended_session_reads_nothing(
    care_circle: CareCircle, blob: SealedBlob, clock: MovedClock
) -> None:
    clock.advance(days=8)
    assert care_circle.blanc.get(f"/attachments/{blob.id}").status_code == 401
