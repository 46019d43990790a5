"""What leaves a file before it is sealed: names, places, dates, machine numbers.

``clean_file`` looks at the bytes, never at the extension, and gives a cleaned copy, a small preview
and a report of what went. Pictures are drawn anew (``pictures``), DICOM headers rewritten by the
Basic Profile of PS3.15 (``dicom``); anything else passes as it is, under a neutral name if asked.
"""

from client.cleaning.files import CleanedFile, PlainFile, clean_file
from client.cleaning.refusals import (
    BurnedInText,
    CleaningRefused,
    PictureTooLarge,
    UnreadableDicom,
    UnreadablePicture,
)

__all__ = [
    "BurnedInText",
    "CleanedFile",
    "CleaningRefused",
    "PictureTooLarge",
    "PlainFile",
    "UnreadableDicom",
    "UnreadablePicture",
    "clean_file",
]
