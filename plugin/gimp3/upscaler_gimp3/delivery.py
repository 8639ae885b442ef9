"""Bring finished results into the image, or beside it where the image is no longer what was sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp, GLib
from precision_upscaler.frontend import texts
from precision_upscaler.frontend.options import COLORS_SERVICE
from precision_upscaler.frontend.placement import (
    NEW_IMAGE,
    Box,
    Placed,
    Size,
    common_scale,
    place,
    received,
    scaled_box,
)

from . import compose, export
from .layers import is_in, is_open
from .pixels import size_of
from .rendering import rendered
from .replace import Swap, as_new_image, keeps_layer, layer_mask_values, swap_all
from .subjects import lock_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .arguments import Options
    from .subjects import Subject


LOCAL_ERRORS = (GLib.Error, OSError, RuntimeError, TypeError, ValueError, AttributeError, MemoryError)
"""What can go wrong while a result is composed: GEGL's, GIMP's and the machine's own troubles.

AttributeError is among them because GIMP gives None for what has just been deleted.
"""


@dataclass
class Finished:
    """One result to deliver: what was asked, what was exported, and the service's picture as a file.

    ``failure`` is set to an ``error`` event when this one cannot be delivered, ``gone`` to a note's
    code when it can, but only beside the image; the others still are delivered as they should.
    """

    subject: Subject
    exported: export.Exported
    path: str
    pixels: Any = None
    scale: Fraction = Fraction(1)
    failure: dict[str, Any] | None = None
    gone: str | None = None


@dataclass
class Delivery:
    """What became of the results: layers in the image, images beside it, and what to tell."""

    layers: list[Any] = field(default_factory=list)
    images: list[Any] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a note once."""
        if text not in self.notes:
            self.notes.append(text)


def deliver(
    image: Any,
    finished: list[Finished],
    options: Options,
    say: Callable[[str], None],
    translate: Callable[[str], str],
) -> Delivery:
    """Place every result; the image changes in one undo step at the very end.

    A result that cannot be read or composed gets its ``failure``; anything that goes wrong with all
    of them is raised, with the image untouched, or as :class:`errors.ChangedPartly`.
    """
    delivery = Delivery()
    _read_all(finished, options, delivery, translate)
    readable = [one for one in finished if one.failure is None]
    for one in readable:
        one.gone = why_not_here(image, one, options)
    swaps = _compose_all(image, readable, options, delivery, say, translate)
    elsewhere = [one for one in readable if one.gone is not None]
    for one in elsewhere:
        delivery.note(texts.note(str(one.gone), translate, name=one.subject.name))
    say(texts.placing(translate))
    if options.placement == NEW_IMAGE:
        for swap in swaps:
            _open_image(swap, image, swap.layer.get_name(), delivery)
    elif swaps:
        delivery.layers = swap_all(image, swaps, options.placement)
    for layer, swap in zip(delivery.layers, swaps, strict=False):
        box = swap.placed.layer
        delivery.lines.append(texts.done(layer.get_name(), box.width, box.height, translate))
    alive = image if image is not None and image.is_valid() else None
    for one in elsewhere:
        plain = Swap(None, one.pixels, None, Placed(Size(0, 0), (0, 0), Box(0, 0, 0, 0), False), alpha=False)
        _open_image(plain, alive, one.subject.name, delivery)
    return delivery


def _read_all(
    finished: list[Finished], options: Options, delivery: Delivery, translate: Callable[[str], str]
) -> None:
    """Decode every result; one that cannot be read gets its failure, and the others agree on a scale."""
    for one in finished:
        try:
            one.pixels = compose.decoded(one.path)
        except LOCAL_ERRORS as problem:
            one.failure = texts.bad_result_error(problem, None, translate)
    _agree_on_scale([one for one in finished if one.failure is None], options, delivery, translate)


def _compose_all(
    image: Any,
    readable: list[Finished],
    options: Options,
    delivery: Delivery,
    say: Callable[[str], None],
    translate: Callable[[str], str],
) -> list[Swap]:
    """Return the swaps of all that can be placed in the image; the others get their failure or ``gone``.

    Composing may take a while in which the user does things, so every layer is looked at again
    when all are composed, now to the pixel.
    """
    composed = []
    for one in readable:
        if one.gone is not None:
            continue
        say(texts.composing(one.subject.name, translate))
        try:
            composed.append((one, _swap(image, one, options)))
        except LOCAL_ERRORS as problem:
            one.gone = why_not_here(image, one, options)
            if one.gone is None:
                one.failure = texts.local_error(problem, "yes", translate)
    for one, _ in composed:
        one.gone = why_not_here(image, one, options, pixels=True)
        if one.gone is None:
            _describe(image, one, options, delivery, translate)
    return [swap for one, swap in composed if one.gone is None]


def _agree_on_scale(
    finished: list[Finished], options: Options, delivery: Delivery, translate: Callable[[str], str]
) -> None:
    """Decide at which scale every result is placed; differences are noted."""
    found = []
    for one in finished:
        asked = Size(one.exported.width, one.exported.height)
        found.append(received(options.factor, asked, Size(*size_of(one.pixels))))
    common = common_scale(options.factor, [one.scale for one in found])
    for one, got in zip(finished, found, strict=True):
        one.scale = common
        width, height = size_of(one.pixels)
        if got.agrees and common == options.factor:
            continue
        code = "distorted" if got.distorted else "wrong-size" if got.scale == common else "stretched"
        values = {
            "name": one.subject.name,
            "width": width,
            "height": height,
            "asked_width": one.exported.width * options.factor,
            "asked_height": one.exported.height * options.factor,
        }
        delivery.note(texts.note(code, translate, **values))


def why_not_here(image: Any, one: Finished, options: Options, *, pixels: bool = False) -> str | None:
    """Return the note's code when a result no longer belongs into the image, else None.

    ``pixels`` also compares the layer's pixels with those that were sent.

    While the service worked, the user may have closed the image, deleted, locked, painted on or
    scaled the layer. A moved, renamed or restacked layer is still the one that was sent.
    """
    layer = one.subject.layer
    reason = None
    if not is_open(image, Gimp.default_display()):
        reason = "image-gone"
    elif not is_in(image, layer):
        reason = "layer-gone"
    elif image.get_floating_sel() is not None and options.placement != NEW_IMAGE:
        reason = "floating"
    elif lock_of(layer, options.placement) is not None:
        reason = "layer-locked"
    elif not _as_it_was_sent(one, pixels=pixels):
        reason = "layer-changed"
    return reason


def _as_it_was_sent(one: Finished, *, pixels: bool) -> bool:
    """Return whether the layer has the size it had and, if asked, the very pixels that were sent."""
    subject = one.subject
    if (subject.layer.get_width(), subject.layer.get_height()) != tuple(subject.own_size):
        return False
    with rendered(subject.layer) as (drawable, box):
        if (box.width, box.height) != (subject.box.width, subject.box.height):
            return False
        return not pixels or export.fingerprint(drawable, subject.area_in_layer) == one.exported.fingerprint


def _swap(image: Any, one: Finished, options: Options) -> Swap:
    """Compose the new pixels and mask of one layer, and say where they go."""
    subject = one.subject
    with rendered(subject.layer) as (drawable, box):
        placed = place(options.placement, Size(image.get_width(), image.get_height()), box, one.scale)
        width, height = placed.layer.width, placed.layer.height
        sent = subject.area_in_layer
        selection = None
        if subject.selection is not None:
            selection = compose.scaled_values(subject.selection, (0, 0, box.width, box.height), width, height)
        target = compose.Target(
            width,
            height,
            _area_on(sent, box, width, height),
            selection,
            _opaque(one, drawable, box),
            _deep(image),
            options.colors,
        )
        pixels = compose.composed(one.pixels, drawable, target)
    return Swap(
        subject.layer,
        pixels,
        layer_mask_values(subject.layer, width, height, box),
        placed,
        alpha=not target.opaque,
        keep=keeps_layer(options.placement, subject.kind),
        replace=subject.kind != "pixels" or subject.effects,
    )


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


def _deep(image: Any) -> bool:
    """Return whether 8-bit sRGB holds less than the image does."""
    profile = image.get_color_profile()
    if image.get_precision() != Gimp.Precision.U8_NON_LINEAR:
        return True
    return profile is not None and not profile.is_equal(Gimp.ColorProfile.new_rgb_srgb())


def _describe(
    image: Any, one: Finished, options: Options, delivery: Delivery, translate: Callable[[str], str]
) -> None:
    """Note what the user should know about how this layer was done."""
    subject = one.subject

    def note(code: str, **values: Any) -> None:
        delivery.note(texts.note(code, translate, name=subject.name, **values))

    if image.get_precision() not in (Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.U8_LINEAR):
        note("eight-bit" if options.colors == COLORS_SERVICE else "eight-bit-original")
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        note("indexed", colors=image.get_palette().get_color_count())
    if subject.kind == "group" and options.placement != NEW_IMAGE:
        note("group")
    elif subject.kind != "pixels" and not keeps_layer(options.placement, subject.kind):
        note(subject.kind)
    if subject.effects and subject.kind != "group":
        note("effects")


def _open_image(swap: Swap, like: Any, name: str, delivery: Delivery) -> None:
    image, layer = as_new_image(swap, like, name)
    delivery.images.append(image)
    delivery.lines.append(texts.done(name, layer.get_width(), layer.get_height()))
