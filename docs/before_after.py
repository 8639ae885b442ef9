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
    """Return the sheet: both pictures in their true proportion above, one detail of both below."""
    heading, text = ImageFont.load_default(30), ImageFont.load_default(22)
    column = (_WIDTH - 3 * _GAP) // 2
    large = min(column / after.width, 1.0)
    sizes = [(round(before.width * large), round(before.height * large))]
    sizes.append((sizes[0][0] * factor, sizes[0][1] * factor))
    top = _GAP + 2 * _LINE + 10
    below = top + sizes[1][1] + _GAP + 2 * _LINE
    sheet = Image.new("RGB", (_WIDTH, below + column + _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    zoom = column / (box[2] - box[0])
    captions = (
        (
            f"Before: {before.width} x {before.height} pixels",
            "both pictures at the same scale",
            f"the marked detail, {zoom:.1f} times enlarged",
        ),
        (
            f"After: {after.width} x {after.height} pixels",
            f"enlarged by {how}",
            f"the same detail, {zoom / factor:.1f} times enlarged",
        ),
    )
    for index, picture in enumerate((before, after)):
        left = _GAP + index * (column + _GAP)
        scale = factor if index else 1
        place = (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)
        pen.text((left, _GAP), captions[index][0], _INK, heading)
        pen.text((left, _GAP + _LINE), captions[index][1], _SOFT, text)
        pen.text((left, below - _LINE - 8), captions[index][2], _SOFT, text)
        sheet.paste(picture.convert("RGB").resize(sizes[index], Image.Resampling.LANCZOS), (left, top))
        shown = sizes[index][0] / picture.width
        corners = [
            left + place[0] * shown,
            top + place[1] * shown,
            left + place[2] * shown,
            top + place[3] * shown,
        ]
        pen.rectangle(corners, outline=_MARK, width=3)
        # pixels as they are: an interpolation here would improve what is to be judged
        enlarged = picture.convert("RGB").crop(place).resize((column, column), Image.Resampling.NEAREST)
        sheet.paste(enlarged, (left, below))
        pen.rectangle((left, below, left + column - 1, below + column - 1), outline=_MARK, width=3)
    return sheet


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
