"""From the service's result to the user's image, or to a new one when the layer is no longer what was sent."""

from __future__ import absolute_import

from collections import namedtuple
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
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.layer_rules import conversion_note
from precision_upscaler.frontend.options import NEW_IMAGE
from precision_upscaler.frontend.placement import Box, Size, place, received, scaled_box

from . import compose, export, swap, private_images
from . import layers as subjects
from .errors import Failed, show_trace
from .encoding import native

Job = namedtuple("Job", "event subject sent values selection")
"""A result and what it is for.

``event`` is the worker's ``result``; ``sent`` the :class:`export.Exported` of the subject when it was sent;
``values`` the run's options by name; ``selection`` the :func:`compose.selection_image` of that time.
"""


Delivered = namedtuple("Delivered", "layer notes")
"""The layer that holds a result, wherever that is, and the notes for the user, a list of texts."""


def deliver(job, translate):
    """Put the job's picture into its image; returns the :class:`Delivered`.

    It is paid for by now: whatever goes wrong leaves the result to Resume, and :class:`Failed` says so.
    """
    try:
        reused = [texts.note("reused", translate)] if job.event.get("reused") else []
        changed = changed_meanwhile(job)
        done = _beside(job, changed, translate) if changed else _placed(job, translate)
        return done._replace(notes=reused + done.notes)
    except Failed:
        raise
    except Exception as problem:
        show_trace()
        raise Failed(texts.local_error(problem, job.event["charged"], translate))


def deliver_elsewhere(event, name, translate):
    """Make the result of a layer that is not here any more an image of its own; as :func:`deliver` otherwise."""
    try:
        layer = as_new_image(event["path"], name, translate)
    except Failed:
        raise
    except Exception as problem:
        show_trace()
        raise Failed(texts.local_error(problem, event["charged"], translate))
    return Delivered(layer, [texts.note("image-gone", translate, name=name)])


def changed_meanwhile(job, pixels=False):
    """Return the code of the note when the layer is not what it was when it was sent, else None.

    ``pixels`` compares the sent ones as well. A layer that was moved or renamed is still the one that was sent.
    """
    subject, placement = job.subject, job.values["placement"]
    if not pdb.gimp_image_is_valid(subject.image):
        return "image-gone"
    layer = subject.layer
    if not pdb.gimp_item_is_valid(layer) or pdb.gimp_item_get_image(layer) != subject.image:
        return "layer-gone"
    if pdb.gimp_image_get_floating_sel(subject.image) is not None and placement != NEW_IMAGE:
        return "floating"
    if subjects.lock_of(layer, placement, subject.kind):
        return "layer-locked"
    now = subjects.where_it_is(subject)
    same_size = (now.box.width, now.box.height) == (subject.box.width, subject.box.height)
    if not same_size or (pixels and export.as_it_is(now).fingerprint != job.sent.fingerprint):
        return "layer-changed"
    return None


def _beside(job, changed, translate):
    layer = as_new_image(job.event["path"], job.subject.name, translate)
    return Delivered(layer, [texts.note(changed, translate, name=job.subject.name)])


def as_new_image(path, name, translate):
    """Open the picture at ``path`` as an image of its own; returns its layer.

    :class:`Failed` when GIMP cannot read it.
    """
    image = _readable(path, None, translate)
    image.enable_undo()
    image.layers[0].name = native(name)
    swap.show(image)
    return image.layers[0]


def _readable(path, job_id, translate):
    try:
        return compose.loaded(path)
    except RuntimeError as problem:
        raise Failed(texts.bad_result_error(problem, job_id, translate))


def _placed(job, translate):
    """Compose, look at the layer once more, and swap; the result goes beside the image if it was changed."""
    gimp.progress_init(native(texts.composing(job.subject.name, translate)))
    try:
        target = _target(job)
        image = _readable(job.event["path"], job.event.get("job_id"), translate)
        composed = compose.composed(image, subjects.where_it_is(job.subject), target)
    except Failed:
        raise
    except Exception:
        # the user may have done anything meanwhile; a layer that is as it was has no excuse
        changed = changed_meanwhile(job)
        if not changed:
            raise
        return _beside(job, changed, translate)
    with private_images.deleted_after(composed):
        changed = changed_meanwhile(job, pixels=True)
        if changed:
            return _beside(job, changed, translate)
        subject, placed, answer = goal(job)
        gimp.progress_init(native(texts.placing(translate)))
        try:
            layer = swap.replace(subject, composed, placed, job.values["placement"])
        except Exception:
            show_trace()
            raise Failed(_broken_off(job, translate))
    gimp.displays_flush()
    notes = _about_size(answer, job, translate) + about_format(subject, job.values, translate)
    return Delivered(layer, notes)


def _broken_off(job, translate):
    event = texts.local_error(RuntimeError("swap"), job.event["charged"], translate)
    event["what"], event["advice"] = texts.changed_partly(translate), ""
    return event


def goal(job):
    """Return the subject where it is now, where everything goes, and what ``placement.received`` says of the size."""
    subject, factor = subjects.where_it_is(job.subject), job.values["scale_factor"]
    source, image = subject.area, subject.image
    answer = received(
        factor, Size(source.width, source.height), Size(job.event["width"], job.event["height"])
    )
    size = Size(image.width, image.height)
    return subject, place(job.values["placement"], size, subject.box, answer.scale), answer


def _target(job):
    """Return what the layer becomes."""
    subject, placed, _ = goal(job)
    source, box, whole = subject.area, subject.box, placed.layer
    if source == box:
        area, opaque = Box(0, 0, whole.width, whole.height), job.sent.opaque
    else:
        part = Box(source.x - box.x, source.y - box.y, source.width, source.height)
        area = scaled_box(part, Fraction(whole.width, box.width), Fraction(whole.height, box.height))
        # what was not sent may have changed, and the result is composed with what there is now
        opaque = export.as_it_is(subject).opaque
    return compose.Target(whole.width, whole.height, area, opaque, job.values["colors"], job.selection)


def _about_size(answer, job, translate):
    if answer.agrees:
        return []
    source, factor = job.subject.area, job.values["scale_factor"]
    return [
        texts.note(
            "distorted" if answer.distorted else "wrong-size",
            translate,
            name=job.subject.name,
            width=job.event["width"],
            height=job.event["height"],
            asked_width=source.width * factor,
            asked_height=source.height * factor,
        )
    ]


def about_format(subject, values, translate):
    """Return the notes about what the image's format and the layer's kind did to the result."""
    image, notes = subject.image, []
    rendered = conversion_note(subject.kind, values["placement"])
    if rendered:
        notes.append(texts.note(rendered, translate, name=subject.name))
    if subject.layer.mode == LAYER_MODE_PASS_THROUGH:
        notes.append(texts.note("pass-through", translate, name=subject.name))
    if image.base_type == GRAY:
        notes.append(texts.note("grey", translate))
    if image.base_type == INDEXED:
        notes.append(texts.note("indexed", translate, colors=len(image.colormap) // 3))
    elif image.precision not in (PRECISION_U8_GAMMA, PRECISION_U8_LINEAR):
        original = values["colors"] == options.COLORS_ORIGINAL
        notes.append(texts.note("eight-bit-original" if original else "eight-bit", translate))
    return notes
