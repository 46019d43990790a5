"""The Python client of Cordée: every step of the protocol, for programs and for the command line.

Start with ``CordeeClient``. This room and the browser's are the only ones that hold keys. Names are
loaded when first used, so that importing ``client.crypto`` alone stays cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from client.attachments import SealedFile
    from client.cases import Case
    from client.cleaning import CleaningRefused, PlainFile
    from client.cordee import CordeeClient
    from client.errors import (
        BrokenSeal,
        CordeeError,
        NetworkDown,
        NotSignedIn,
        NotUnlocked,
        Refused,
    )
    from client.keys import Keys
    from client.request import Consent, Patient, Request, RequestIncomplete
    from client.sealing import Header, Message

__all__ = [
    "BrokenSeal",
    "Case",
    "CleaningRefused",
    "Consent",
    "CordeeClient",
    "CordeeError",
    "Header",
    "Keys",
    "Message",
    "NetworkDown",
    "NotSignedIn",
    "NotUnlocked",
    "Patient",
    "PlainFile",
    "Refused",
    "Request",
    "RequestIncomplete",
    "SealedFile",
]

_HOMES = {
    "client.attachments": ("SealedFile",),
    "client.cases": ("Case",),
    "client.cleaning": ("CleaningRefused", "PlainFile"),
    "client.cordee": ("CordeeClient",),
    "client.errors": (
        "BrokenSeal",
        "CordeeError",
        "NetworkDown",
        "NotSignedIn",
        "NotUnlocked",
        "Refused",
    ),
    "client.keys": ("Keys",),
    "client.request": ("Consent", "Patient", "Request", "RequestIncomplete"),
    "client.sealing": ("Header", "Message"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'client' has no attribute {name!r}")
