"""The frozen vectors, read once."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def vectors(name: str) -> dict[str, Any]:
    """``cordee1``, ``cordee1-extra`` or ``wycheproof``."""
    path = Path(__file__).with_name(f"{name}.json")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def pattern(size: int, k: int) -> bytes:
    """The plaintext of a seal vector: byte i = (i*i*7 + i*31 + k) mod 256, of period 256."""
    period = bytes((i * i * 7 + i * 31 + k) % 256 for i in range(256))
    return (period * (size // 256 + 1))[:size]
