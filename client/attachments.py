"""Files: cleaned, previewed, sealed in parts, uploaded by tus, downloaded and checked.

The order matters. A file is sealed to a temporary file first (ciphertext only), because the signed
message lists the digest of every part; the message is posted; then the ciphertext goes up, preview
first. One part of 8 MiB is in memory at a time, whatever the size.
"""

from __future__ import annotations

import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, BinaryIO
from uuid import uuid4

from client.account import OwnAccount
from client.cleaning import CleanedFile, PlainFile, clean_file
from client.crypto import random_key, sealed_parts, unsealed_parts
from client.errors import About, AttachmentBroken, NetworkDown, Refused, broken_as
from client.transport import API, Transport
from client.verdicts import Reporting
from protocol.encoding import b64, unb64
from protocol.statements import Manifest, Preview

CHUNK = 1024 * 1024
TUS = {"Tus-Resumable": "1.0.0"}
OFFSET_BYTES = "application/offset+octet-stream"
AT_ONCE = 512 * 1024
"""Up to this size a file travels in the request that announces it (creation-with-upload)."""
RESUMPTIONS = 8
"""How often an upload or download takes up again where the line broke, without progress."""

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


@dataclass
class SealedFile:
    """A file ready to go: its manifest for the signed message, its ciphertext on disk."""

    manifest: dict[str, Any] = field(repr=False)
    blobs: list[SealedBlob]
    report: tuple[str, ...] = ()
    """What cleaning took out or changed, in words."""

    @property
    def size(self) -> int:
        """Bytes to upload."""
        return sum(blob.size for blob in self.blobs)

    def close(self) -> None:
        """Remove the temporary ciphertext."""
        for blob in self.blobs:
            blob.file.close()

    def __enter__(self) -> SealedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class SealedBlob:
    """Ciphertext of one attachment, all parts in order."""

    id: str
    file: IO[bytes] = field(repr=False)
    size: int
    part_sizes: list[int]


class Attachments(Reporting):
    """Sealing, uploading and downloading files of a case."""

    def __init__(self, transport: Transport, own: OwnAccount) -> None:
        self._transport = transport
        self._own = own
        self._uid_keys: dict[str, bytes] = {}

    def forget(self) -> None:
        self._uid_keys.clear()

    def seal(
        self,
        case: str,
        source: Path | str | PlainFile,
        *,
        caption: str | None = None,
        original_size: bool = False,
        clean: bool = True,
        uid_key: bytes | None = None,
    ) -> SealedFile:
        """Clean a file and seal it for a case; post its manifest, then ``upload`` it.

        ``original_size`` keeps a picture's resolution (its metadata still goes). ``clean=False`` is
        for files that were cleaned elsewhere. The instances of a DICOM series sealed for one case
        stay together while this client lives, and beyond if the same ``uid_key`` is passed.
        Raises ``CleaningRefused`` when a file announces more than it holds.
        """
        uid_key = uid_key or self._uid_keys.setdefault(case, random_key())
        plain = source if isinstance(source, PlainFile) else PlainFile.at(Path(source))
        with clean_file(
            plain, original_size=original_size, untouched=not clean, uid_key=uid_key
        ) as cleaned:
            return self._seal_cleaned(case, cleaned, caption)

    def _seal_cleaned(self, case: str, cleaned: CleanedFile, caption: str | None) -> SealedFile:
        blobs: list[SealedBlob] = []
        manifest = self._seal_one(case, cleaned.content, cleaned.size, blobs)
        manifest |= {"name": cleaned.name, "type": cleaned.type}
        if caption:
            manifest["caption"] = caption[:500]
        if cleaned.dimensions:
            manifest["width"], manifest["height"] = cleaned.dimensions
        if cleaned.preview:
            seen = cleaned.preview
            shown = self._seal_one(case, seen.content, seen.size, blobs)
            shown |= {"type": seen.type, "width": seen.width, "height": seen.height}
            manifest["preview"] = shown
            blobs.reverse()  # what can be seen first goes first
        return SealedFile(manifest, blobs, cleaned.report)

    def _seal_one(
        self, case: str, content: BinaryIO | IO[bytes], size: int, blobs: list[SealedBlob]
    ) -> dict[str, Any]:
        ident, key = str(uuid4()), random_key()
        target = tempfile.TemporaryFile(prefix="cordee-sealed-")  # noqa: SIM115 - closed by owner
        parts: list[dict[str, Any]] = []
        for part in sealed_parts(key, self._own.keys.net, case, ident, content, size=size):
            target.write(part.sealed)
            parts.append({"size": len(part.sealed), "sha256": b64(part.sha256)})
        sizes = [int(part["size"]) for part in parts]
        blobs.append(SealedBlob(ident, target, sum(sizes), sizes))
        return {"id": ident, "size": size, "key": b64(key), "parts": parts}

    # up

    def upload(
        self, case: str, sealed: SealedFile | Sequence[SealedFile], progress: Progress | None = None
    ) -> None:
        """Send the ciphertext, previews of all files first; resumes wherever the line broke.

        May be called again after any failure: what the server holds is not sent twice.
        """
        files = [sealed] if isinstance(sealed, SealedFile) else list(sealed)
        total, done = sum(file.size for file in files), 0
        for blob in _smallest_first(files):
            for gained in self._upload_one(case, blob):
                done += gained
                if progress:
                    progress(done, total)

    def _upload_one(self, case: str, blob: SealedBlob) -> Iterator[int]:
        location, offset = self._create_upload(case, blob)
        if offset:
            yield offset
        ends = _running_sums(blob.part_sizes)
        fruitless = 0
        while offset < blob.size:
            end = next(end for end in ends if end > offset)
            blob.file.seek(offset)
            chunk = blob.file.read(end - offset)
            try:
                reached = self._patch(location, offset, chunk)
            except (NetworkDown, Refused) as error:
                if isinstance(error, Refused) and error.status not in (409, 423, 460, 502, 503):
                    raise
                fruitless += 1
                if fruitless > RESUMPTIONS:
                    raise
                reached = self._offset(location)
            if reached > offset:
                fruitless = 0
                yield reached - offset
            offset = reached

    def _create_upload(self, case: str, blob: SealedBlob) -> tuple[str, int]:
        """Where to send, and how much the server holds. A small file goes along at once: the
        server knows an upload by its attachment, so repeating this is harmless."""
        metadata = f"case {_meta(case)},attachment {_meta(blob.id)}"
        headers = {**TUS, "Upload-Length": str(blob.size), "Upload-Metadata": metadata}
        content = None
        if blob.size <= AT_ONCE:
            blob.file.seek(0)
            content = blob.file.read()
            headers |= {"Content-Type": OFFSET_BYTES, "Upload-Checksum": _checksum(content)}
        answer = self._transport.send(
            "POST", "/uploads", headers=headers, content=content, repeatable=True
        )
        location = answer.headers["Location"]
        path = str(location[location.index(API) + len(API) :])
        held = answer.headers.get("Upload-Offset")
        return path, self._offset(path) if held is None else int(held)

    def _offset(self, location: str) -> int:
        answer = self._transport.send("HEAD", location, headers=TUS)
        return int(answer.headers["Upload-Offset"])

    def _patch(self, location: str, offset: int, chunk: bytes) -> int:
        headers = {
            **TUS,
            "Upload-Offset": str(offset),
            "Content-Type": OFFSET_BYTES,
            "Upload-Checksum": _checksum(chunk),
        }
        answer = self._transport.send("PATCH", location, headers=headers, content=chunk)
        return int(answer.headers["Upload-Offset"])

    def stored(self, case: str) -> list[dict[str, Any]]:
        """What the server holds of a case's files: id, size, stored, offset."""
        answer = self._transport.get(f"/cases/{case}/attachments")
        return list(answer["items"])

    # down

    def download(
        self,
        case: str,
        manifest: Manifest | Preview,
        target: BinaryIO | IO[bytes],
        progress: Progress | None = None,
    ) -> None:
        """Write the plaintext to ``target``, part by part, each checked before it is opened.

        Raises ``AttachmentBroken``; then what was written so far must not be used. The last byte
        is only known to be the last when this returns.
        """
        digests = [unb64(part.sha256) for part in manifest.parts]
        about = About("attachment", manifest.id, case, getattr(manifest, "name", ""))
        parts = self._parts(manifest, about)
        done = 0
        with broken_as(AttachmentBroken, f"attachment {manifest.id}", about):
            for plain in unsealed_parts(
                unb64(manifest.key), self._own.keys.net, case, manifest.id, parts, digests=digests
            ):
                target.write(plain)
                done += len(plain)
                if progress:
                    progress(done, manifest.size)
        if done != manifest.size:
            raise AttachmentBroken(
                f"attachment {manifest.id}: not of the size that was signed", about
            )

    def _parts(self, manifest: Manifest | Preview, about: About) -> Iterator[bytes]:
        """Ciphertext cut as the manifest says; takes up again where the line broke.

        A server that keeps ending before the last byte, without the line having broken, has cut it.
        """
        sizes = [part.size for part in manifest.parts]
        total, held, index, position = sum(sizes), bytearray(), 0, 0
        fruitless = ends = 0
        while index < len(sizes):
            try:
                for piece in self._bytes_from(manifest.id, position, total):
                    held += piece
                    position += len(piece)
                    fruitless = 0
                    while index < len(sizes) and len(held) >= sizes[index]:
                        yield bytes(held[: sizes[index]])
                        del held[: sizes[index]]
                        index += 1
                if index < len(sizes):
                    ends += 1
                    if ends > RESUMPTIONS:
                        raise AttachmentBroken(f"attachment {manifest.id}: cut short", about)
                    raise NetworkDown(f"attachment {manifest.id} ended early")
            except NetworkDown:
                fruitless += 1
                if fruitless > RESUMPTIONS:
                    raise
        if held:
            raise AttachmentBroken(f"attachment {manifest.id}: more bytes than were signed", about)

    def _bytes_from(self, ident: str, position: int, total: int) -> Iterator[bytes]:
        if position >= total:
            return
        headers = {"Range": f"bytes={position}-"} if position else {}
        with self._transport.stream(f"/attachments/{ident}", headers) as answer:
            if position and answer.status_code != 206:
                raise NetworkDown("the server does not resume downloads")
            yield from answer.iter_bytes(CHUNK)


def _smallest_first(files: Iterable[SealedFile]) -> list[SealedBlob]:
    return sorted((blob for file in files for blob in file.blobs), key=lambda blob: blob.size)


def _running_sums(sizes: Sequence[int]) -> list[int]:
    sums: list[int] = []
    for size in sizes:
        sums.append(size + (sums[-1] if sums else 0))
    return sums


def _checksum(chunk: bytes) -> str:
    return f"sha256 {b64(sha256(chunk).digest())}"


def _meta(value: str) -> str:
    """A value of ``Upload-Metadata``: base64 (tus 1.0, Creation extension)."""
    return b64encode(value.encode()).decode()


def manifests_of(sealed: Iterable[SealedFile]) -> list[Mapping[str, Any]]:
    """The manifests to put in a header or message."""
    return [file.manifest for file in sealed]
