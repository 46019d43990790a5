"""Pictures for the demonstration, drawn here: no patient was ever photographed for them.

Each function gives PNG bytes. A fixed seed per picture keeps them the same from run to run.
"""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = (1280, 960)


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG", compress_level=1)
    return target.getvalue()


def _noise(seed: int, size: tuple[int, int], cell: int, strength: float) -> np.ndarray:
    """Soft noise: random values on a coarse grid, enlarged smoothly."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, strength, (size[1] // cell + 2, size[0] // cell + 2)) + 128
    small = Image.fromarray(np.clip(coarse, 0, 255).astype(np.uint8))
    return np.asarray(small.resize(size, Image.Resampling.BICUBIC), dtype=np.float32) - 128


def _skin(seed: int, tone: tuple[int, int, int]) -> np.ndarray:
    """Skin: a tone, slow blotches, fine grain, light from one side."""
    width, height = SIZE
    blotches = _noise(seed, SIZE, 160, 7) + _noise(seed + 1, SIZE, 40, 3)
    grain = _noise(seed + 2, SIZE, 4, 6)
    light = np.linspace(12, -18, width)[None, :] + np.linspace(6, -10, height)[:, None]
    base = np.empty((height, width, 3), np.float32)
    base[:] = tone
    base += (blotches + grain + light)[..., None]
    base[..., 1] -= np.abs(blotches) * 0.4
    return base


Mask = tuple[tuple[slice, slice], np.ndarray]
"""Where a shape lies, and 0 to 1 there: only that box is computed."""


def _blob(seed: int, centre: tuple[int, int], radius: float, rough: float) -> Mask:
    """An irregular round shape, soft at its edge."""
    width, height = SIZE
    reach = int(radius * (1.2 + 2 * rough))
    left, right = max(0, centre[0] - reach), min(width, centre[0] + reach)
    top, bottom = max(0, centre[1] - reach), min(height, centre[1] + reach)
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    angle = np.arctan2(y - centre[1], x - centre[0])
    edge = np.full_like(angle, radius)
    for wave in range(2, 9):
        edge += radius * rough / wave * np.cos(wave * angle + rng.uniform(0, 2 * math.pi))
    distance = np.hypot(x - centre[0], y - centre[1])
    inside = np.clip((edge - distance) / (radius * 0.08) + 0.5, 0, 1)
    return (slice(top, bottom), slice(left, right)), inside


def _mixed(base: np.ndarray, mask: Mask, strength: float, colour: tuple[int, int, int]) -> None:
    """Lay a colour over what the mask covers."""
    box, inside = mask
    base[box] += (np.array(colour, np.float32) - base[box]) * (inside * strength)[..., None]


def _finished(base: np.ndarray, blur: float = 0.6) -> Image.Image:
    image = Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))
    return image.filter(ImageFilter.GaussianBlur(blur))


def pigmented_lesion(seed: int = 11) -> bytes:
    """An asymmetric pigmented lesion of two colours beside a ruler."""
    base = _skin(seed, (214, 168, 142))
    _mixed(base, _blob(seed, (610, 450), 210, 0.35), 0.75, (122, 78, 56))
    _mixed(base, _blob(seed + 3, (670, 410), 110, 0.5), 0.8, (58, 38, 34))
    _mixed(base, _blob(seed + 5, (520, 540), 55, 0.4), 0.5, (150, 70, 66))
    image = _finished(base)
    _ruler(image)
    return _png(image)


def eczema(seed: int = 23) -> bytes:
    """Red, scaly patches in a fold of the elbow."""
    base = _skin(seed, (222, 180, 156))
    rng = np.random.default_rng(seed)
    for number in range(14):
        centre = (int(rng.uniform(250, 1000)), int(rng.uniform(220, 760)))
        patch = _blob(seed + number, centre, float(rng.uniform(40, 130)), 0.5)
        _mixed(base, patch, 0.42, (196, 84, 72))
    scales = np.clip(_noise(seed + 40, SIZE, 6, 60) - 40, 0, 60) / 60
    everywhere = (slice(None), slice(None))
    _mixed(base, (everywhere, scales), 0.35, (244, 232, 220))
    return _png(_finished(base))


def pressure_sore(seed: int = 37) -> bytes:
    """A sacral pressure sore: red border, yellow bed, a dark edge."""
    base = _skin(seed, (208, 160, 138))
    _mixed(base, _blob(seed, (640, 480), 310, 0.22), 0.45, (186, 78, 70))
    _mixed(base, _blob(seed + 1, (640, 480), 205, 0.28), 0.85, (150, 44, 46))
    _mixed(base, _blob(seed + 2, (630, 490), 140, 0.35), 0.8, (206, 176, 96))
    _mixed(base, _blob(seed + 3, (735, 415), 48, 0.5), 0.9, (44, 32, 30))
    image = _finished(base, 1.0)
    _ruler(image)
    return _png(image)


def swollen_hand(seed: int = 41) -> bytes:
    """A hand with two swollen knuckles, drawn."""
    image = Image.new("RGB", SIZE, (196, 206, 210))
    draw = ImageDraw.Draw(image)
    skin = (222, 178, 152)
    draw.rounded_rectangle((430, 420, 860, 900), 120, fill=skin)
    fingers = ((440, 150), (550, 90), (660, 80), (765, 140))
    for left, top in fingers:
        draw.rounded_rectangle((left, top, left + 88, 560), 44, fill=skin)
    draw.polygon(((860, 620), (1010, 470), (1060, 520), (860, 800)), fill=skin)
    for left, top in fingers[1:3]:
        draw.ellipse((left - 14, 360, left + 102, 480), fill=(208, 128, 112))
        draw.arc((left + 10, top + 120, left + 78, top + 150), 0, 180, (180, 130, 110), 4)
    soft = image.filter(ImageFilter.GaussianBlur(5))
    base = np.asarray(soft, np.float32) + _noise(seed, SIZE, 5, 8)[..., None]
    return _png(_finished(base))


def wrist_film(seed: int = 53) -> bytes:
    """A film of a wrist with a displaced break of the radius."""
    image = Image.new("L", SIZE, 12)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((430, 20, 850, 940), 150, fill=46)
    draw.polygon(((500, 940), (560, 560), (650, 555), (640, 940)), fill=176)
    draw.polygon(((528, 545), (520, 420), (680, 400), (672, 520), (600, 548)), fill=190)
    draw.polygon(((700, 940), (715, 470), (770, 470), (790, 940)), fill=164)
    rng = np.random.default_rng(seed)
    for row in range(2):
        for column in range(4):
            x = 520 + column * 70 + float(rng.uniform(-6, 6))
            y = 300 + row * 58
            draw.ellipse((x, y, x + 66, y + 56), fill=148 + int(rng.uniform(0, 20)))
    for column in range(5):
        left = 470 + column * 76
        draw.rounded_rectangle((left, 40, left + 44, 280), 20, fill=150)
    draw.line(((540, 555), (590, 540), (640, 556)), fill=30, width=7)
    return _png(_film(image, seed))


def chest_film(seed: int = 61) -> bytes:
    """A chest film with a hazy lower right lobe."""
    image = Image.new("L", SIZE, 96)
    draw = ImageDraw.Draw(image)
    draw.ellipse((270, 110, 620, 860), fill=28)
    draw.ellipse((670, 110, 1010, 860), fill=30)
    draw.ellipse((560, 470, 850, 860), fill=150)
    draw.rectangle((600, 40, 680, 900), fill=140)
    for number in range(9):
        top = 130 + number * 78
        draw.arc((220, top, 640, top + 220), 190, 350, fill=112, width=11)
        draw.arc((650, top, 1060, top + 220), 190, 350, fill=112, width=11)
    image = image.filter(ImageFilter.GaussianBlur(7))
    haze = Image.new("L", SIZE, 0)
    ImageDraw.Draw(haze).ellipse((310, 600, 560, 840), fill=110)
    base = np.asarray(image, np.float32)
    base = base + np.asarray(haze.filter(ImageFilter.GaussianBlur(45)), np.float32)
    return _png(_film(Image.fromarray(np.clip(base, 0, 255).astype(np.uint8)), seed))


def ecg_strip(seed: int = 71, irregular: bool = True) -> bytes:
    """Two leads on paper; irregular intervals without P waves by default."""
    image = Image.new("RGB", (1600, 700), (255, 246, 242))
    draw = ImageDraw.Draw(image)
    for step, colour in ((8, (250, 222, 216)), (40, (240, 188, 180))):
        for x in range(0, 1600, step):
            draw.line(((x, 0), (x, 700)), fill=colour)
        for y in range(0, 700, step):
            draw.line(((0, y), (1600, y)), fill=colour)
    rng = np.random.default_rng(seed)
    for lead, centre in (("II", 230), ("V1", 520)):
        beats = np.cumsum(rng.uniform(70, 190, 14) if irregular else np.full(14, 130))
        points = [(x, centre - _ecg_height(x, beats, rng, irregular)) for x in range(40, 1570, 2)]
        draw.line(points, fill=(24, 32, 44), width=3, joint="curve")
        draw.text((44, centre - 130), lead, fill=(24, 32, 44), font_size=28)
    draw.text((1330, 664), "25 mm/s  10 mm/mV", fill=(90, 70, 70), font_size=22)
    return _png(image)


def _ecg_height(x: int, beats: np.ndarray, rng: np.random.Generator, irregular: bool) -> float:
    """Height of the trace above its base line at one point of the paper."""
    since = x - beats
    qrs = 95 * np.exp(-((since / 5.0) ** 2)) - 26 * np.exp(-(((since - 11) / 6.0) ** 2))
    wave = 20 * np.exp(-(((since - 55) / 16.0) ** 2))
    before = 0 if irregular else 11 * np.exp(-(((since + 32) / 9.0) ** 2))
    tremor = 3.5 * math.sin(x / 4.1) + float(rng.normal(0, 1.2)) if irregular else 0.0
    return float((qrs + wave + before).sum()) + tremor


def _film(image: Image.Image, seed: int) -> Image.Image:
    """Grain and soft edges of a film."""
    soft = image.filter(ImageFilter.GaussianBlur(4))
    base = np.asarray(soft, np.float32) + _noise(seed, SIZE, 3, 7) + _noise(seed + 1, SIZE, 60, 5)
    film = Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))
    ImageDraw.Draw(film).text((1180, 40), "R", fill=230, font_size=54)
    return film.convert("RGB")


def _ruler(image: Image.Image) -> None:
    """A centimetre rule in the corner, as good practice asks."""
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 850, 760, 930), fill=(246, 244, 236))
    for tick in range(71):
        length = 40 if tick % 10 == 0 else 26 if tick % 5 == 0 else 16
        draw.line(((70 + tick * 9.6, 852), (70 + tick * 9.6, 852 + length)), fill=(30, 30, 30))
    for number in range(8):
        draw.text((64 + number * 96, 896), str(number), fill=(30, 30, 30), font_size=24)
