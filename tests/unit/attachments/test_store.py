"""One store interface over disk and bucket: whole or not at all on both."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from uuid import uuid4

import pytest

from app.config import Config, ConfigurationRefused
from attachments.store import BlobStore


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """On disk, and in a store that is no directory, as a bucket is none."""
    url = f"file://{tmp_path / 'blobs'}" if request.param == "file" else "memory:///"
    return BlobStore(
        Config(
            base_url="http://localhost",
            secret_key="",
            database_url="sqlite://",
            blob_url=url,
            upload_dir=str(tmp_path / "incoming"),
        )
    )


def test_an_arrival_becomes_a_blob(store: BlobStore) -> None:
    upload, attachment, raw = uuid4(), uuid4(), os.urandom(3_000_000)
    store.arriving(upload).write_bytes(raw)
    assert store.arrived(upload) == len(raw)
    assert store.size(attachment) is None
    assert store.digest(attachment, upload) == hashlib.sha256(raw).digest()
    store.adopt(upload, attachment)
    assert (store.arrived(upload), store.size(attachment)) == (0, len(raw))
    store.adopt(upload, attachment)
    assert store.digest(attachment, upload) == hashlib.sha256(raw).digest()
    assert b"".join(store.read(attachment, 0, len(raw))) == raw
    assert b"".join(store.read(attachment, 1_234_567, 2_345_678)) == raw[1_234_567:2_345_678]
    assert list(store.read(attachment, 5, 5)) == []
    (batch,) = store.blobs()
    assert [(found.name, found.size) for found in batch] == [(str(attachment), len(raw))]
    store.delete(str(attachment))
    store.delete(str(attachment))
    assert store.size(attachment) is None


def test_a_bucket_needs_a_place_for_arrivals() -> None:
    environment = {
        "CORDEE_BASE_URL": "https://cordee.example.fr",
        "CORDEE_MAIL_FROM": "cordee@example.fr",
        "CORDEE_SECRET_KEY": "x" * 40,
        "CORDEE_SMTP_URL": "smtp://localhost",
        "CORDEE_BLOB_URL": "s3://bucket",
    }
    with pytest.raises(ConfigurationRefused, match="CORDEE_UPLOAD_DIR"):
        Config.from_environment(environment)
    kept = Config.from_environment({**environment, "CORDEE_UPLOAD_DIR": "/var/lib/cordee/in"})
    assert kept.upload_dir == "/var/lib/cordee/in"
