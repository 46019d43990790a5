"""Pictures: drawn anew, upright, without a word about who, where, when or with what.

Removing metadata field by field forgets one sooner or later, so only the pixels are kept: decoded,
turned by their EXIF orientation, brought to sRGB, scaled, encoded again without EXIF, XMP, IPTC,
colour profile, comment or thumbnail.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from client.cleaning.refusals import PictureTooLarge, UnreadablePicture

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""What is decoded at all. Formats with programs inside (EPS, PDF, WMF) are never tried."""

LONGEST_SIDE = 1600
"""Enough to judge a lesion on a screen; 0.2 to 0.4 MB on a mountain line."""
PREVIEW_SIDE = 320
MOST_PIXELS = 80_000_000
"""Decoded pixels: 240 MB of memory. A JPEG of a larger camera is reduced while it is decoded."""

_SUFFIX = {"image/jpeg": ".jpg", "image/webp": ".webp", "image/png": ".png"}


@dataclass(frozen=True)
class Picture:
    """An encoded picture that holds pixels and nothing else."""

    content: BinaryIO = field(repr=False)
    size: int
    type: str
    width: int
    height: int

    @property
    def suffix(self) -> str:
        return _SUFFIX[self.type]


@dataclass(frozen=True)
class CleanedPicture:
    picture: Picture
    preview: Picture
    report: tuple[str, ...]


def clean_picture(source: BinaryIO, *, original_size: bool = False) -> CleanedPicture:
    """Draw a picture anew, with a preview of 320 pixels.

    Raises ``UnreadablePicture`` and ``PictureTooLarge``; whatever the bytes do inside the decoder
    ends as one of the two.
    """
    with _decoding():
        image = Image.open(source, formats=FORMATS)
        before = image.size
        if not original_size:
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        if image.width * image.height > MOST_PIXELS:
            raise PictureTooLarge(f"{before[0]} × {before[1]} pixels")
        report = _what_goes(image)
        lossless = image.format in ("PNG", "BMP", "TIFF", "GIF")
        image.load()
        upright = _plain_rgb(ImageOps.exif_transpose(image))
    if not original_size:
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        if max(before) > LONGEST_SIDE:
            report.append(f"scaled from {before[0]} × {before[1]}")
    return CleanedPicture(
        _encoded(upright, exact=original_size, lossless=lossless),
        make_preview(upright, PREVIEW_SIDE),
        tuple(report),
    )


def make_preview(image: Image.Image, side: int) -> Picture:
    """A small JPEG of an image that is already clean."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    if small.mode != "RGB":
        small = _on_white(small)
    return _saved(small, "image/jpeg", quality=72, optimize=True)


def _encoded(image: Image.Image, *, exact: bool, lossless: bool) -> Picture:
    if exact and lossless:
        return _saved(image, "image/png", optimize=False)
    if image.mode == "RGBA":
        return _saved(image, "image/webp", quality=85, method=4)
    if exact:
        return _saved(image, "image/jpeg", quality=92, subsampling=0)
    return _saved(image, "image/jpeg", quality=84, optimize=True, progressive=True)


def _saved(image: Image.Image, kind: str, **options: object) -> Picture:
    """Encode only pixels: a fresh image carries no ``info`` for an encoder to copy."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    target = io.BytesIO()
    bare.save(target, kind.removeprefix("image/").upper(), **options)
    size = target.tell()
    target.seek(0)
    return Picture(target, size, kind, image.width, image.height)


def _plain_rgb(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent, in sRGB."""
    profile = image.info.get("icc_profile")
    clear = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA")
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = _eight_bits(image)
    if profile and image.mode in ("RGB", "RGBA", "L", "CMYK"):
        image = _to_srgb(image, profile)
    return image.convert("RGBA" if clear else "RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours as they were meant; a broken profile is ignored, as viewers do."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, source, target, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Stretch 16-bit grey to what a screen shows; a plain convert would clip it."""
    import numpy as np

    values = np.asarray(image, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / (high - low) if high > low else 0.0)
    return Image.fromarray(scaled.astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A") if "A" in image.getbands() else None)
    return ground


def _what_goes(image: Image.Image) -> list[str]:
    """Names of what the original carried beside its pixels."""
    gone: list[str] = []
    exif = image.getexif()
    if len(exif):
        gone.append("EXIF removed")
    if exif.get_ifd(0x8825):
        gone.append("GPS position removed")
    known = {
        "xmp": "XMP",
        "icc_profile": "colour profile",
        "comment": "comment",
        "photoshop": "IPTC",
    }
    gone.extend(f"{name} removed" for key, name in known.items() if image.info.get(key))
    frames = int(getattr(image, "n_frames", 1))
    if frames > 1:
        gone.append(f"first of {frames} images kept")
    return gone


@contextmanager
def _decoding() -> Iterator[None]:
    """Name whatever a decoder raises on hostile bytes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the bytes claim is judged below, not logged
            yield
    except Image.DecompressionBombError as error:
        raise PictureTooLarge("more pixels than can be opened safely") from error
    except UnidentifiedImageError as error:
        raise UnreadablePicture(
            "not a picture this program reads (HEIC: export it as JPEG first)"
        ) from error
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        TypeError,
        KeyError,
        IndexError,
        ArithmeticError,
        RuntimeError,
        MemoryError,
    ) as error:
        raise UnreadablePicture(f"the picture cannot be read ({type(error).__name__})") from error
