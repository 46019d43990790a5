"""Speaking tus by hand, request by request: what a test wants to say and nothing else."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from tests.factories.care import SealedCase
from tests.factories.people import API, Person

VERSION = {"Tus-Resumable": "1.0.0"}
BYTES = {**VERSION, "Content-Type": "application/offset+octet-stream"}


def metadata(case: str, attachment: str) -> str:
    return ",".join(
        f"{key} {b64encode(value.encode()).decode()}"
        for key, value in (("case", case), ("attachment", attachment))
    )


def checksum(raw: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = b64encode(hashlib.new(algorithm, raw).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


@dataclass
class SealedBlob:
    """An attachment's ciphertext on a device; to the server, bytes like any others."""

    size: int = 300_000
    id: str = field(default_factory=lambda: str(uuid4()))

    def __post_init__(self) -> None:
        self.raw = os.urandom(self.size)

    @property
    def announced(self) -> dict[str, Any]:
        return {"id": self.id, "size": self.size}


def tus(
    person: Person,
    method: str,
    path: str,
    body: bytes | None = None,
    length: int | None = None,
    **headers: str,
) -> TestResponse:
    """One request as `person`. `length` announces another length than the body has."""
    sent = {"X-CSRF-Token": person.csrf, **{k.replace("_", "-"): v for k, v in headers.items()}}
    url = path if path.startswith(API) else API + path
    # The client measures the body by itself: only the environment can announce another length.
    said = {} if length is None else {"CONTENT_LENGTH": str(length)}
    return person.http.open(url, method=method, headers=sent, data=body, environ_overrides=said)


def create(
    person: Person, case: SealedCase, blob: SealedBlob, length: int | None = None, **headers: str
) -> TestResponse:
    asked = {
        **VERSION,
        "Upload-Length": str(blob.size if length is None else length),
        "Upload-Metadata": metadata(case.id, blob.id),
        **headers,
    }
    return tus(person, "POST", "/uploads", **asked)


def patch(
    person: Person,
    location: str,
    offset: int,
    body: bytes,
    length: int | None = None,
    **headers: str,
) -> TestResponse:
    asked = {**BYTES, "Upload-Offset": str(offset), **headers}
    return tus(person, "PATCH", location, body, length, **asked)


def offset_of(person: Person, location: str) -> int:
    answer = tus(person, "HEAD", location, **VERSION)
    assert answer.status_code == 200, answer.status
    return int(answer.headers["Upload-Offset"])


def announce(person: Person, case: SealedCase, *blobs: SealedBlob) -> None:
    """Post the message that carries these files."""
    answer = case.post(person, attachments=[blob.announced for blob in blobs])
    assert answer.status_code == 201, answer.text


def opened(person: Person, case: SealedCase, blob: SealedBlob) -> str:
    """Announce, create; the upload's address."""
    announce(person, case, blob)
    answer = create(person, case, blob)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def store(person: Person, case: SealedCase, blob: SealedBlob) -> str:
    """Announce, create, send all at once."""
    location = opened(person, case, blob)
    answer = patch(person, location, 0, blob.raw)
    assert answer.status_code == 204, answer.text
    return location
