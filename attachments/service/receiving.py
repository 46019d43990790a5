"""One request writing to one upload: bytes to disk as they come, durable at every checkpoint.

The lock. Phones lose their line silently, so a dead connection may look alive to us for minutes,
and its owner comes back at once. Within a process the newer request takes over a writer that has
delivered nothing for `STALLED` seconds; a writer that is alive is not disturbed (423). Across
processes a lease in the row decides; on SQLite there is one process, so a lease of another
process is one of a process that died.

What is true. `Attachment.received` counts only fsynced bytes. Bytes past it are cut off at the
next request, so a crash loses at most one checkpoint and never leaves a hole.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import gevent.monkey

from attachments.errors import TransferTakenOver
from attachments.tus import Checksum

CHECKPOINT = 16 * 1024 * 1024
"""Bytes after which what came is fsynced and counted, however long the request. More than a sealed
part of our own clients, whose requests so cost one fsync each."""
STALLED = 3.0
"""Seconds of silence after which a newer request may take over."""
LEASE = 6
"""Seconds for which another process leaves a writer alone after its last sign of life: as long as
a client whose server died has to wait. A writer that loses it while alive only stops."""
RENEWAL = 2.0

PROCESS = uuid4().hex[:16]
"""Names this process in the lock; a new one after each start."""


class Receiving:
    """A running PATCH. The one that reads the body calls `take`; anyone may call `abandon`."""

    def __init__(
        self,
        upload_id: UUID,
        path: Path,
        offset: int,
        size: int,
        checksum: Checksum | None,
    ) -> None:
        self.upload_id = upload_id
        self.token = f"{PROCESS}/{uuid4().hex[:16]}"
        self.start = offset
        self.received = offset
        self.size = size
        self.durable = offset
        self.moved_at = time.monotonic()
        self.renewed_at = self.moved_at
        self.lost = False
        self._checksum = checksum
        self._body = checksum.counter() if checksum else None
        self._whole: Any = recall_digest(upload_id, offset)
        self._whole_at_start = self._whole.copy() if self._whole else None
        self._path = path
        self._file: int | None = None
        self.completing = False
        # Held while a chunk is written: whoever takes over knows exactly what is on disk. A
        # native lock, because only native threads of the pool ever take it.
        self._writing: threading.Lock = gevent.monkey.get_original("threading", "Lock")()

    @property
    def room(self) -> int:
        """Bytes this upload still lacks."""
        return self.size - self.received

    @property
    def stalled(self) -> bool:
        """Whether its line has fallen silent; one that has all its bytes is not waiting for any."""
        return not self.completing and time.monotonic() - self.moved_at > STALLED

    @property
    def checkpoint_due(self) -> bool:
        return (
            self.received - self.durable >= CHECKPOINT
            or time.monotonic() - self.renewed_at > RENEWAL
        )

    def open(self) -> None:
        """Open the file at the offset; what lies past it was never counted. Blocks.

        Its group may read it: nginx does, when it sends the files (deploy/nginx.conf).
        """
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        os.ftruncate(self._file, self.start)
        os.lseek(self._file, self.start, os.SEEK_SET)

    def take(self, chunk: bytes) -> None:
        """Write one chunk and count it into the digests. Blocks.

        Raises TransferTakenOver when a newer request has gone on in our place.
        """
        with self._writing:
            if self.lost or self._file is None:
                raise TransferTakenOver()
            left = memoryview(chunk)
            while left:
                left = left[os.write(self._file, left) :]
            if self._whole is not None:
                self._whole.update(chunk)
            if self._body is not None:
                self._body.update(chunk)
            self.received += len(chunk)
            self.moved_at = time.monotonic()

    def flush(self) -> int:
        """Make everything taken so far durable; says how far that is. Blocks."""
        with self._writing:
            return self._flush()

    def checksum_holds(self) -> bool:
        """Whether the body is what its sender said; true when it said nothing."""
        if self._checksum is None or self._body is None:
            return True
        return bool(self._body.digest() == self._checksum.digest)

    def roll_back(self) -> None:
        """Throw this request's bytes away. Blocks."""
        with self._writing:
            if self._file is not None:
                os.ftruncate(self._file, self.start)
                os.lseek(self._file, self.start, os.SEEK_SET)
            self.received = self.start
            self._whole = self._whole_at_start
            self._flush()

    def abandon(self) -> int:
        """Stop this writer from outside, keeping what it wrote; says how far that is. Blocks."""
        with self._writing:
            self.lost = True
            return self._flush()

    def close(self) -> None:
        """Let go of the file and remember the digest for whoever goes on. Blocks."""
        with self._writing:
            if self._file is not None:
                os.close(self._file)
                self._file = None
        if self._whole is not None:
            remember_digest(self.upload_id, self.received, self._whole)

    def sha256(self) -> bytes | None:
        """Of the whole upload, when every byte passed through this process in order."""
        return bytes(self._whole.digest()) if self._whole is not None else None

    def _flush(self) -> int:
        if self._file is not None and self.received != self.durable:
            os.fsync(self._file)
        self.durable = self.received
        return self.durable


_running: dict[UUID, Receiving] = {}
_digests: OrderedDict[UUID, tuple[int, Any]] = OrderedDict()
MAX_DIGESTS = 4096


def recall_digest(upload_id: UUID, offset: int) -> Any:
    """The running SHA-256 at `offset`, or None when it has to be computed again at the end."""
    if offset == 0:
        return hashlib.sha256()
    known = _digests.pop(upload_id, None)
    return known[1] if known and known[0] == offset else None


def remember_digest(upload_id: UUID, offset: int, digest: Any) -> None:
    _digests[upload_id] = (offset, digest)
    while len(_digests) > MAX_DIGESTS:
        _digests.popitem(last=False)


def forget_digest(upload_id: UUID) -> None:
    _digests.pop(upload_id, None)


def running(upload_id: UUID) -> Receiving | None:
    """The writer of this process on an upload, if one runs."""
    return _running.get(upload_id)


def start(receiving: Receiving) -> None:
    _running[receiving.upload_id] = receiving


def stop(receiving: Receiving) -> None:
    """Forget a writer, unless a newer one has taken its place."""
    if _running.get(receiving.upload_id) is receiving:
        del _running[receiving.upload_id]
