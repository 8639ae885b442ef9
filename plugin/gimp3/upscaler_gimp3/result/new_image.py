"""Results that become new images: like the layer's image, or the bare image of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import Gimp, Gio

from upscaler_gimp3.image.buffers import copy_pixels, size_of
from upscaler_gimp3.image.layers import copy_attributes, copy_parasites, set_visible
from upscaler_gimp3.image.rendering import plain_layer

if TYPE_CHECKING:
    from .models import Swap


def like_layer(swap: Swap, name: str) -> tuple[Any, Any]:
    """Return ``(image, layer)``: a new image like the layer's, with its result and mask."""
    like = swap.layer.get_image()
    width, height = size_of(swap.pixels)
    image = Gimp.Image.new_with_precision(width, height, like.get_base_type(), like.get_precision())
    try:
        image.undo_disable()
        if like.get_color_profile() is not None:
            image.set_color_profile(like.get_color_profile())
        if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
            image.set_palette(like.get_palette())
        _, across, down = like.get_resolution()
        image.set_resolution(across, down)
        image.set_unit(like.get_unit())
        layer = _filled(image, swap.pixels, name, alpha=swap.alpha or swap.layer.has_alpha())
        if swap.mask is not None:
            mask = layer.create_mask(Gimp.AddMaskType.WHITE)
            layer.add_mask(mask)
            copy_pixels(swap.mask, mask.get_buffer())
            mask.update(0, 0, width, height)
        # after the mask, which a new one is set to be edited
        copy_attributes(swap.layer, layer)
        copy_parasites(swap.layer, layer)
        set_visible(layer, True)
        image.undo_enable()
    except BaseException:
        image.delete()
        raise
    return image, layer


def bare(pixels: Any, name: str, resolution: tuple[float, float] | None) -> tuple[Any, Any]:
    """Return ``(image, layer)``: an 8-bit sRGB image with the service's pixels.

    ``resolution`` is in pixels an inch, across and down; None leaves GIMP's own.
    """
    width, height = size_of(pixels)
    image = Gimp.Image.new(width, height, Gimp.ImageBaseType.RGB)
    try:
        image.undo_disable()
        if resolution is not None:
            image.set_resolution(*resolution)
        layer = _filled(image, pixels, name, alpha=False)
        image.undo_enable()
    except BaseException:
        image.delete()
        raise
    return image, layer


def opened(path: str, name: str) -> tuple[Any, Any]:
    """Return ``(image, layer)``: a new image of a file with its profile and metadata; OSError if unreadable.

    The image has no file: otherwise GIMP would offer to overwrite this one, which belongs to the journal.
    """
    loaded = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))
    if loaded is None:
        raise OSError(f"GIMP cannot read {path}")
    try:
        image = loaded.duplicate()
    finally:
        loaded.delete()
    layer = image.get_layers()[0]
    layer.set_name(name)
    return image, layer


def _filled(image: Any, pixels: Any, name: str, *, alpha: bool) -> Any:
    width, height = size_of(pixels)
    layer = plain_layer(image, width, height, alpha=alpha, name=name)
    image.insert_layer(layer, None, 0)
    copy_pixels(pixels, layer.get_buffer())
    layer.update(0, 0, width, height)
    return layer
