"""One door for every file: look at its first bytes, clean it by what it is."""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, BinaryIO

from client.cleaning.refusals import UnreadableDicom

if TYPE_CHECKING:
    from client.cleaning.pictures import Picture

PASSED_TYPES = frozenset({"application/pdf", "text/plain", "video/mp4", "audio/mpeg"})
"""What may be named for the reader's programs; all else goes as plain bytes, so that no active
content (SVG, HTML) is ever opened by its type."""


_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")


def looks_like_picture(head: bytes) -> bool:
    """Whether the first bytes announce a picture, readable here or not."""
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    return head[4:8] == b"ftyp" and head[8:12] in _BRANDS


def looks_like_dicom(head: bytes) -> bool:
    """A DICOM file has its mark after 128 bytes of preamble (PS3.10 section 7.1)."""
    return head[128:132] == b"DICM"


@dataclass(frozen=True)
class PlainFile:
    """A file to be sealed: from disk, or made in memory."""

    name: str
    path: Path | None = None
    data: bytes | None = field(default=None, repr=False)

    @classmethod
    def at(cls, path: Path) -> PlainFile:
        return cls(path.name, path=path)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        if self.path is not None:
            with self.path.open("rb") as file:
                yield file
        else:
            yield io.BytesIO(self.data or b"")


@dataclass(frozen=True)
class CleanedFile:
    """What may be sealed."""

    name: str
    type: str
    content: BinaryIO | IO[bytes] = field(repr=False)
    size: int
    dimensions: tuple[int, int] | None
    preview: Picture | None
    report: tuple[str, ...]
    """What went or changed, in words, without any value."""


@contextmanager
def clean_file(
    plain: PlainFile,
    *,
    original_size: bool = False,
    untouched: bool = False,
    uid_key: bytes | None = None,
) -> Iterator[CleanedFile]:
    """The cleaned file, valid inside the ``with``. Raises ``CleaningRefused``."""
    with plain.open() as source:
        head = source.read(4096)
        source.seek(0)
        if untouched:
            yield _as_it_is(plain, source, ("sent as it is, on request",))
        elif looks_like_dicom(head):
            yield _dicom(plain, source, uid_key)
        elif PurePath(plain.name).suffix.lower() in (".dcm", ".dicom"):
            raise UnreadableDicom(f"{plain.name} is named as DICOM and does not begin as DICOM")
        elif looks_like_picture(head):
            yield _picture(plain, source, original_size)
        else:
            yield _as_it_is(plain, source, ("not a picture nor DICOM: sent as it is",))


def _picture(plain: PlainFile, source: BinaryIO, original_size: bool) -> CleanedFile:
    from client.cleaning.pictures import clean_picture  # Pillow only when a picture is met

    cleaned = clean_picture(source, original_size=original_size)
    picture = cleaned.picture
    name = str(PurePath(_plain_name(plain.name)).with_suffix(picture.suffix))
    dimensions = (picture.width, picture.height)
    return CleanedFile(
        name,
        picture.type,
        picture.content,
        picture.size,
        dimensions,
        cleaned.preview,
        cleaned.report,
    )


def _dicom(plain: PlainFile, source: BinaryIO, uid_key: bytes | None) -> CleanedFile:
    from client.cleaning.dicom import clean_dicom  # pydicom and numpy take half a second

    cleaned = clean_dicom(source, uid_key=uid_key)
    return CleanedFile(
        _plain_name(plain.name),
        "application/dicom",
        cleaned.content,
        cleaned.size,
        cleaned.dimensions,
        cleaned.preview,
        cleaned.report.lines(),
    )


def _as_it_is(plain: PlainFile, source: BinaryIO, report: tuple[str, ...]) -> CleanedFile:
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    guessed = mimetypes.guess_type(plain.name)[0] or ""
    kind = guessed if guessed in PASSED_TYPES else "application/octet-stream"
    return CleanedFile(_plain_name(plain.name), kind, source, size, None, None, report)


def _plain_name(name: str) -> str:
    """A file name that a manifest takes: one visible line, at most 200 characters."""
    visible = "".join(c if c.isprintable() else "_" for c in PurePath(name).name).strip()
    if len(visible) > 120:
        stem, suffix = PurePath(visible).stem, PurePath(visible).suffix[:16]
        visible = stem[: 120 - len(suffix)] + suffix
    return visible or "file"
