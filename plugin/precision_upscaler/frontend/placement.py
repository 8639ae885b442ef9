"""Where a layer, its canvas and its neighbours end up: the arithmetic of every placement.

Pure functions over whole pixels. Positions follow GIMP's own rule for scaling an item, so that a
layer placed here and one that GIMP scales keep their relative position: both *edges* are scaled
and rounded half away from zero, and the size is what lies between them.
"""

from __future__ import absolute_import, division

from collections import namedtuple
from fractions import Fraction

from .options import FIT_LAYER, GROW_CANVAS, NEW_IMAGE, NEW_LAYER, PLACEMENTS, SCALE_IMAGE

Size = namedtuple("Size", "width height")
Box = namedtuple("Box", "x y width height")
"""A rectangle on the canvas in pixels; ``x`` and ``y`` may be negative."""

Placed = namedtuple("Placed", "canvas shift layer scales_others")
"""Where everything goes.

``canvas`` is the new :class:`Size` of the image; ``shift`` the ``(x, y)`` by which a growing canvas
moves what is on it; ``layer`` the upscaled layer's :class:`Box` on the new canvas;
``scales_others`` whether every other item of the image scales along.
"""

Received = namedtuple("Received", "scale agrees distorted")
"""What a result's size means: see :func:`received`."""


def rounded(value):
    # type: (Fraction | int) -> int
    """Return the nearest whole number, halves away from zero (GIMP's ``SIGNED_ROUND``)."""
    value = Fraction(value)
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return whole if value >= 0 else -whole


def scaled_size(size, scale):
    # type: (Size, Fraction | int) -> Size
    """Return ``size`` times ``scale``, at least one pixel a side."""
    return Size(max(1, rounded(size[0] * Fraction(scale))), max(1, rounded(size[1] * Fraction(scale))))


def scaled_box(box, scale_x, scale_y=None):
    # type: (Box, Fraction | int, Fraction | int | None) -> Box
    """Return ``box`` scaled about the canvas's origin, its edges rounded as GIMP rounds them."""
    scale_x = Fraction(scale_x)
    scale_y = scale_x if scale_y is None else Fraction(scale_y)
    left, top = rounded(box.x * scale_x), rounded(box.y * scale_y)
    right, bottom = rounded((box.x + box.width) * scale_x), rounded((box.y + box.height) * scale_y)
    return Box(left, top, max(1, right - left), max(1, bottom - top))


def place(placement, canvas, layer, scale):
    # type: (str, Size, Box, Fraction | int) -> Placed
    """Return where everything goes when ``layer`` comes back ``scale`` times as large.

    ``scale-image``: canvas and all items scale with the layer. ``grow-canvas`` and ``new-layer``:
    only the layer grows, from its upper left corner, and the canvas grows to hold all of it.
    ``fit-layer``: nothing moves. ``new-image``: an image of the layer's size. ValueError for any
    other name.
    """
    canvas, layer = Size(*canvas), Box(*layer)
    if placement == SCALE_IMAGE:
        return Placed(scaled_size(canvas, scale), (0, 0), scaled_box(layer, scale), True)
    if placement in (GROW_CANVAS, NEW_LAYER):
        size = scaled_size(Size(layer.width, layer.height), scale)
        left, top = min(0, layer.x), min(0, layer.y)
        right = max(canvas.width, layer.x + size.width)
        bottom = max(canvas.height, layer.y + size.height)
        box = Box(layer.x - left, layer.y - top, size.width, size.height)
        return Placed(Size(right - left, bottom - top), (-left, -top), box, False)
    if placement == FIT_LAYER:
        return Placed(canvas, (0, 0), layer, False)
    if placement == NEW_IMAGE:
        size = scaled_size(Size(layer.width, layer.height), scale)
        return Placed(size, (0, 0), Box(0, 0, size.width, size.height), False)
    raise ValueError("no placement is called %r" % (placement,))


def united(placed):
    # type: (list[Placed]) -> Placed
    """Return the canvas and shift that hold every one of several :class:`Placed`; ``layer`` is None.

    Each was worked out for the same image and placement. The boxes of their layers lie on canvases
    that were shifted differently, so add the difference of the shifts to move one onto this canvas.
    """
    shift = (max(one.shift[0] for one in placed), max(one.shift[1] for one in placed))
    width = max(one.canvas.width - one.shift[0] for one in placed) + shift[0]
    height = max(one.canvas.height - one.shift[1] for one in placed) + shift[1]
    return Placed(Size(width, height), shift, None, placed[0].scales_others)


def area_within(layer, selection, minimum_side, maximum_aspect):
    # type: (Box, Box, int, int) -> Box | None
    """Return the part of ``layer`` to send for a selection's bounds, or None when they do not meet.

    A part too small or too narrow for the service is widened with its surroundings as far as the
    layer reaches; whether that was enough is for the limits to say.
    """
    left, top = max(layer.x, selection.x), max(layer.y, selection.y)
    right = min(layer.x + layer.width, selection.x + selection.width)
    bottom = min(layer.y + layer.height, selection.y + selection.height)
    if right <= left or bottom <= top:
        return None
    longest = max(right - left, bottom - top)
    side = max(minimum_side, -(-longest // maximum_aspect))
    x, width = _widened(left, right - left, side, layer.x, layer.width)
    y, height = _widened(top, bottom - top, side, layer.y, layer.height)
    return Box(x, y, width, height)


def _widened(start, length, wanted, lowest, available):
    # type: (int, int, int, int, int) -> tuple[int, int]
    """Return ``(start, length)`` grown evenly to ``wanted`` inside ``available`` pixels from ``lowest``."""
    wanted = min(max(length, wanted), available)
    start -= (wanted - length) // 2
    return min(max(start, lowest), lowest + available - wanted), wanted


def received(asked, source, result):
    # type: (int, Size, Size) -> Received
    """Say at which scale a result of size ``result`` is placed when ``asked`` times ``source`` was asked.

    ``agrees``: within less than one source pixel of what was asked, so the asked scale stands.
    Otherwise the service chose another factor, and the result is placed at its own: stretching its
    pixels would add no detail. ``distorted``: the sides were scaled
    differently, so the asked scale stands and the result is stretched back to the true proportions.
    """
    source, result = Size(*source), Size(*result)
    if _close(result, source, Fraction(asked)):
        return Received(Fraction(asked), True, False)
    nearest = Fraction(max(1, rounded(Fraction(result.width, source.width))))
    if _close(result, source, nearest):
        return Received(nearest, False, False)
    longer = 0 if source.width >= source.height else 1
    own = Fraction(result[longer], source[longer])
    if _close(result, source, own):
        return Received(own, False, False)
    return Received(Fraction(asked), False, True)


def _close(result, source, scale):
    # type: (Size, Size, Fraction) -> bool
    # strictly less than a source pixel: whole encoder blocks and rounding, never another factor
    tolerance = max(scale, Fraction(2))
    off = (abs(result.width - source.width * scale), abs(result.height - source.height * scale))
    return bool(max(off) < tolerance)


def common_scale(asked, scales):
    # type: (int, list[Fraction]) -> Fraction
    """Return the one scale an image gets when its layers came back at ``scales``: theirs if they agree."""
    return scales[0] if scales and all(scale == scales[0] for scale in scales) else Fraction(asked)
