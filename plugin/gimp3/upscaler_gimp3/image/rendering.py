"""A layer rendered without its neighbours, whatever its kind, without touching the user's image.

Text, vector, link and group layers have their pixels in their own buffer. Effects are not in it, so a
layer or group with effects is copied into a private image and they are merged there. Opacity, mode and
mask are left out, because the layer keeps them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp

from .buffers import RGBA8, read
from .layers import box_of, has_effects, set_visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from precision_upscaler.frontend.placement import Box


@contextmanager
def private_image(like: Any, width: int, height: int, base: Any = None) -> Iterator[Any]:
    """Yield an image of the precision and profile of ``like``, without undo; it is deleted afterwards.

    ``base`` is its kind (default: that of ``like``, but RGB for an indexed one).
    """
    if base is None:
        base = like.get_base_type()
        if base == Gimp.ImageBaseType.INDEXED:
            base = Gimp.ImageBaseType.RGB
    image = Gimp.Image.new_with_precision(width, height, base, like.get_precision())
    try:
        image.undo_disable()
        profile = like.get_color_profile()
        if profile is not None and profile.is_gray() == (base == Gimp.ImageBaseType.GRAY):
            image.set_color_profile(profile)
        yield image
    finally:
        image.delete()


def plain_layer(image: Any, width: int, height: int, *, alpha: bool, name: str = "pixels") -> Any:
    """Return a new ordinary layer for ``image``, not inserted yet, at 0, 0 and fully opaque."""
    kinds = {
        Gimp.ImageBaseType.RGB: (Gimp.ImageType.RGB_IMAGE, Gimp.ImageType.RGBA_IMAGE),
        Gimp.ImageBaseType.GRAY: (Gimp.ImageType.GRAY_IMAGE, Gimp.ImageType.GRAYA_IMAGE),
        Gimp.ImageBaseType.INDEXED: (Gimp.ImageType.INDEXED_IMAGE, Gimp.ImageType.INDEXEDA_IMAGE),
    }
    kind = kinds[image.get_base_type()][1 if alpha else 0]
    return Gimp.Layer.new(image, name, width, height, kind, 100.0, Gimp.LayerMode.NORMAL)


@contextmanager
def rendered(layer: Any) -> Iterator[tuple[Any, Box]]:
    """Yield ``(drawable, box)``: a drawable that holds the rendered layer, and its box on the canvas.

    The box differs from the layer's own when an effect draws outside of it, in a group also an effect
    of a layer inside: then the group's own buffer cannot be read, libgimp aborts the process.
    """
    if not draws_effects(layer):
        yield layer, box_of(layer)
        return
    image = layer.get_image()
    with private_image(image, image.get_width(), image.get_height()) as private:
        drawable = _with_effects(layer, private)
        yield drawable, box_of(drawable)


def draws_effects(layer: Any) -> bool:
    """Return whether visible effects draw on the layer or, in a group, on any layer inside it."""
    if has_effects(layer):
        return True
    return layer.is_group() and any(draws_effects(child) for child in layer.get_children())


def _with_effects(layer: Any, private: Any) -> Any:
    """Return the layer with its effects as one layer of ``private``, as large as both need.

    GIMP 3.0 cuts off what its own merging of effects adds on the left and on top, so the copy is
    shown on a canvas with as much room on every side as merging adds, and that is what is taken.
    """
    own = box_of(layer)
    merged = _merged(_copy_alone(layer, private))
    room = (max(0, merged.get_width() - own.width), max(0, merged.get_height() - own.height))
    if own == box_of(merged) or merged.get_offsets()[1] < own.x or merged.get_offsets()[2] < own.y:
        return merged
    private.remove_layer(merged)
    copy = _copy_alone(layer, private)
    private.resize(own.width + 2 * room[0], own.height + 2 * room[1], room[0] - own.x, room[1] - own.y)
    flat = Gimp.Layer.new_from_visible(private, private, "flat")
    private.insert_layer(flat, None, 0)
    private.remove_layer(copy)
    left, top, right, bottom = _drawn(flat)
    left, top = min(left, room[0]), min(top, room[1])
    right, bottom = max(right, room[0] + own.width), max(bottom, room[1] + own.height)
    flat.resize(right - left, bottom - top, -left, -top)
    flat.set_offsets(own.x - room[0] + left, own.y - room[1] + top)
    return flat


def _copy_alone(layer: Any, private: Any) -> Any:
    """Return a copy of the layer in ``private``: opaque, in normal mode, shown, without its mask."""
    copy = Gimp.Layer.new_from_drawable(layer, private)
    private.insert_layer(copy, None, 0)
    if copy.get_mask() is not None:
        copy.remove_mask(Gimp.MaskApplyMode.DISCARD)
    copy.set_lock_content(False)
    copy.set_lock_position(False)
    copy.set_opacity(100.0)
    copy.set_mode(Gimp.LayerMode.NORMAL)
    set_visible(copy, True)
    return copy


def _merged(copy: Any) -> Any:
    """Return a copy with its effects merged into its pixels, or a group with all of its layers."""
    if copy.is_group():
        return copy.merge()
    if not copy.has_alpha():
        # without an alpha channel, what an effect adds outside the layer would become opaque black
        copy.add_alpha()
    copy.merge_filters()
    return copy


def _drawn(layer: Any) -> tuple[int, int, int, int]:
    """Return the bounds (left, top, right, bottom) of what is not fully transparent in a layer at 0, 0."""
    width, height = layer.get_width(), layer.get_height()
    left, top, right, bottom = width, height, 0, 0
    buffer = layer.get_buffer()
    for y in range(height):
        alpha = read(buffer, RGBA8, 0, y, width, 1)[3::4]
        before, behind = len(alpha.lstrip(b"\0")), len(alpha.rstrip(b"\0"))
        if behind:
            top, bottom = min(top, y), y + 1
            left, right = min(left, width - before), max(right, behind)
    return left, top, right, bottom
