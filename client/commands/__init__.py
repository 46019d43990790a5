"""The ``cordee`` commands of a clinician, a manager and an operator, one subject a file.

``base`` holds what they share. A new file of commands is named here, so that it registers itself.
"""

from client.commands import (
    accounts,
    comparing,
    custodian,
    founding,
    groups,
    reading,
    rewrapping,
    session,
    trace,
    travelling,
    witness,
    working,
)
from client.commands.base import commands

__all__ = [
    "accounts",
    "commands",
    "comparing",
    "custodian",
    "founding",
    "groups",
    "reading",
    "rewrapping",
    "session",
    "trace",
    "travelling",
    "witness",
    "working",
]
