"""Photographs as a phone takes them: turned by EXIF, with the place they were taken at."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

ORIENTATION, GPS = 0x0112, 0x8825
MAKE, MODEL = 0x010F, 0x0110
CAMERA = "Leitz-Abondance-7"
"""Unlike any word of the product, so that finding it means that metadata leaked."""


def take_photo(path: Path, seed: int, size: tuple[int, int] = (900, 1200)) -> Path:
    """Write a JPEG full of detail, no two alike, with a camera's name and GPS position inside."""
    random.seed(seed)
    image = Image.frombytes("RGB", (60, 80), random.randbytes(60 * 80 * 3)).resize(size)
    exif = Image.Exif()
    exif[MAKE], exif[MODEL], exif[ORIENTATION] = CAMERA, CAMERA, 6
    degrees = (IFDRational(46), IFDRational(16), IFDRational(48))
    exif[GPS] = {1: "N", 2: degrees, 3: "E", 4: degrees}
    image.save(path, "JPEG", quality=90, exif=exif)
    return path
