"""Nothing is left lying about, and a crash at the worst moment is made good."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from app import background
from app.config import Config
from app.db import session
from app.transactions import transaction
from attachments.models import Attachment
from attachments.service import completion, receiving
from attachments.store import blobs
from tests.conftest import MovedClock
from tests.factories.care import CareCircle, SealedCase
from tests.support.tus import VERSION, SealedBlob, create, offset_of, opened, patch, store, tus


@pytest.fixture
def case(care_circle: CareCircle) -> SealedCase:
    return care_circle.open_case()


def folder(config: Config) -> Path:
    return Path(urlsplit(config.blob_url).path)


def sweep() -> dict[str, int]:
    return background.run_once("attachments")  # type: ignore[return-value]


def test_an_upload_nobody_goes_on_with_ends(
    care_circle: CareCircle, case: SealedCase, clock: MovedClock, config: Config
) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    location = opened(favre, case, blob)
    patch(favre, location, 0, blob.raw[:5000])
    clock.advance(days=6)
    assert sweep()["expired"] == 0
    clock.advance(days=1, seconds=1)
    favre.sign_in()
    gone = patch(favre, location, 5000, blob.raw[5000:])
    assert (gone.status_code, gone.json["code"]) == (410, "upload_expired")
    assert tus(favre, "HEAD", location, **VERSION).status_code == 410
    assert sweep()["expired"] == 1
    assert tus(favre, "HEAD", location, **VERSION).status_code == 404
    assert not list((folder(config) / "incoming").iterdir())
    renewed = create(favre, case, blob)
    assert (renewed.status_code, renewed.headers["Upload-Offset"]) == (201, "0")


def test_going_on_puts_the_end_off(
    care_circle: CareCircle, case: SealedCase, clock: MovedClock
) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    location = opened(favre, case, blob)
    for offset in (0, 2000, 4000):
        assert patch(favre, location, offset, blob.raw[offset : offset + 2000]).status_code == 204
        clock.advance(days=5)
        favre.sign_in()
    assert sweep()["expired"] == 0
    assert offset_of(favre, location) == 6000


def test_files_nobody_names_are_removed(
    care_circle: CareCircle, case: SealedCase, clock: MovedClock, config: Config
) -> None:
    blob = SealedBlob(1000)
    store(care_circle.favre, case, blob)
    stray_blob, stray_arrival = uuid4(), uuid4()
    path = folder(config) / blobs().name(stray_blob)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left by a crash")
    (folder(config) / "incoming" / str(stray_arrival)).write_bytes(b"left by a crash")
    assert sweep()["blobs"] == 0, "a young file may be about to be named"
    clock.advance(hours=25)
    swept = sweep()
    assert (swept["blobs"], swept["arrivals"]) == (1, 1)
    assert not path.exists()
    assert (folder(config) / blobs().name(UUID(blob.id))).read_bytes() == blob.raw


def test_a_crash_before_the_rename_is_finished(
    care_circle: CareCircle, case: SealedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    location = opened(favre, case, blob)
    with monkeypatch.context() as broken:
        broken.setattr(completion, "_adopt", _power_cut)
        assert patch(favre, location, 0, blob.raw).status_code == 500
    assert favre.get(f"/attachments/{blob.id}").status_code == 409
    assert sweep()["finished"] == 1
    assert favre.get(f"/attachments/{blob.id}").data == blob.raw


def test_a_crash_after_the_rename_is_finished(
    care_circle: CareCircle, case: SealedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    location = opened(favre, case, blob)
    with monkeypatch.context() as broken:
        broken.setattr(completion, "_store", _power_cut)
        assert patch(favre, location, 0, blob.raw).status_code == 500
    assert offset_of(favre, location) == blob.size, "asking is enough to finish it"
    assert favre.get(f"/attachments/{blob.id}").data == blob.raw


def test_bytes_past_the_last_durable_one_are_cut_off(
    care_circle: CareCircle, case: SealedCase, config: Config
) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    location = opened(favre, case, blob)
    patch(favre, location, 0, blob.raw[:5000])
    arriving = folder(config) / "incoming" / location.rsplit("/", 1)[-1]
    with arriving.open("ab") as file:
        file.write(os.urandom(700))
    receiving._digests.clear()  # as after a restart: the digest is computed again at the end
    assert patch(favre, location, 5000, blob.raw[5000:]).status_code == 204
    answer = favre.get(f"/attachments/{blob.id}")
    assert answer.data == blob.raw


def test_a_lost_file_starts_over(care_circle: CareCircle, case: SealedCase, config: Config) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    location = opened(favre, case, blob)
    patch(favre, location, 0, blob.raw[:5000])
    (folder(config) / "incoming" / location.rsplit("/", 1)[-1]).unlink()
    assert offset_of(favre, location) == 0
    assert patch(favre, location, 0, blob.raw).status_code == 204


def test_a_lock_of_a_process_that_died_does_not_last(
    care_circle: CareCircle, case: SealedCase, clock: MovedClock, database_url: str
) -> None:
    favre, blob = care_circle.favre, SealedBlob(10_000)
    location = opened(favre, case, blob)
    with transaction():
        row = session().get_one(Attachment, UUID(blob.id))
        row.locked_by = "another process/request"
        row.locked_until = clock() + timedelta(seconds=receiving.LEASE)
    if not database_url.startswith("sqlite"):
        assert tus(favre, "HEAD", location, **VERSION).status_code == 423
        clock.advance(seconds=receiving.LEASE)
    assert offset_of(favre, location) == 0


def _power_cut(*_: object) -> None:
    raise RuntimeError("the power was cut here")
