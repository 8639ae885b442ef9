"""Deliver results: decode, agree on the scale, check the target, compose, check again, swap, make notes.

Each step takes values and returns new ones. The image changes in one undo step near the end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from gi.repository import GLib
from precision_upscaler.frontend import layer_rules, texts
from precision_upscaler.frontend.options import NEW_IMAGE
from precision_upscaler.frontend.placement import Size

from upscaler_gimp3.errors import ChangedPartly, Failed
from upscaler_gimp3.image.buffers import size_of

from . import new_image
from .compose import compose, decoded, is_up_to_date, swap_of, with_mask_of_now
from .models import ComposedResult, DecodedResult, Delivery, Destination, Failure
from .notes import notes_about, notes_about_neighbours
from .swap import swap_all
from .validity import check_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from upscaler_gimp3.arguments import Options

    from .models import PendingResult

    Translate = Callable[[str], str]


_LOCAL_ERRORS = (GLib.Error, OSError, RuntimeError, TypeError, ValueError, AttributeError, MemoryError)
"""What GEGL, GIMP and the machine can raise; AttributeError because GIMP gives None for what was deleted."""

_Found = TypeVar("_Found")

_ATTEMPTS = 3
"""How often a layer is composed when the user changes meanwhile what it is composed for."""


def deliver_or_fail(
    image: Any,
    pending: Sequence[PendingResult],
    options: Options,
    say: Callable[[str], None],
    translate: Translate,
) -> Delivery:
    """Place every result in ``image``, or beside it where its target is stale.

    A result that cannot be read or composed is in the delivery's failures. :class:`Failed` when nothing was
    delivered, or the swap itself broke off; the results are kept for Resume.
    """
    try:
        delivery = _deliver(image, pending, options, say, translate)
    except ChangedPartly as problem:
        event = texts.local_error(problem, "yes", translate)
        raise Failed(dict(event, advice=texts.changed_partly(translate))) from problem
    except _LOCAL_ERRORS as problem:
        raise Failed(texts.local_error(problem, "yes", translate)) from problem
    if not delivery.lines:
        raise Failed(delivery.failures[0].event)
    return delivery


def _deliver(
    image: Any,
    pending: Sequence[PendingResult],
    options: Options,
    say: Callable[[str], None],
    translate: Translate,
) -> Delivery:
    readable, unreadable = _split(_decode(one, translate) for one in pending)
    scaled = _agree_on_scale(readable, options.factor)
    composed, failed = _split([_compose(image, one, options, say, translate) for one in scaled])
    checked, stale = _split([_check_again(image, one, options, translate) for one in composed])
    notes = _texts(image, checked, options.colors, translate)
    say(texts.placing(translate))
    placed = _place(image, [one for one in checked if _stays(one)], options.placement, translate)
    images, broken = _split([_make_image(image, one, translate) for one in checked if not _stays(one)])
    return Delivery(
        placed.layers,
        [found for found, _ in images],
        [*placed.lines, *(line for _, line in images)],
        notes,
        [*unreadable, *failed, *stale, *broken],
    )


def _split(found: Iterable[_Found | Failure]) -> tuple[list[_Found], list[Failure]]:
    """Return what worked, and the failures."""
    found = list(found)
    failures = [one for one in found if isinstance(one, Failure)]
    return [one for one in found if not isinstance(one, Failure)], failures


def _decode(pending: PendingResult, translate: Translate) -> DecodedResult | Failure:
    try:
        return DecodedResult(pending, decoded(pending.path))
    except _LOCAL_ERRORS as problem:
        return Failure(pending, texts.bad_result_error(problem, None, translate))


def _agree_on_scale(results: Sequence[DecodedResult], factor: int) -> list[DecodedResult]:
    """Return the results with the one scale at which all are placed, and notes about their sizes."""
    sent = [Size(one.pending.exported.width, one.pending.exported.height) for one in results]
    came = [Size(*size_of(one.pixels)) for one in results]
    scale, notes = layer_rules.agreed_scale(factor, list(zip(sent, came, strict=True)))
    return [replace(one, scale=scale, size_note=note) for one, note in zip(results, notes, strict=True)]


def _compose(
    image: Any, result: DecodedResult, options: Options, say: Callable[[str], None], translate: Translate
) -> ComposedResult | Failure:
    """Compose a result with its layer, if that still is what was sent."""
    destination = check_target(image, result.pending, options.placement)
    if destination.placement is None:
        return ComposedResult(result, destination)
    say(texts.composing(result.pending.input.name, translate))
    try:
        composition = compose(image, result, destination.placement, options.colors)
    except _LOCAL_ERRORS as problem:
        return _stale_or_failed(image, result, options, problem, translate)
    return ComposedResult(result, destination, composition)


def _check_again(
    image: Any, composed: ComposedResult, options: Options, translate: Translate
) -> ComposedResult | Failure:
    """Return a composition that is right for layer and image as they are now, to the pixel.

    Composing takes a while in which the user may change both.
    """
    result, composition = composed.decoded, composed.composition
    if composition is None:
        return composed
    try:
        for _ in range(_ATTEMPTS):
            destination = check_target(image, result.pending, options.placement, pixels=True)
            if destination.placement is None:
                return ComposedResult(result, destination)
            if is_up_to_date(image, result, destination.placement, composition):
                return ComposedResult(result, destination, with_mask_of_now(result, composition))
            composition = compose(image, result, destination.placement, options.colors)
    except _LOCAL_ERRORS as problem:
        return _stale_or_failed(image, result, options, problem, translate)
    return ComposedResult(result, Destination(None, "layer-changed"))


def _stale_or_failed(
    image: Any, result: DecodedResult, options: Options, problem: Exception, translate: Translate
) -> ComposedResult | Failure:
    """Return the result without a composition if its layer has gone meanwhile, else its failure."""
    destination = check_target(image, result.pending, options.placement)
    if destination.placement is None:
        return ComposedResult(result, destination)
    return Failure(result.pending, texts.local_error(problem, "yes", translate))


def _stays(composed: ComposedResult) -> bool:
    return composed.destination.placement not in (None, NEW_IMAGE)


def _texts(image: Any, composed: Sequence[ComposedResult], colors: str, translate: Translate) -> list[str]:
    """Return the notes about all results as text, each once."""
    found = [(one, one.decoded.size_note) for one in composed if one.decoded.size_note is not None]
    found += [(one, note) for one in composed for note in notes_about(image, one, colors)]
    notes = [texts.note(note.code, translate, name=one.input.name, **note.values) for one, note in found]
    staying = [one for one in composed if _stays(one)]
    if staying:
        inputs, placement = [one.input for one in staying], str(staying[0].destination.placement)
        neighbours = notes_about_neighbours(image, inputs, placement)
        notes += [texts.note(note.code, translate, **note.values) for note in neighbours]
    return list(dict.fromkeys(notes))


def _place(image: Any, composed: Sequence[ComposedResult], placement: str, translate: Translate) -> Delivery:
    """Swap all results into the image in one undo step; :class:`ChangedPartly` when that breaks off."""
    if not composed:
        return Delivery()
    swaps = [
        swap_of(image, one.decoded, placement, one.composition)
        for one in composed
        if one.composition is not None
    ]
    names = [swap.layer.get_name() for swap in swaps]
    layers = swap_all(image, swaps, placement)
    lines = [
        texts.done(name, swap.placed.layer.width, swap.placed.layer.height, translate)
        for name, swap in zip(names, swaps, strict=True)
    ]
    return Delivery(layers, (), lines)


def _make_image(image: Any, composed: ComposedResult, translate: Translate) -> tuple[Any, str] | Failure:
    """Return a new image of one result, and its line of text."""
    pending, composition = composed.decoded.pending, composed.composition
    try:
        if composition is None:
            name, resolution = pending.input.name, pending.input.resolution
            if pending.whole_file:
                made, layer = new_image.opened(pending.path, name)
            else:
                made, layer = new_image.bare(composed.decoded.pixels, name, resolution)
        else:
            swap = swap_of(image, composed.decoded, NEW_IMAGE, composition)
            name = swap.layer.get_name()
            made, layer = new_image.like_layer(swap, name)
        size = layer.get_width(), layer.get_height()
    except _LOCAL_ERRORS as problem:
        return Failure(pending, texts.local_error(problem, "yes", translate))
    return made, texts.done(name, *size, translate)
