"""Which client this is: the policy may ask for a newer one."""

from __future__ import annotations

VERSION = "0.1.0"


def older(version: str, minimum: str) -> bool:
    """Whether ``version`` comes before ``minimum``, both as numbers with dots."""
    ours, least = ([int(step) for step in text.split(".")] for text in (version, minimum))
    length = max(len(ours), len(least))
    return ours + [0] * (length - len(ours)) < least + [0] * (length - len(least))
