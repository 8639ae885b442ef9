"""A layer rendered without its neighbours, whatever its kind, without touching the user's image.

Text, vector, link and group layers have their pixels in their own buffer. Effects are not in it, so a
layer with effects is copied into a private image and they are merged there. Opacity, mode and mask are
left out, because the layer keeps them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp

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

    The box differs from the layer's own when an effect draws outside of it.
    """
    if not has_effects(layer):
        yield layer, box_of(layer)
        return
    image = layer.get_image()
    with private_image(image, image.get_width(), image.get_height()) as private:
        if layer.is_group():
            copy = _flat_group(layer, private)
        else:
            copy = Gimp.Layer.new_from_drawable(layer, private)
            private.insert_layer(copy, None, 0)
            if copy.get_mask() is not None:
                copy.remove_mask(Gimp.MaskApplyMode.DISCARD)
            copy.merge_filters()
        yield copy, box_of(copy)


def _flat_group(group: Any, private: Any) -> Any:
    """Return the group with its effects as one layer of ``private``, as large as group and effects need."""
    copy = Gimp.Layer.new_from_drawable(group, private)
    private.insert_layer(copy, None, 0)
    if copy.get_mask() is not None:
        copy.remove_mask(Gimp.MaskApplyMode.DISCARD)
    copy.set_opacity(100.0)
    copy.set_mode(Gimp.LayerMode.NORMAL)
    set_visible(copy, True)
    box = box_of(copy)
    private.resize(box.width, box.height, -box.x, -box.y)
    flat = Gimp.Layer.new_from_visible(private, private, "flat")
    private.insert_layer(flat, None, 0)
    private.remove_layer(copy)
    flat.set_offsets(box.x, box.y)
    return flat
