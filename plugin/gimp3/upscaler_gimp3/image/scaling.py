"""Scale alpha, masks, selections and the user's own pixels with GIMP, in private images.

The interpolation is a setting of GIMP's context, so it is pushed for the one call. NoHalo is GIMP's
best for enlarging, but takes a second for each megapixel of the result. Above :data:`BEST_UP_TO` cubic is
used, the default of GIMP's own Scale dialog.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp

from .buffers import RGB8, VALUE, copy_pixels, new_buffer, size_of
from .rendering import plain_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

BEST_UP_TO = 16_000_000
"""Pixels of a result up to which NoHalo (enlarging) and LoHalo (reducing) are used."""


def interpolation(pixels: int, *, enlarging: bool = True) -> Gimp.InterpolationType:
    """Return the best interpolation that is fast enough for so many pixels in the result."""
    if pixels > BEST_UP_TO:
        return Gimp.InterpolationType.CUBIC
    return Gimp.InterpolationType.NOHALO if enlarging else Gimp.InterpolationType.LOHALO


@contextmanager
def interpolating(kind: Gimp.InterpolationType) -> Iterator[None]:
    """Set GIMP's interpolation inside the block and restore the user's afterwards."""
    Gimp.context_push()
    try:
        Gimp.context_set_interpolation(kind)
        yield
    finally:
        Gimp.context_pop()


def scaled_layer(layer: Any, width: int, height: int) -> None:
    """Scale a layer of a private image with the best interpolation."""
    had = layer.get_width() * layer.get_height()
    if (layer.get_width(), layer.get_height()) == (width, height):
        return
    with interpolating(interpolation(width * height, enlarging=width * height >= had)):
        layer.scale(width, height, False)


@contextmanager
def value_layer(source: Any, box: tuple[int, int, int, int], width: int, height: int) -> Iterator[Any]:
    """Yield ``box`` of a mask-like buffer, scaled to ``width`` × ``height``, as a buffer of linear floats."""
    image = Gimp.Image.new_with_precision(
        box[2], box[3], Gimp.ImageBaseType.GRAY, Gimp.Precision.FLOAT_LINEAR
    )
    try:
        image.undo_disable()
        layer = plain_layer(image, box[2], box[3], alpha=False)
        image.insert_layer(layer, None, 0)
        values = new_buffer(VALUE, box[2], box[3])
        copy_pixels(source, values, box=box)
        copy_pixels(values, layer.get_buffer())
        layer.update(0, 0, box[2], box[3])
        scaled_layer(layer, width, height)
        yield layer.get_buffer()
    finally:
        image.delete()


def scaled_values(source: Any, box: tuple[int, int, int, int], width: int, height: int) -> Any:
    """Return ``box`` of a mask-like buffer scaled to ``width`` × ``height``, as a buffer of our own."""
    values = new_buffer(VALUE, width, height)
    with value_layer(source, box, width, height) as scaled:
        copy_pixels(scaled, values)
    return values


def scaled_rgb(source: Any, width: int, height: int) -> Any:
    """Return an 8-bit sRGB buffer scaled to ``width`` × ``height``; the same one when it fits already."""
    had = size_of(source)
    if had == (width, height):
        return source
    image = Gimp.Image.new(*had, Gimp.ImageBaseType.RGB)
    try:
        image.undo_disable()
        layer = plain_layer(image, *had, alpha=False)
        image.insert_layer(layer, None, 0)
        copy_pixels(source, layer.get_buffer())
        layer.update(0, 0, *had)
        scaled_layer(layer, width, height)
        result = new_buffer(RGB8, width, height)
        copy_pixels(layer.get_buffer(), result)
        return result
    finally:
        image.delete()
