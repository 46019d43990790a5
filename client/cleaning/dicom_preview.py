"""A small picture of a DICOM image, with its window applied, for the chat."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array

from client.cleaning.pictures import Picture, make_preview

PREVIEW_SIDE = 512
MOST_PIXELS = 64_000_000


def preview_of(dataset: Dataset) -> tuple[Picture | None, str | None]:
    """``(preview, note)``: the middle frame as a radiologist would first see it.

    Without pixels, or with pixels only a special decoder reads, there is no preview and the note
    says why. A preview is a help: its absence never stops a file.
    """
    if "PixelData" not in dataset or "Rows" not in dataset or "Columns" not in dataset:
        return None, "no preview: no image inside"
    if int(dataset.Rows) * int(dataset.Columns) > MOST_PIXELS:
        return None, "no preview: too many pixels"
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    try:
        values = pixel_array(dataset, index=frames // 2 if frames > 1 else 0)
        shown = _for_the_screen(dataset, values)
        return make_preview(Image.fromarray(shown), PREVIEW_SIDE), None
    except Exception as error:  # decoders raise anything on odd or hostile pixel data
        return None, f"no preview: the pixels could not be decoded ({type(error).__name__})"


def _for_the_screen(dataset: Dataset, values: Any) -> Any:
    """8-bit grey or RGB."""
    photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    if photometric == "PALETTE COLOR":
        values = apply_color_lut(values, dataset)
        return _scaled(values, 0, 65535 if values.dtype == np.uint16 else 255)
    if values.ndim == 3:
        return values.astype(np.uint8) if values.dtype == np.uint8 else _stretched(values)
    values = apply_modality_lut(values, dataset)
    if "WindowCenter" in dataset or "VOILUTSequence" in dataset:
        values = apply_voi_lut(values, dataset)
        grey = _stretched(values) if "VOILUTSequence" in dataset else _windowed(dataset, values)
    else:
        grey = _between_percentiles(values)
    return 255 - grey if photometric == "MONOCHROME1" else grey


def _windowed(dataset: Dataset, values: Any) -> Any:
    """``apply_voi_lut`` maps the window onto the full range of the stored bits (PS3.3 C.11.2)."""
    bits = int(dataset.get("BitsStored", 16))
    signed = int(dataset.get("PixelRepresentation", 0))
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    if "RescaleSlope" in dataset and "RescaleIntercept" in dataset:
        slope, intercept = float(dataset.RescaleSlope), float(dataset.RescaleIntercept)
        ends = (low * slope + intercept, high * slope + intercept)
        low, high = min(ends), max(ends)
    return _scaled(values, low, high)


def _between_percentiles(values: Any) -> Any:
    low, high = np.percentile(values, (1, 99))
    return _scaled(values, float(low), float(high))


def _stretched(values: Any) -> Any:
    return _scaled(values, float(values.min()), float(values.max()))


def _scaled(values: Any, low: float, high: float) -> Any:
    span = high - low or 1.0
    return np.clip((values.astype(np.float64) - low) * (255.0 / span), 0, 255).astype(np.uint8)
