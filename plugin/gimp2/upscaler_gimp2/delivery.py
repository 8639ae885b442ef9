"""From the service's result to the user's image, or to a new one when the layer is no longer what was sent."""

from __future__ import absolute_import

from collections import namedtuple
from contextlib import contextmanager
from fractions import Fraction

from gimpfu import (
    GRAY,
    INDEXED,
    LAYER_MODE_PASS_THROUGH,
    PRECISION_U8_GAMMA,
    PRECISION_U8_LINEAR,
    gimp,
    pdb,
)
from precision_upscaler.frontend import layer_rules, texts
from precision_upscaler.frontend.placement import Box, Size, place, scaled_box

from . import compose, export, layers, private_images, swap
from .errors import Failed, show_trace
from .encoding import native

PendingResult = namedtuple("PendingResult", "event input exported values selection")
"""A result that is to be delivered.

``event`` is the worker's ``result``; ``input`` the :class:`layers.InputLayer` when it was sent and
``exported`` its :class:`export.Exported`; ``values`` the run's options by name; ``selection`` the
:func:`compose.selection_image` of that time, or None.
"""

Delivery = namedtuple("Delivery", "layer notes")
"""The layer that holds a result, wherever that is, and the notes for the user, a list of texts."""


def deliver(pending, translate):
    """Put the result into its image; returns the :class:`Delivery`. :class:`Failed` leaves the result to Resume."""
    with _kept_for_resume(pending.event, translate):
        reused = [texts.note("reused", translate)] if pending.event.get("reused") else []
        done = _delivered(pending, translate)
        return done._replace(notes=reused + done.notes)


def deliver_as_new_image(event, name, notes, translate):
    """Make a result an image of its own, as it came, with the ``layer_rules.Note`` s that say why.

    Returns the :class:`Delivery`; :class:`Failed` leaves the result to Resume.
    """
    with _kept_for_resume(event, translate):
        image = _decoded(event, translate)
        image.enable_undo()
        image.layers[0].name = native(name)
        swap.show(image)
        return Delivery(image.layers[0], _texts(notes, name, translate))


@contextmanager
def _kept_for_resume(event, translate):
    """Turn whatever goes wrong in the block into :class:`Failed`: the result was paid for and is kept."""
    try:
        yield
    except Failed:
        raise
    except Exception as problem:
        show_trace()
        raise Failed(texts.local_error(problem, event["charged"], translate))


def _decoded(event, translate):
    try:
        return compose.loaded(event["path"])
    except RuntimeError as problem:
        raise Failed(texts.bad_result_error(problem, event.get("job_id"), translate))


def _delivered(pending, translate):
    """Check the target, compose, check it again to the pixel, and swap."""
    name = pending.input.name
    placement, reason = destination(pending)
    if placement is None:
        return _bare(pending, reason, translate)
    gimp.progress_init(native(texts.composing(name, translate)))
    image = _decoded(pending.event, translate)
    scale, size_note = _scale(pending)
    input_layer = layers.at_present(pending.input)
    placed = _placed(input_layer, placement, scale)
    try:
        composed = compose.composed(image, input_layer, _target(pending, input_layer, placed))
    except Exception:
        # the user may have done anything meanwhile; a failure on an unchanged layer is an error
        _, changed = destination(pending)
        if changed == reason:
            raise
        return _bare(pending, changed, translate)
    with private_images.deleted_after(composed):
        still, reason = destination(pending, pixels=True)
        if still != placement:
            return _bare(pending, reason, translate)
        input_layer = layers.at_present(input_layer)
        placed = _placed(input_layer, placement, scale)
        gimp.progress_init(native(texts.placing(translate)))
        try:
            layer = swap.replace(input_layer, composed, placed, placement)
        except Exception:
            show_trace()
            raise Failed(_changed_partly(pending.event, translate))
    gimp.displays_flush()
    notes = [layer_rules.Note(reason, {})] if reason else []
    notes += [size_note] if size_note else []
    notes += _image_notes(input_layer.image, pending.values["colors"])
    notes += _layer_notes(input_layer, placement)
    return Delivery(layer, _texts(notes, name, translate))


def destination(pending, pixels=False):
    """Return ``(placement, reason)`` by how image and layer are now; see ``layer_rules.destination``.

    ``pixels`` also compares the pixels with those that were sent.
    """
    input_layer, placement = pending.input, pending.values["placement"]
    image, layer = input_layer.image, input_layer.layer

    def layer_there():
        return bool(pdb.gimp_item_is_valid(layer)) and pdb.gimp_item_get_image(layer) == image

    def unchanged():
        now = layers.at_present(input_layer)
        if (now.box.width, now.box.height) != (input_layer.box.width, input_layer.box.height):
            return False
        return not pixels or export.as_it_is(now).fingerprint == pending.exported.fingerprint

    target = layer_rules.Target(
        image_open=lambda: bool(pdb.gimp_image_is_valid(image)),
        window_open=lambda: True,
        layer_there=layer_there,
        floating=lambda: pdb.gimp_image_get_floating_sel(image) is not None,
        locked=lambda: layer_rules.lock_refusal(layers.item_of(layer, image), placement) is not None,
        unchanged=unchanged,
    )
    return layer_rules.destination(target, placement)


def _bare(pending, reason, translate):
    """Make the result a new image as it came; ``reason`` is the code of the note that says why."""
    opaque, colors = pending.exported.opaque, pending.values["colors"]
    layer = pending.input.layer
    masked = bool(pdb.gimp_item_is_valid(layer)) and layer.mask is not None
    notes = [layer_rules.Note(reason, {})] + layer_rules.bare_notes(opaque, masked, colors)
    return deliver_as_new_image(pending.event, pending.input.name, notes, translate)


def _changed_partly(event, translate):
    event = texts.local_error(RuntimeError("swap"), event["charged"], translate)
    event["what"], event["advice"] = texts.changed_partly(translate), ""
    return event


def _scale(pending):
    """Return the scale at which the result is placed, and the note about its size, or None."""
    area = pending.input.area
    sizes = [(Size(area.width, area.height), Size(pending.event["width"], pending.event["height"]))]
    scale, (note,) = layer_rules.agreed_scale(pending.values["scale_factor"], sizes)
    return scale, note


def _placed(input_layer, placement, scale):
    size = Size(input_layer.image.width, input_layer.image.height)
    return place(placement, size, input_layer.box, scale)


def _target(pending, input_layer, placed):
    """Return the :class:`compose.Target`: what the layer becomes."""
    source, box, whole = input_layer.area, input_layer.box, placed.layer
    if source == box:
        area, opaque = Box(0, 0, whole.width, whole.height), pending.exported.opaque
    else:
        part = Box(source.x - box.x, source.y - box.y, source.width, source.height)
        area = scaled_box(part, Fraction(whole.width, box.width), Fraction(whole.height, box.height))
        # what was not sent may have changed, and the result is composed with what there is now
        opaque = export.as_it_is(input_layer).opaque
    colors = pending.values["colors"]
    return compose.Target(whole.width, whole.height, area, opaque, colors, pending.selection)


def _image_notes(image, colors):
    eight_bit = image.base_type == INDEXED or image.precision in (PRECISION_U8_GAMMA, PRECISION_U8_LINEAR)
    palette_colors = len(image.colormap) // 3 if image.base_type == INDEXED else None
    return layer_rules.image_notes(
        colors,
        eight_bit,
        image.base_type == GRAY,
        palette_colors,
        lambda: private_images.exceeds_srgb(image),
    )


def _layer_notes(input_layer, placement):
    passes_through = input_layer.layer.mode == LAYER_MODE_PASS_THROUGH
    return layer_rules.layer_notes(input_layer.kind, placement, passes_through)


def _texts(notes, name, translate):
    return [texts.note(note.code, translate, name=name, **note.values) for note in notes]
