"""Fresh secrets, all from the operating system."""

import os

from protocol.shapes import KEY_SIZE


def random_key() -> bytes:
    """32 bytes for an account key, a case key, an epoch secret, an attachment key or a seed."""
    return os.urandom(KEY_SIZE)


def random_salt() -> bytes:
    """16 bytes for a password."""
    return os.urandom(16)
