"""What the user should know about how a layer was done: what could not be kept is said here."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend import layer_rules, texts

from upscaler_gimp3.image.buffers import RGB8, RGB_PERCEPTUAL, read, rectangle
from upscaler_gimp3.image.export import known_to_babl
from upscaler_gimp3.image.layers import has_hidden_effects
from upscaler_gimp3.image.rendering import plain_layer

if TYPE_CHECKING:
    from collections.abc import Callable

    from .models import Delivery, Finished

_EIGHT_BIT = (Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.U8_LINEAR, Gimp.Precision.U8_PERCEPTUAL)
_ROUNDING = 4 / 255
"""How far out a profile's purest colours may be: every maker of sRGB rounds its numbers in its own way."""


def describe(
    image: Any, one: Finished, colors: str, delivery: Delivery, translate: Callable[[str], str]
) -> None:
    """Note what became of a layer that was composed with its result."""
    subject, placement = one.subject, str(one.placement)
    base_type = image.get_base_type()
    indexed = base_type == Gimp.ImageBaseType.INDEXED
    about_image = layer_rules.image_notes(
        colors,
        image.get_precision() in _EIGHT_BIT,
        base_type == Gimp.ImageBaseType.GRAY,
        image.get_palette().get_color_count() if indexed else None,
        lambda: exceeds_srgb(image),
    )
    passes_through = subject.layer.get_mode() == Gimp.LayerMode.PASS_THROUGH
    hidden_effects = has_hidden_effects(subject.layer)
    about_layer = layer_rules.layer_notes(
        subject.kind, placement, passes_through, subject.effects, hidden_effects
    )
    for note in about_image + about_layer:
        delivery.note(texts.note(note.code, translate, name=subject.name, **note.values))


def describe_bare(one: Finished, colors: str, delivery: Delivery, translate: Callable[[str], str]) -> None:
    """Note that a result is offered as it came, if that lacks something the layer has."""
    for note in layer_rules.bare_notes(one.exported.opaque, one.subject.masked, colors):
        delivery.note(texts.note(note.code, translate, name=one.subject.name))


def exceeds_srgb(image: Any) -> bool:
    """Return whether the image's profile holds colours that sRGB does not: its purest ones are looked at."""
    profile = image.get_color_profile()
    if profile is None or image.get_base_type() != Gimp.ImageBaseType.RGB:
        return False
    if not known_to_babl(image):
        return True  # tables are made for printers and cameras, whose colours go their own ways
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
