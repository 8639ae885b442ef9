"""Bring finished results into the image, or beside it where the image is no longer what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import GLib
from precision_upscaler.frontend import layer_rules, texts
from precision_upscaler.frontend.options import NEW_IMAGE
from precision_upscaler.frontend.placement import Size

from upscaler_gimp3.image.buffers import size_of

from . import compose, new_image
from .composition import composition_of, renew_mask, still_fits, swap_of
from .models import Delivery
from .notes import describe, describe_bare
from .swap import swap_all
from .validity import decide

if TYPE_CHECKING:
    from collections.abc import Callable

    from upscaler_gimp3.arguments import Options

    from .models import Finished

    Translate = Callable[[str], str]


LOCAL_ERRORS = (GLib.Error, OSError, RuntimeError, TypeError, ValueError, AttributeError, MemoryError)
"""What can go wrong while a result is composed: GEGL's, GIMP's and the machine's own troubles.

AttributeError is among them because GIMP gives None for what has just been deleted.
"""

_ATTEMPTS = 3
"""How often a layer is composed when the user changes meanwhile what it is composed for."""


def deliver(
    image: Any, finished: list[Finished], options: Options, say: Callable[[str], None], translate: Translate
) -> Delivery:
    """Place every result; the image changes in one undo step at the very end.

    A result that cannot be read or composed gets its ``failure``; anything that goes wrong with all
    of them is raised, with the image untouched, or as :class:`errors.ChangedPartly`.
    """
    delivery = Delivery()
    readable = _read_all(finished, options, delivery, translate)
    for one in readable:
        decide(image, one, options.placement)
    _compose_all(image, readable, options, say, translate)
    whole = [one for one in readable if one.failure is None]
    for one in whole:
        if one.gone is not None:
            delivery.note(texts.note(one.gone, translate, name=one.subject.name))
        if one.placement is None:
            describe_bare(one, options.colors, delivery, translate)
        else:
            describe(image, one, options.colors, delivery, translate)
    say(texts.placing(translate))
    _into_the_image(image, [one for one in whole if _stays(one)], options, delivery, translate)
    for one in whole:
        if not _stays(one):
            _beside(image, one, delivery, translate)
    return delivery


def _stays(one: Finished) -> bool:
    return one.placement is not None and one.placement != NEW_IMAGE


def _read_all(
    finished: list[Finished], options: Options, delivery: Delivery, translate: Translate
) -> list[Finished]:
    """Decode every result and return those that can be read; the others get their failure."""
    for one in finished:
        try:
            one.pixels = compose.decoded(one.path)
        except LOCAL_ERRORS as problem:
            one.failure = texts.bad_result_error(problem, None, translate)
    readable = [one for one in finished if one.failure is None]
    _agree_on_scale(readable, options, delivery, translate)
    return readable


def _agree_on_scale(
    finished: list[Finished], options: Options, delivery: Delivery, translate: Translate
) -> None:
    """Decide at which scale every result is placed; differences are noted."""
    sizes = [(Size(one.exported.width, one.exported.height), Size(*size_of(one.pixels))) for one in finished]
    common, notes = layer_rules.agreed_scale(options.factor, sizes)
    for one, note in zip(finished, notes, strict=True):
        one.scale = common
        if note is not None:
            delivery.note(texts.note(note.code, translate, name=one.subject.name, **note.values))


def _compose_all(
    image: Any, readable: list[Finished], options: Options, say: Callable[[str], None], translate: Translate
) -> None:
    """Compose every result with its layer, where that still is what was sent.

    Composing takes a while in which the user does things, so every layer is looked at again when all
    are composed, now to the pixel.
    """

    def attempt(one: Finished, step: Callable[[], None]) -> None:
        try:
            step()
        except LOCAL_ERRORS as problem:
            one.composition = None
            decide(image, one, options.placement)
            if one.placement is not None:
                one.failure = texts.local_error(problem, "yes", translate)

    for one in readable:
        if one.placement is not None:
            say(texts.composing(one.subject.name, translate))
            attempt(one, lambda one=one: _compose(image, one, options))  # type: ignore[misc]  # its default
    for one in readable:
        if one.composition is not None:
            attempt(one, lambda one=one: _look_again(image, one, options))  # type: ignore[misc]  # as above


def _compose(image: Any, one: Finished, options: Options) -> None:
    one.composition = composition_of(image, one, options.colors)


def _look_again(image: Any, one: Finished, options: Options) -> None:
    """Make sure that a composition is for the layer and the image as they are now."""
    for _ in range(_ATTEMPTS):
        decide(image, one, options.placement, pixels=True)
        if one.placement is None or one.composition is None:
            return
        if still_fits(image, one, one.composition):
            renew_mask(one, one.composition)
            return
        _compose(image, one, options)
    one.gone, one.placement = "layer-changed", None


def _into_the_image(
    image: Any, staying: list[Finished], options: Options, delivery: Delivery, translate: Translate
) -> None:
    if not staying:
        return
    swaps = [swap_of(image, one, one.composition) for one in staying if one.composition is not None]
    names = [swap.layer.get_name() for swap in swaps]
    delivery.layers = swap_all(image, swaps, options.placement)
    for name, swap in zip(names, swaps, strict=True):
        box = swap.placed.layer
        delivery.lines.append(texts.done(name, box.width, box.height, translate))


def _beside(image: Any, one: Finished, delivery: Delivery, translate: Translate) -> None:
    """Make a new image of one result; what goes wrong is its own failure, for others are placed already."""
    try:
        if one.placement is None or one.composition is None:
            name = one.subject.name
            made, layer = new_image.as_it_came(one.pixels, name, one.subject.resolution)
        else:
            swap = swap_of(image, one, one.composition)
            name = swap.layer.get_name()
            made, layer = new_image.like_its_layer(swap, name)
        size = layer.get_width(), layer.get_height()
    except LOCAL_ERRORS as problem:
        one.failure = texts.local_error(problem, "yes", translate)
        return
    delivery.images.append(made)
    delivery.lines.append(texts.done(name, *size, translate))
