"""Draw the application's icons from the one line that is its sign.

Run after changing the knot: `python deploy/make_icons.py`. The path comes from the client's own
source, so that icon, page and paper never drift apart.
"""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = ROOT / "static" / "public"
KNOT = ROOT / "static" / "src" / "ui" / "knot.tsx"

SNOW = (247, 249, 250, 255)
GLACIER = (31, 111, 147, 255)
WHITE = (255, 255, 255, 255)
CLEAR = (0, 0, 0, 0)

BOX = (72, 40)
"""The path's own coordinates."""
STROKE = 3.6
SMOOTH = 4
"""Drawn this many times larger, then reduced: Pillow's lines have hard edges."""

Point = tuple[float, float]


def knot_path() -> str:
    """The path as the client draws it."""
    found = re.search(r"KNOT_PATH\s*=\s*'([^']+)'", KNOT.read_text())
    if not found:
        raise SystemExit(f"no KNOT_PATH in {KNOT}")
    return found.group(1)


def strokes(path: str) -> list[list[Point]]:
    """The path's lines as dense points. Only `M` and absolute `C` occur in it."""
    lines: list[list[Point]] = []
    for command, body in re.findall(r"([MC])([^MC]*)", path):
        numbers = [float(text) for text in re.findall(r"-?\d*\.?\d+", body)]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "M":
            lines.append([points[0]])
            continue
        for i in range(0, len(points), 3):
            lines[-1] += bezier(lines[-1][-1], *points[i : i + 3])
    return lines


def bezier(start: Point, first: Point, second: Point, end: Point, parts: int = 24) -> list[Point]:
    """Points of a cubic curve after its start."""

    def at(t: float, axis: int) -> float:
        u = 1 - t
        return (
            u**3 * start[axis]
            + 3 * u * u * t * first[axis]
            + 3 * u * t * t * second[axis]
            + t**3 * end[axis]
        )

    return [(at(i / parts, 0), at(i / parts, 1)) for i in range(1, parts + 1)]


def draw(
    size: int,
    line: tuple[int, int, int, int],
    ground: tuple[int, int, int, int],
    share: float,
    corner: float = 0.0,
) -> Image.Image:
    """The knot on a square; `share` of its width is the knot's, `corner` rounds the ground."""
    side = size * SMOOTH
    image = Image.new("RGBA", (side, side), CLEAR)
    pen = ImageDraw.Draw(image)
    if ground != CLEAR:
        pen.rounded_rectangle((0, 0, side - 1, side - 1), radius=corner * side, fill=ground)
    scale = side * share / BOX[0]
    left, top = side * (1 - share) / 2, (side - BOX[1] * scale) / 2
    radius = STROKE * scale / 2
    for stroke in strokes(knot_path()):
        points = [(left + x * scale, top + y * scale) for x, y in stroke]
        pen.line(points, fill=line, width=round(2 * radius), joint="curve")
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=line)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def svg() -> str:
    """The favicon: lighter in a dark browser."""
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -20 80 80">
<style>path{{stroke:#1f6f93}}@media(prefers-color-scheme:dark){{path{{stroke:#78c3e3}}}}</style>
<path d="{knot_path()}" fill="none" stroke-width="5" stroke-linecap="round"/>
</svg>
"""


def main() -> None:
    PUBLIC.mkdir(exist_ok=True)
    (PUBLIC / "icon.svg").write_text(svg())
    for size in (192, 512):
        draw(size, WHITE, GLACIER, 0.74, corner=0.22).save(
            PUBLIC / f"icon-{size}.png", optimize=True
        )
    # Phones cut these to their own shape: the ground fills the square, the knot its middle.
    draw(512, WHITE, GLACIER, 0.58).save(PUBLIC / "icon-maskable-512.png", optimize=True)
    draw(180, WHITE, GLACIER, 0.72).convert("RGB").save(PUBLIC / "icon-180.png", optimize=True)
    draw(96, WHITE, CLEAR, 0.94).save(PUBLIC / "badge-96.png", optimize=True)


if __name__ == "__main__":
    main()
