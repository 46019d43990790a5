"""What a sender may not do, by mistake or by malice."""

from __future__ import annotations

import threading
from base64 import b64encode
from dataclasses import replace
from uuid import uuid4

import pytest

from attachments import limits
from attachments.service import receiving
from tests.conftest import MovedClock
from tests.factories.care import CareCircle, SealedCase
from tests.support.tus import (
    BYTES,
    VERSION,
    SealedBlob,
    announce,
    checksum,
    create,
    offset_of,
    opened,
    patch,
    store,
    tus,
)


@pytest.fixture
def case(care_circle: CareCircle) -> SealedCase:
    return care_circle.open_case()


def code_of(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("offset", ["1", "999", "99999999", "300000", "300001"])
def test_only_the_right_offset_goes_on(
    care_circle: CareCircle, case: SealedCase, offset: str
) -> None:
    location = opened(care_circle.favre, case, SealedBlob())
    asked = {**BYTES, "Upload-Offset": offset}
    answer = tus(care_circle.favre, "PATCH", location, b"x", **asked)
    assert code_of(answer) == (409, "offset_mismatch")
    assert offset_of(care_circle.favre, location) == 0


@pytest.mark.parametrize("offset", ["-1", "+0", "0x0", "1e3", "٣", " ", "", "9" * 30])
def test_an_offset_is_digits(care_circle: CareCircle, case: SealedCase, offset: str) -> None:
    location = opened(care_circle.favre, case, SealedBlob())
    asked = {**BYTES, "Upload-Offset": offset}
    answer = tus(care_circle.favre, "PATCH", location, b"x", **asked)
    assert code_of(answer) == (400, "tus_header_refused")


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("-5", 400),
        ("", 400),
        ("0", 400),
        ("1.5", 400),
        ("9" * 18, 413),
        ("9" * 40, 400),
        ("7", 409),
    ],
)
def test_the_length_is_what_was_announced(
    care_circle: CareCircle, case: SealedCase, length: str, status: int
) -> None:
    blob = SealedBlob(1000)
    announce(care_circle.favre, case, blob)
    answer = create(care_circle.favre, case, blob, **{"Upload-Length": length})
    assert answer.status_code == status
    assert "Location" not in answer.headers


def test_deferred_and_joined_uploads_are_not_offered(
    care_circle: CareCircle, case: SealedCase
) -> None:
    blob = SealedBlob(1000)
    announce(care_circle.favre, case, blob)
    for header in ({"Upload-Defer-Length": "1"}, {"Upload-Concat": "partial"}):
        answer = create(care_circle.favre, case, blob, **header)
        assert code_of(answer) == (400, "tus_header_refused")


def test_more_bytes_than_announced_are_thrown_away(
    care_circle: CareCircle, case: SealedCase
) -> None:
    favre, blob = care_circle.favre, SealedBlob(1000)
    location = opened(favre, case, blob)
    assert code_of(patch(favre, location, 0, blob.raw + b"!")) == (413, "upload_overlong")
    assert offset_of(favre, location) == 0
    assert patch(favre, location, 0, blob.raw[:600]).status_code == 204
    assert code_of(patch(favre, location, 600, blob.raw)) == (413, "upload_overlong")
    assert offset_of(favre, location) == 600


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_damaged_piece_is_thrown_away(
    care_circle: CareCircle, case: SealedCase, algorithm: str
) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    location = opened(favre, case, blob)
    first = blob.raw[:4000]
    assert patch(favre, location, 0, first, **checksum(first, algorithm)).status_code == 204
    damaged = bytearray(blob.raw[4000:])
    damaged[17] ^= 1
    promise = checksum(blob.raw[4000:], algorithm)
    answer = patch(favre, location, 4000, bytes(damaged), **promise)
    assert code_of(answer) == (460, "checksum_mismatch")
    assert offset_of(favre, location) == 4000
    assert patch(favre, location, 4000, blob.raw[4000:], **promise).status_code == 204
    assert favre.get(f"/attachments/{blob.id}").data == blob.raw


@pytest.mark.parametrize(
    "said", ["md5 aaaa", "sha256", "sha256 ", "sha256 AAAA", "sha256 %%%", "sha512 AAAA"]
)
def test_a_checksum_has_its_shape(care_circle: CareCircle, case: SealedCase, said: str) -> None:
    favre, blob = care_circle.favre, SealedBlob(100)
    location = opened(favre, case, blob)
    answer = patch(favre, location, 0, blob.raw, **{"Upload-Checksum": said})
    assert answer.status_code == 400
    assert offset_of(favre, location) == 0


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "case",
        "case !!!!",
        "case Zm9v,attachment Zm9v",
        "case Zm9v,case Zm9v",
        " ,,, ",
        "attachment " + b64encode(b"58ca4117-83a2-4844-92d9-8eef81b6d790").decode(),
        "case " + b64encode(b"\xff\xfe").decode(),
        "c" * 5000,
    ],
)
def test_metadata_names_a_case_and_an_attachment(
    care_circle: CareCircle, case: SealedCase, junk: str
) -> None:
    answer = create(care_circle.favre, case, SealedBlob(10), **{"Upload-Metadata": junk})
    assert code_of(answer) == (400, "tus_header_refused")


def test_only_what_a_message_of_ones_own_announces_may_be_sent(
    care_circle: CareCircle, case: SealedCase
) -> None:
    favre, blanc, blob = care_circle.favre, care_circle.blanc, SealedBlob(100)
    assert code_of(create(favre, case, blob)) == (403, "attachment_not_announced")
    announce(favre, case, blob)
    assert code_of(create(blanc, case, blob)) == (403, "attachment_not_announced")
    other = care_circle.open_case()
    assert code_of(create(favre, other, blob)) == (403, "attachment_not_announced")


def test_an_outsider_finds_nothing(care_circle: CareCircle, case: SealedCase) -> None:
    favre, vidal, blob = care_circle.favre, care_circle.vidal, SealedBlob(100)
    location = store(favre, case, blob)
    missing = f"/uploads/{uuid4()}"
    for outsider in (vidal, care_circle.administrator):
        assert code_of(create(outsider, case, blob)) == (404, "case_not_found")
        for path in (location, missing):
            answer = patch(outsider, path, 0, b"x")
            assert code_of(answer) == (404, "upload_not_found")
            assert tus(outsider, "HEAD", path, **VERSION).status_code == 404
            assert code_of(tus(outsider, "DELETE", path, **VERSION)) == (404, "upload_not_found")
        for attachment in (blob.id, str(uuid4())):
            answer = outsider.get(f"/attachments/{attachment}")
            assert code_of(answer) == (404, "attachment_not_found")
        assert code_of(outsider.get(f"/cases/{case.id}/attachments")) == (404, "case_not_found")


def test_a_colleague_cannot_touch_anothers_upload(
    care_circle: CareCircle, case: SealedCase
) -> None:
    favre, blob = care_circle.favre, SealedBlob(100)
    location = opened(favre, case, blob)
    for person in (care_circle.maret, care_circle.blanc):
        assert code_of(patch(person, location, 0, blob.raw)) == (404, "upload_not_found")
        assert code_of(tus(person, "DELETE", location, **VERSION)) == (404, "upload_not_found")
    assert offset_of(favre, location) == 0


def test_without_the_pages_token_nothing_is_taken(
    care_circle: CareCircle, case: SealedCase
) -> None:
    favre, blob = care_circle.favre, SealedBlob(100)
    location = opened(favre, case, blob)
    answer = patch(favre, location, 0, blob.raw, **{"X-CSRF-Token": "made up"})
    assert code_of(answer) == (403, "csrf_failed")


def test_the_media_type_is_the_protocols(care_circle: CareCircle, case: SealedCase) -> None:
    location = opened(care_circle.favre, case, SealedBlob(100))
    asked = {**VERSION, "Upload-Offset": "0", "Content-Type": "image/jpeg"}
    answer = tus(care_circle.favre, "PATCH", location, b"x", **asked)
    assert code_of(answer) == (415, "tus_media_type_refused")


def test_the_day_has_a_limit(
    care_circle: CareCircle, case: SealedCase, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_limits", replace(limits.limits(), daily_bytes=2500))
    favre = care_circle.favre
    first, second, third = (SealedBlob(1000) for _ in range(3))
    announce(favre, case, first, second, third)
    location = create(favre, case, first).headers["Location"]
    assert create(favre, case, second).status_code == 201
    assert code_of(create(favre, case, third)) == (413, "quota_exceeded")
    assert create(favre, case, first).status_code == 200, "asking again costs nothing"
    tus(favre, "DELETE", location, **VERSION)
    assert create(favre, case, third).status_code == 201, "what was never sent is given back"
    assert code_of(create(favre, case, first)) == (413, "quota_exceeded")
    clock.advance(hours=11)
    clock.advance(hours=13)
    favre.sign_in()
    assert create(favre, case, first).status_code == 201


def test_one_file_has_a_limit(
    care_circle: CareCircle, case: SealedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_limits", replace(limits.limits(), attachment_bytes=999))
    blob = SealedBlob(1000)
    announce(care_circle.favre, case, blob)
    assert code_of(create(care_circle.favre, case, blob)) == (413, "upload_too_large")


class SlowBody:
    """A body that waits in the middle until the test lets it go on."""

    def __init__(self, first: bytes, rest: bytes) -> None:
        self.pieces = [first, rest]
        self.begun, self.go_on = threading.Event(), threading.Event()

    def read(self, _size: int = -1) -> bytes:
        if len(self.pieces) == 1:
            self.begun.set()
            self.go_on.wait(60)
        return self.pieces.pop(0) if self.pieces else b""


def test_two_at_once_do_not_mix(care_circle: CareCircle, case: SealedCase) -> None:
    favre, blob = care_circle.favre, SealedBlob(40_000)
    location = opened(favre, case, blob)
    body = SlowBody(blob.raw[:10_000], blob.raw[10_000:])
    answers = []

    def send() -> None:
        environ = {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": "40000"}
        headers = {**BYTES, "Upload-Offset": "0", "X-CSRF-Token": favre.csrf}
        answers.append(favre.http.patch(location, headers=headers, environ_overrides=environ))

    sender = threading.Thread(target=send)
    sender.start()
    assert body.begun.wait(60)
    other = favre.other_device()
    other.http, other.csrf = favre.http, favre.csrf
    locked = patch(other, location, 0, blob.raw)
    assert code_of(locked) == (423, "upload_locked")
    assert int(locked.headers["Retry-After"]) >= 1
    assert tus(other, "HEAD", location, **VERSION).status_code == 423
    assert tus(other, "DELETE", location, **VERSION).status_code == 423
    body.go_on.set()
    sender.join(60)
    assert answers[0].status_code == 204
    assert favre.get(f"/attachments/{blob.id}").data == blob.raw


def test_a_silent_line_gives_way_to_its_owners_next_try(
    care_circle: CareCircle, case: SealedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "STALLED", 0.05)
    favre, blob = care_circle.favre, SealedBlob(40_000)
    location = opened(favre, case, blob)
    body = SlowBody(blob.raw[:10_000], b"\0" * 30_000)
    answers = []

    def send() -> None:
        environ = {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": "40000"}
        headers = {**BYTES, "Upload-Offset": "0", "X-CSRF-Token": favre.csrf}
        answers.append(favre.http.patch(location, headers=headers, environ_overrides=environ))

    sender = threading.Thread(target=send)
    sender.start()
    assert body.begun.wait(60)
    threading.Event().wait(0.1)
    assert offset_of(favre, location) == 10_000, "what the silent line brought is kept"
    assert patch(favre, location, 10_000, blob.raw[10_000:20_000]).status_code == 204
    body.go_on.set()
    sender.join(60)
    assert code_of(answers[0]) == (409, "transfer_taken_over")
    assert patch(favre, location, 20_000, blob.raw[20_000:]).status_code == 204
    assert favre.get(f"/attachments/{blob.id}").data == blob.raw
