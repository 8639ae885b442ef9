"""Exact sizes: what a person asks for, the whole factor that is bought for it, and the tiles it takes.

Pure functions over pixels and Fractions. The service makes whole factors up to a largest side. What is asked
for between them is bought at the next larger factor and scaled down once, here. A result or a source beyond
the service's limits is cut into overlapping tiles.
"""

from __future__ import absolute_import, division

import io
import json
import os
import re
from collections import namedtuple
from fractions import Fraction

from . import LIMITS, parameter
from .estimates import estimate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

with io.open(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "sizes.json"), encoding="utf-8"
) as _stream:
    USUAL = json.load(_stream)  # type: dict[str, Any]

FIT, FILL, STRETCH = SHAPES = ("fit", "fill", "stretch")
"""What is done where the target has another shape: fit inside it, fill it and crop, or stretch."""

_GRIDS = 4
"""How many numbers of tiles a side are tried: smaller tiles may be cheaper, many more of them never are."""

LARGEST_SIDE = 262144
"""GIMP's largest image side in pixels."""

_MILLIMETRES = {"mm": Fraction(1), "cm": Fraction(10), "in": Fraction(127, 5)}
_NUMBER = r"([0-9]{1,7}(?:\.[0-9]{1,4})?)"

Target = namedtuple("Target", "width height resolution")
"""An exact size: pixels, and pixels per inch (None: kept). One of the sides may be None: it follows."""

Exact = namedtuple("Exact", "width height scale_x scale_y crop")
"""The size a target comes to: pixels, the Fractions the source is scaled by, and the crop.

``crop`` is ``(x, y)``: where the target begins in the scaled source, which is larger when it is filled.
"""

Tile = namedtuple("Tile", "x y width height")
"""A piece of the source to send, in pixels."""

Route = namedtuple("Route", "factor tiles amount megapixels")
"""What is bought: the factor, the pieces, the estimated price of all, the megapixels the service makes."""


class UnknownSize(ValueError):
    """A size that cannot be understood or made; ``args[0]`` is a stable code.

    Codes: ``syntax``, ``zero``, ``nothing-to-buy``, ``too-large``, ``factor``, ``too-small``.
    """


def parsed(text):
    # type: (str) -> Target
    """Return the target that ``text`` names: ``4961x3508``, ``A3@300``, ``42x29.7cm@300``, ``4K``.

    Millimetres and inches become pixels by the resolution, rounded to the nearest. ``syntax`` when
    it is none of these, ``zero`` when a side comes to nothing, ``too-large`` beyond what GIMP can hold.
    """
    name, at, resolution_text = text.strip().partition("@")
    resolution = _resolution(resolution_text) if at else None
    width, height, unit = _named(name) or _measured(name)
    if unit == "px":
        if width.denominator != 1 or height.denominator != 1:
            raise UnknownSize("syntax")
        return _checked(int(width), int(height), resolution)
    if resolution is None:
        raise UnknownSize("syntax")
    inches = _MILLIMETRES[unit] * resolution * 5 / 127
    return _checked(_rounded(width * inches), _rounded(height * inches), resolution)


def _resolution(text):
    # type: (str) -> Fraction
    if not re.match(_NUMBER + "$", text) or Fraction(text) <= 0:
        raise UnknownSize("syntax")
    return Fraction(text)


def _named(name):
    # type: (str) -> tuple[Fraction, Fraction, str] | None
    for kind, unit in (("paper", "mm"), ("photo", "mm"), ("screen", "px")):
        for size in USUAL[kind]:
            if name.lower() == size["name"].lower():
                return Fraction(str(size["width"])), Fraction(str(size["height"])), unit
    return None


def _measured(text):
    # type: (str) -> tuple[Fraction, Fraction, str]
    found = re.match(_NUMBER + r"\s*x\s*" + _NUMBER + r"\s*(px|mm|cm|in)?$", text)
    if not found:
        raise UnknownSize("syntax")
    return Fraction(found.group(1)), Fraction(found.group(2)), found.group(3) or "px"


def _rounded(value):
    # type: (Fraction) -> int
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _checked(width, height, resolution):
    # type: (int, int, Fraction | None) -> Target
    if min(width, height) < 1:
        raise UnknownSize("zero")
    if max(width, height) > LARGEST_SIDE:
        raise UnknownSize("too-large")
    return Target(width, height, resolution)


def turned(target, width, height):
    # type: (Target, int, int) -> Target
    """Return ``target`` with its long side along that of a source of ``width`` by ``height`` pixels."""
    if (target.width - target.height) * (width - height) < 0:
        return Target(target.height, target.width, target.resolution)
    return target


def exact(width, height, target, shape=FIT):
    # type: (int, int, Target, str) -> Exact
    """Return the size that a source of ``width`` by ``height`` pixels comes to.

    With a side of the target None the other one decides. ``fit``: the whole source inside the target.
    ``fill``: the target filled, the rest of the source cropped evenly. ``stretch``: both sides exactly.
    """
    if target.width is None or target.height is None:
        side, length = (target.width, width) if target.height is None else (target.height, height)
        scale = Fraction(side, length)
        return Exact(*(_scaled(width, height, scale) + (scale, scale, (0, 0))))
    across, down = Fraction(target.width, width), Fraction(target.height, height)
    if shape == STRETCH:
        return Exact(target.width, target.height, across, down, (0, 0))
    if shape == FIT:
        scale = min(across, down)
        return Exact(*(_scaled(width, height, scale) + (scale, scale, (0, 0))))
    scale = max(across, down)
    full_width, full_height = _scaled(width, height, scale)
    crop = ((full_width - target.width) // 2, (full_height - target.height) // 2)
    return Exact(target.width, target.height, scale, scale, crop)


def _scaled(width, height, scale):
    # type: (int, int, Fraction) -> tuple[int, int]
    return max(1, _rounded(width * scale)), max(1, _rounded(height * scale))


def long_side(width, height, side):
    # type: (int, int, int) -> Target
    """Return the target that makes a source's longer side ``side`` pixels."""
    return Target(side, None, None) if width >= height else Target(None, side, None)


def bought_factor(scale_x, scale_y):
    # type: (Fraction, Fraction) -> int
    """Return the smallest whole factor with enough pixels for both scales.

    UnknownSize ``nothing-to-buy`` when the source is large enough, ``factor`` beyond the service's largest.
    """
    wanted = max(scale_x, scale_y)
    if wanted <= 1:
        raise UnknownSize("nothing-to-buy")
    known = parameter("scale_factor")
    factor = max(known.minimum, -(-wanted.numerator // wanted.denominator))
    if factor > known.maximum:
        raise UnknownSize("factor")
    return int(factor)


def overlap_of(factor):
    # type: (int) -> int
    """Return by how many source pixels tiles overlap: wide enough to hide 128 pixels of cross-fade."""
    return max(24, -(-128 // factor))


def route(width, height, factor, table=None):
    # type: (int, int, int, dict[str, Any] | None) -> Route
    """Return the cheapest way to make a source of ``width`` by ``height`` pixels ``factor`` times as large.

    The grid of equal overlapping tiles that costs least; of several, the one with the fewest tasks, which is
    one where the service takes the source whole. UnknownSize ``too-small`` where a side is too short for it.
    """
    least, aspect = LIMITS["minimum_input_side"], LIMITS["maximum_aspect"]
    most = LIMITS["maximum_output_side"] // factor
    if min(width, height) < least:
        raise UnknownSize("too-small")
    overlap = overlap_of(factor)
    best = None  # type: tuple[tuple[float, int], int, int, int, int] | None
    # a tile is no longer than its aspect allows beside the longest other side
    longest, highest = (min(most, aspect * min(most, other)) for other in (height, width))
    for columns in _counts(width, least, longest, overlap):
        across = _length(width, columns, overlap)
        for rows in _counts(height, least, highest, overlap):
            down = _length(height, rows, overlap)
            if max(across, down) > aspect * min(across, down):
                continue
            price = estimate(across, down, factor, table).amount * columns * rows
            rank = (round(price, 4), columns * rows)
            if best is None or rank < best[0]:
                best = (rank, columns, rows, across, down)
    if best is None:
        raise UnknownSize("too-small")
    _, columns, rows, across, down = best
    tiles = tuple(
        Tile(x, y, across, down) for y in _starts(height, rows, down) for x in _starts(width, columns, across)
    )
    megapixels = len(tiles) * across * down * factor * factor / 1e6
    return Route(factor, tiles, round(best[0][0], 2), megapixels)


def _counts(length, least, most, overlap):
    # type: (int, int, int, int) -> list[int]
    """Return the numbers of tiles along a side: from as few as their largest length allows."""
    found = []  # type: list[int]
    number = 1
    while len(found) < _GRIDS:
        size = _length(length, number, overlap)
        if size < least or (number > 1 and size <= overlap):
            break
        if size <= most:
            found.append(number)
        number += 1
    return found


def _length(length, number, overlap):
    # type: (int, int, int) -> int
    return -(-(length + (number - 1) * overlap) // number)


def _starts(length, number, size):
    # type: (int, int, int) -> list[int]
    if number == 1:
        return [0]
    return [(index * (length - size)) // (number - 1) for index in range(number)]
