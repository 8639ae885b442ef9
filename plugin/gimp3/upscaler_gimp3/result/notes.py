"""What could not be kept of a layer, as notes to the user."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend import layer_rules

from upscaler_gimp3.image.buffers import RGB8, RGB_PERCEPTUAL, read, rectangle
from upscaler_gimp3.image.export import known_to_babl
from upscaler_gimp3.image.inputs import parents_of
from upscaler_gimp3.image.layers import every_layer, has_hidden_effects, kind_of
from upscaler_gimp3.image.rendering import plain_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from precision_upscaler.frontend.layer_rules import Note

    from upscaler_gimp3.image.inputs import InputLayer

    from .models import ComposedResult

_EIGHT_BIT = (Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.U8_LINEAR, Gimp.Precision.U8_PERCEPTUAL)
_MISCOLORED = Gimp.Precision.U16_NON_LINEAR
_ROUNDING = 4 / 255
"""How far outside the purest colours may be: the makers of sRGB profiles round their numbers differently."""


def notes_about(image: Any, composed: ComposedResult, colors: str) -> list[Note]:
    """Return what the user should know about a result.

    Call it before the swap: some of it is about the layer as it was.
    """
    found, stale = composed.input, composed.destination.stale
    notes = [] if stale is None else [layer_rules.Note(stale, {})]
    if composed.composition is None:
        opaque = composed.decoded.pending.exported.opaque
        return notes + layer_rules.bare_notes(opaque, found.masked, colors)
    base_type = image.get_base_type()
    indexed = base_type == Gimp.ImageBaseType.INDEXED
    notes += layer_rules.image_notes(
        colors,
        image.get_precision() in _EIGHT_BIT,
        base_type == Gimp.ImageBaseType.GRAY,
        image.get_palette().get_color_count() if indexed else None,
        lambda: exceeds_srgb(image),
    )
    passes_through = found.layer.get_mode() == Gimp.LayerMode.PASS_THROUGH
    hidden_effects = has_hidden_effects(found.layer)
    placement = str(composed.destination.placement)
    notes += layer_rules.layer_notes(found.kind, placement, passes_through, found.effects, hidden_effects)
    masked = [parent.get_name() for parent in parents_of(found.layer) if parent.get_mask() is not None]
    return notes + layer_rules.masked_parent_notes(placement, masked)


def notes_about_neighbours(image: Any, inputs: Sequence[InputLayer], placement: str) -> list[Note]:
    """Return what GIMP does not scale of the other layers when it scales the image."""
    upscaled = {one.layer.get_id() for one in inputs if not layer_rules.keeps_layer(one.kind, placement)}
    # babl's tables for this format are wrong, and GIMP draws linked files anew
    miscolors = image.get_color_profile() is not None and image.get_precision() == _MISCOLORED
    others = [
        layer_rules.Neighbour(
            layer.get_name(),
            kind_of(layer),
            bool(layer.get_filters()),
            _is_outlined(layer),
            miscolors and kind_of(layer) == layer_rules.LINK,
        )
        for layer in every_layer(image.get_layers())
        if layer.get_id() not in upscaled
    ]
    return layer_rules.neighbour_notes(placement, others)


def _is_outlined(layer: Any) -> bool:
    return kind_of(layer) == layer_rules.VECTOR and bool(layer.get_enable_stroke())


def exceeds_srgb(image: Any) -> bool:
    """Return whether the image's profile has colours outside sRGB, by its purest red, green and blue."""
    profile = image.get_color_profile()
    if profile is None or image.get_base_type() != Gimp.ImageBaseType.RGB:
        return False
    if not known_to_babl(image):
        return True  # profiles with tables are those of printers and cameras
    private = Gimp.Image.new(3, 1, Gimp.ImageBaseType.RGB)
    try:
        private.undo_disable()
        layer = plain_layer(private, 3, 1, alpha=False)
        private.insert_layer(layer, None, 0)
        pure = layer.get_buffer()
        pure.set(rectangle(0, 0, 3, 1), RGB8, bytes((255, 0, 0, 0, 255, 0, 0, 0, 255)))
        pure.flush()
        # assigned, not converted: the same numbers now are the profile's own purest colours
        private.set_color_profile(profile)
        values = array("f", read(layer.get_buffer(), RGB_PERCEPTUAL, 0, 0, 3, 1))
    finally:
        private.delete()
    return min(values) < -_ROUNDING or max(values) > 1 + _ROUNDING
