"""The new pixels and mask of one layer, made ahead of the swap, and whether they still fit when it comes.

Composing takes seconds in which the user goes on working. What it depends on is remembered, so that
it is done again where that changed; where everything goes is worked out last of all.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend.layer_rules import keeps_layer
from precision_upscaler.frontend.placement import Box, Placed, Size, place, scaled_box

from upscaler_gimp3.image import export
from upscaler_gimp3.image.buffers import VALUE, size_of, strips
from upscaler_gimp3.image.layers import box_of
from upscaler_gimp3.image.rendering import rendered

from . import compose
from .swap import Swap, layer_mask_values

if TYPE_CHECKING:
    from .models import Finished

_ROWS = 256


@dataclass
class Composition:
    """Finished pixels, and what they were made for.

    ``reach`` is where the layer's look begins, from the layer's own corner, and ``look`` its size.
    ``mask`` are the scaled mask's values, or None, and ``mask_check`` changes when the mask does.
    """

    pixels: Any
    alpha: bool
    reach: tuple[int, int]
    look: Size
    format: tuple[Any, Any]
    profile: Any
    mask: Any = None
    mask_check: int | None = None


def composition_of(image: Any, one: Finished, colors: str) -> Composition:
    """Compose the new pixels of one layer for where it goes now."""
    subject = one.subject
    own = box_of(subject.layer)
    with rendered(subject.layer) as (drawable, box):
        placed = _placed(image, one, box)
        width, height = placed.layer.width, placed.layer.height
        selection = None
        if subject.selection is not None:
            selection = compose.scaled_values(subject.selection, (0, 0, box.width, box.height), width, height)
        target = compose.Target(
            width,
            height,
            _area_on(subject.area_in_layer, box, width, height),
            selection,
            _opaque(one, drawable, box),
            is_deep(image),
            colors,
        )
        pixels = compose.composed(one.pixels, drawable, target)
    made = Composition(
        pixels,
        not target.opaque,
        (box.x - own.x, box.y - own.y),
        Size(box.width, box.height),
        _format_of(image),
        image.get_color_profile(),
    )
    renew_mask(one, made)
    return made


def still_fits(image: Any, one: Finished, made: Composition) -> bool:
    """Return whether the image takes the pixels as they are: its format, its profile, the placement's size.

    A pixel more or less is no other size: where a broken scale is rounded depends on the layer's place.
    """
    wanted = _placed(image, one, _box_now(one, made)).layer
    width, height = size_of(made.pixels)
    if abs(wanted.width - width) > 1 or abs(wanted.height - height) > 1:
        return False
    profile = image.get_color_profile()
    if _format_of(image) != made.format or (profile is None) != (made.profile is None):
        return False
    return profile is None or bool(profile.is_equal(made.profile))


def renew_mask(one: Finished, made: Composition) -> None:
    """Scale the layer's mask, unless the one that was scaled last is as it was."""
    check = _mask_check(one.subject.layer)
    if check is not None and check == made.mask_check:
        return
    made.mask = layer_mask_values(one.subject.layer, *size_of(made.pixels), _box_now(one, made))
    made.mask_check = check


def swap_of(image: Any, one: Finished, made: Composition) -> Swap:
    """Return the swap with the places that canvas and layer have now; this takes no time."""
    subject, placement = one.subject, str(one.placement)
    placed = _placed(image, one, _box_now(one, made))
    width, height = size_of(made.pixels)
    return Swap(
        subject.layer,
        made.pixels,
        made.mask,
        placed._replace(layer=placed.layer._replace(width=width, height=height)),
        alpha=made.alpha,
        keep=keeps_layer(subject.kind, placement),
        replace=subject.kind != "pixels" or subject.effects,
    )


def is_deep(image: Any) -> bool:
    """Return whether 8-bit sRGB holds less than the image does."""
    profile = image.get_color_profile()
    if image.get_precision() != Gimp.Precision.U8_NON_LINEAR:
        return True
    return profile is not None and not profile.is_equal(Gimp.ColorProfile.new_rgb_srgb())


def _placed(image: Any, one: Finished, box: Box) -> Placed:
    return place(str(one.placement), Size(image.get_width(), image.get_height()), box, one.scale)


def _box_now(one: Finished, made: Composition) -> Box:
    own = box_of(one.subject.layer)
    return Box(own.x + made.reach[0], own.y + made.reach[1], *made.look)


def _format_of(image: Any) -> tuple[Any, Any]:
    return image.get_base_type(), image.get_precision()


def _mask_check(layer: Any) -> int | None:
    mask = layer.get_mask()
    if mask is None:
        return None
    check = 1
    for strip in strips(mask.get_buffer(), VALUE, (0, 0, mask.get_width(), mask.get_height()), _ROWS):
        check = zlib.adler32(strip, check)
    return check


def _area_on(sent: Box, box: Box, width: int, height: int) -> Box:
    """Return the sent area on the new layer, in its own coordinates."""
    if (sent.width, sent.height) == (box.width, box.height):
        return Box(0, 0, width, height)
    return scaled_box(sent, Fraction(width, box.width), Fraction(height, box.height))


def _opaque(one: Finished, drawable: Any, box: Box) -> bool:
    if not drawable.has_alpha():
        return True
    if one.subject.whole:
        return one.exported.opaque
    return export.is_opaque(drawable, Box(0, 0, box.width, box.height))
