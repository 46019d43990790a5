"""Where ciphertext lies: an object store (disk, S3, GCS, Azure) and a local place for what arrives.

A blob appears under its final name whole or not at all: on disk by rename on one file system after
fsync, elsewhere by the store's own atomic put. Names are attachment ids, nothing else.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, from_url

from app.config import Config
from attachments.threads import off_loop

PIECE = 1024 * 1024
"""Bytes read or hashed at a time: what one transfer costs in memory."""


@dataclass(frozen=True)
class Found:
    """One file seen in the store or among the arrivals."""

    name: str
    size: int
    modified: datetime | float


class BlobStore:
    """The blobs of this deployment. Every method blocks: call through `off_loop` when serving."""

    def __init__(self, config: Config) -> None:
        parts = urlsplit(config.blob_url)
        self.root: Path | None = Path(unquote(parts.path)) if parts.scheme == "file" else None
        if self.root is not None:
            self.store: Any = LocalStore(self.root, mkdir=True)
            self.incoming = self.root / "incoming"
        else:
            self.store = from_url(config.blob_url)
            self.incoming = Path(config.upload_dir or "incoming")
        self.incoming.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def local(self) -> bool:
        return self.root is not None

    @staticmethod
    def name(attachment_id: UUID) -> str:
        """The blob's key. Two levels, so that no directory holds millions of entries."""
        return f"blobs/{attachment_id.hex[:2]}/{attachment_id}"

    def arriving(self, upload_id: UUID) -> Path:
        return self.incoming / str(upload_id)

    def arrived(self, upload_id: UUID) -> int:
        """Bytes present of an upload; 0 when it has no file yet."""
        try:
            return self.arriving(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    def adopt(self, upload_id: UUID, attachment_id: UUID) -> None:
        """Give a complete, fsynced arrival its final name. Doing it twice is harmless."""
        source, name = self.arriving(upload_id), self.name(attachment_id)
        if not source.exists() and self.size(attachment_id) is not None:
            return
        if self.root is None:
            with source.open("rb") as file:
                obstore.put(self.store, name, file, use_multipart=True)
            source.unlink()
            return
        obstore.rename(self.store, f"incoming/{upload_id}", name)
        sync_directory((self.root / name).parent)
        sync_directory(self.incoming)

    def discard(self, upload_id: UUID) -> None:
        self.arriving(upload_id).unlink(missing_ok=True)

    def size(self, attachment_id: UUID) -> int | None:
        """Bytes of a stored blob, None when there is none."""
        try:
            return int(obstore.head(self.store, self.name(attachment_id))["size"])
        except (NotFoundError, FileNotFoundError):
            return None

    def read(self, attachment_id: UUID, start: int, stop: int) -> Iterator[bytes]:
        """The bytes [start, stop) of a blob, a piece at a time, fetched off the event loop."""
        if start >= stop:
            return
        stream = off_loop(self._open, self.name(attachment_id), start, stop)
        pieces = iter(stream)
        while (piece := off_loop(_next, pieces)) is not None:
            yield piece

    def _open(self, name: str, start: int, stop: int) -> Any:
        found = obstore.get(self.store, name, options={"range": (start, stop)})
        return found.stream(min_chunk_size=PIECE)

    def digest(self, attachment_id: UUID, upload_id: UUID) -> bytes:
        """SHA-256 of an arrival, or of the blob it became: for when it was not counted along."""
        total = hashlib.sha256()
        source = self.arriving(upload_id)
        if source.exists():
            with source.open("rb") as file:
                while piece := file.read(PIECE):
                    total.update(piece)
            return total.digest()
        for piece in obstore.get(self.store, self.name(attachment_id)).stream(PIECE):
            total.update(piece)
        return total.digest()

    def blobs(self) -> Iterator[list[Found]]:
        """Every blob, in batches: to find those that no row names."""
        for batch in obstore.list(self.store, "blobs", chunk_size=500):
            yield [
                Found(entry["path"].rsplit("/", 1)[-1], entry["size"], entry["last_modified"])
                for entry in batch
            ]

    def arrivals(self) -> list[Found]:
        """Every file still arriving, with when it last grew."""
        found = []
        for path in self.incoming.iterdir():
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            found.append(Found(path.name, state.st_size, state.st_mtime))
        return found

    def delete(self, name: str) -> None:
        """Remove a blob by its bare name; absent is fine."""
        try:
            obstore.delete(self.store, f"blobs/{name[:2]}/{name}")
        except (NotFoundError, FileNotFoundError):
            return


def sync_directory(path: Path) -> None:
    """Make a rename survive a power cut (POSIX: a directory is fsynced apart from its files)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _next(pieces: Iterator[Any]) -> bytes | None:
    # Not next() itself: StopIteration does not cross a thread pool.
    piece = next(pieces, None)
    return None if piece is None else bytes(piece)


_store: BlobStore | None = None


def bind(config: Config) -> BlobStore:
    """Open the blob store of this process. Binding again replaces it."""
    global _store
    _store = BlobStore(config)
    return _store


def blobs() -> BlobStore:
    if _store is None:
        raise RuntimeError("no blob store is bound: create the application first")
    return _store
