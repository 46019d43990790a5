"""Pictures leave without a word about who, where, when; hostile ones do not leave at all."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from client.cleaning import (
    PictureTooLarge,
    PlainFile,
    UnreadablePicture,
    clean_file,
)
from client.cleaning.pictures import clean_picture

MARK = "Philomene Chappaz, Abondance"
TAGS = {0x010F: MARK, 0x0110: MARK, 0x0131: MARK, 0x013B: MARK, 0x8298: MARK, 0x9286: MARK}


def halves(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """Red at the left, blue at the right: one sees which way is up."""
    image = Image.new(mode, size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    return image


def telling(image: Image.Image, kind: str, orientation: int = 1) -> io.BytesIO:
    """The picture with everything a telephone adds."""
    exif = Image.Exif()
    for tag, value in TAGS.items():
        exif[tag] = value
    exif[0x0112] = orientation
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (46.0, 16.0, 44.0), "E", (6.0, 43.0, 12.0)
    options: dict[str, Any] = {"exif": exif}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options["icc_profile"] = profile
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Author", MARK)
        text.add_itxt("Description", MARK)
        options["pnginfo"] = text
    if kind == "JPEG":
        options |= {"comment": MARK.encode(), "xmp": MARK.encode(), "quality": 95}
    if kind == "WEBP":
        options |= {"xmp": MARK.encode()}
    target = io.BytesIO()
    image.save(target, kind, **options)
    assert MARK.encode() in target.getvalue() or kind == "PNG"
    target.seek(0)
    return target


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("original_size", [False, True])
def test_nothing_but_pixels_is_left(kind: str, original_size: bool) -> None:
    cleaned = clean_picture(telling(halves((400, 300)), kind), original_size=original_size)
    for picture in (cleaned.picture, cleaned.preview):
        data = picture.content.read()
        for trace in (MARK.encode(), b"Chappaz", b"Exif", b"ICC_PROFILE", b"iCCP", b"GPS"):
            assert trace not in data
        again = Image.open(io.BytesIO(data))
        assert not again.getexif()
        kept = set(again.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert kept <= {"progressive", "progression", "loop", "background", "timestamp"}
    assert "EXIF removed" in cleaned.report
    assert kind == "TIFF" or "GPS position removed" in cleaned.report


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_upright(orientation: int) -> None:
    """Whatever the orientation tag says, the picture comes out as a viewer would show it."""
    source = telling(halves((400, 300)), "JPEG", orientation)
    cleaned = clean_picture(source)
    shown = Image.open(cleaned.picture.content)
    assert shown.size == ((400, 300) if orientation < 5 else (300, 400))
    left, top = {
        1: (0, None), 2: (1, None), 3: (1, None), 4: (0, None),
        5: (None, 0), 6: (None, 0), 7: (None, 1), 8: (None, 1),
    }[orientation]  # fmt: skip
    width, height = shown.size
    x = width // 2 if left is None else (20 if left == 0 else width - 20)
    y = height // 2 if top is None else (20 if top == 0 else height - 20)
    red, _, blue = shown.convert("RGB").getpixel((x, y))  # type: ignore[misc]
    assert red > 200 > blue


@pytest.mark.parametrize(
    ("size", "shown"),
    [((4000, 3000), (1600, 1200)), ((900, 2400), (600, 1600)), ((80, 60), (80, 60))],
)
def test_sizes(size: tuple[int, int], shown: tuple[int, int]) -> None:
    cleaned = clean_picture(telling(halves(size), "JPEG"))
    assert (cleaned.picture.width, cleaned.picture.height) == shown
    assert max(cleaned.preview.width, cleaned.preview.height) <= 320
    assert cleaned.preview.size < 20_000


def test_the_original_size_on_request() -> None:
    cleaned = clean_picture(telling(halves((2500, 1800)), "JPEG"), original_size=True)
    assert (cleaned.picture.width, cleaned.picture.height) == (2500, 1800)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
def test_every_colour_mode(mode: str) -> None:
    image = Image.new(mode, (50, 40), 1) if mode == "I;16" else halves((50, 40)).convert(mode)
    target = io.BytesIO()
    image.save(target, "TIFF" if mode in ("CMYK", "I;16") else "PNG")
    target.seek(0)
    cleaned = clean_picture(target)
    assert cleaned.picture.type in ("image/jpeg", "image/webp")
    assert Image.open(cleaned.preview.content).mode == "RGB"


def test_the_first_of_several_images() -> None:
    target = io.BytesIO()
    frames = [halves((60, 40)), Image.new("RGB", (60, 40), "green")]
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])
    target.seek(0)
    cleaned = clean_picture(target)
    assert "first of 2 images kept" in cleaned.report


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims a great many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_000, 14_000, 60_000])
def test_a_decompression_bomb_is_not_opened(side: int) -> None:
    with pytest.raises(PictureTooLarge):
        clean_picture(io.BytesIO(bomb(side, side)))


def test_a_picture_cut_short() -> None:
    whole = telling(halves((400, 300)), "JPEG").getvalue()
    with pytest.raises(UnreadablePicture):
        clean_picture(io.BytesIO(whole[: len(whole) // 2]))


def test_programs_dressed_as_pictures_are_not_run() -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"
    with pytest.raises(UnreadablePicture):
        clean_picture(io.BytesIO(postscript))


def test_heic_is_refused_rather_than_sent_with_its_place() -> None:
    heic = b"\x00\x00\x00\x18ftypheic" + bytes(64)
    with (
        pytest.raises(UnreadablePicture, match="HEIC"),
        clean_file(PlainFile("IMG_1.HEIC", data=heic)),
    ):
        pass


@settings(max_examples=150, deadline=None)
@given(
    head=st.sampled_from([b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\x00"]),
    body=st.binary(max_size=400),
)
def test_hostile_bytes_end_in_a_refusal(head: bytes, body: bytes) -> None:
    with suppress(UnreadablePicture, PictureTooLarge):
        clean_picture(io.BytesIO(head + body))


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("courrier.pdf", b"%PDF-1.7 ...", "application/pdf"),
        ("page.html", b"<script>alert(1)</script>", "application/octet-stream"),
        ("dessin.svg", b"<svg onload='x'/>", "application/octet-stream"),
        ("sans extension", b"\x00\x01", "application/octet-stream"),
    ],
)
def test_other_files_pass_as_plain_bytes(name: str, data: bytes, kind: str) -> None:
    with clean_file(PlainFile(name, data=data)) as cleaned:
        assert cleaned.type == kind and cleaned.preview is None
        assert cleaned.content.read() == data


def test_names_a_manifest_accepts() -> None:
    for name in ("a\nb.pdf", "../../etc/passwd", "x" * 400 + ".pdf", "\u202egnp.exe"):
        with clean_file(PlainFile(name, data=b"%PDF")) as cleaned:
            assert cleaned.name.isprintable() and "/" not in cleaned.name
            assert 0 < len(cleaned.name) <= 120
