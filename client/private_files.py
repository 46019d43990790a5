"""Files that only their owner reads: root keys, device keys, sessions."""

from __future__ import annotations

import os
from pathlib import Path

ONLY_ME = 0o600


def write_private(path: Path, content: bytes) -> None:
    """Write a file that never existed with other rights than its owner's, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ONLY_ME)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
