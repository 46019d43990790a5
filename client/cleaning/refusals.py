"""Why a file cannot be cleaned, and so is not sealed."""

from __future__ import annotations

from client.errors import CordeeError


class CleaningRefused(CordeeError):
    """A file could not be cleaned; nothing of it has left this machine."""


class UnreadablePicture(CleaningRefused):
    """The bytes announce a picture and do not hold one."""


class PictureTooLarge(CleaningRefused):
    """More pixels than any camera makes: a decompression bomb, or a scan to be cut first."""


class UnreadableDicom(CleaningRefused):
    """The bytes announce DICOM and do not hold a data set that can be rewritten."""


class BurnedInText(CleaningRefused):
    """The data set itself says that its pixels carry identifying text."""
