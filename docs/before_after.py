"""Draw a picture before and after upscaling side by side, with the same detail of both enlarged.

    python docs/before_after.py BEFORE AFTER OUTPUT --factor 2

Needs Pillow (it is in the clone's .venv). Exits with 1 when AFTER is not exactly FACTOR times as large.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_WIDTH = 1480
_GAP = 40
_LINE = 34
_WORDS_AT = 780
"""Width that both whole pictures have together, in pixels of the sheet."""
_INK, _SOFT, _PAPER, _MARK = "#1d1d1f", "#6b6b70", "#ffffff", "#e4572e"


def detail(size: tuple[int, int], where: tuple[float, float], part: float) -> tuple[int, int, int, int]:
    """Return the box (left, top, right, bottom; pixels) of a square around ``where`` (fractions of the size).

    Its side is ``part`` of the shorter side of the picture, and it lies inside the picture.
    """
    width, height = size
    side = round(min(size) * part)
    left = min(max(round(width * where[0] - side / 2), 0), width - side)
    top = min(max(round(height * where[1] - side / 2), 0), height - side)
    return left, top, left + side, top + side


def draw(
    before: Image.Image, after: Image.Image, factor: int, box: tuple[int, int, int, int], how: str
) -> Image.Image:
    """Return the sheet: both pictures in their true proportion above, one detail of both large below."""
    pictures = [picture.convert("RGB") for picture in (before, after)]
    marks = [box, tuple(side * factor for side in box)]
    column = (_WIDTH - 3 * _GAP) // 2
    # beside the pictures there is room for the words
    small = _WORDS_AT // (1 + factor)
    sizes = [(small * scale, round(before.height * small / before.width) * scale) for scale in (1, factor)]
    below = _GAP + sizes[1][1] + _GAP + _LINE
    sheet = Image.new("RGB", (_WIDTH, below + column + _GAP), _PAPER)
    zoom = column / (box[2] - box[0])
    _write(sheet, 2 * _GAP + _WORDS_AT + _GAP, _words(before, after, factor, how))
    for index, (picture, mark, size) in enumerate(zip(pictures, marks, sizes, strict=True)):
        # on one line at their feet, as one compares people
        place = (_GAP + index * (sizes[0][0] + _GAP), _GAP + sizes[1][1] - size[1])
        sheet.paste(picture.resize(size, Image.Resampling.LANCZOS), place)
        shown = size[0] / picture.width
        corners = [place[axis % 2] + side * shown for axis, side in enumerate(mark)]
        pen = ImageDraw.Draw(sheet)
        pen.rectangle(corners, outline=_MARK, width=3)
        left = _GAP + index * (column + _GAP)
        title = (f"Before, {zoom:.1f} times enlarged", f"After, {zoom / factor:.1f} times enlarged")[index]
        pen.text((left, below - _LINE - 4), title, _SOFT, ImageFont.load_default(22))
        # pixels as they are: an interpolation here would improve what is to be judged
        sheet.paste(picture.crop(mark).resize((column, column), Image.Resampling.NEAREST), (left, below))
        pen.rectangle((left, below, left + column - 1, below + column - 1), outline=_MARK, width=3)
    return sheet


def _words(before: Image.Image, after: Image.Image, factor: int, how: str) -> list[tuple[str, bool]]:
    """Return the lines beside the pictures, and which of them are headings."""
    return [
        (f"Before: {before.width} x {before.height} pixels", True),
        ("", False),
        (f"After: {after.width} x {after.height} pixels", True),
        (f"enlarged {factor} times by {how}", False),
        ("", False),
        ("Both pictures at the same scale;", False),
        ("below, the marked detail of each.", False),
    ]


def _write(sheet: Image.Image, left: int, lines: list[tuple[str, bool]]) -> None:
    pen = ImageDraw.Draw(sheet)
    for number, (line, heading) in enumerate(lines):
        font = ImageFont.load_default(30 if heading else 22)
        pen.text((left, _GAP + number * (_LINE + 4)), line, _INK if heading else _SOFT, font)


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--factor", type=int, required=True, help="how many times as large AFTER must be")
    parser.add_argument("--how", default="Precision Upscaler", help="who made AFTER")
    parser.add_argument(
        "--at", type=float, nargs=2, default=(0.49, 0.35), help="the detail's middle, in fractions"
    )
    parser.add_argument(
        "--part", type=float, default=0.28, help="the detail's side, as part of the shorter side"
    )
    options = parser.parse_args()
    with Image.open(options.before) as before, Image.open(options.after) as after:
        expected = (before.width * options.factor, before.height * options.factor)
        if after.size != expected:
            sys.exit(f"{options.after} has {after.size} pixels, expected {expected}")
        box = detail(before.size, tuple(options.at), options.part)
        draw(before, after, options.factor, box, options.how).save(options.output, optimize=True, quality=88)


if __name__ == "__main__":
    main()
