"""From the service's result to the user's image, or to a new one when the layer is no longer what was sent."""

from __future__ import absolute_import

import traceback
from collections import namedtuple
from fractions import Fraction

from gimpfu import GRAY, INDEXED, PRECISION_U8_GAMMA, PRECISION_U8_LINEAR, gimp, pdb
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.placement import Box, Size, place, received, scaled_box

from . import compose, swap, working
from . import subject as subjects
from .errors import Failed
from .text import native, readable

Job = namedtuple("Job", "event subject opaque values selection")
"""A result and what it is for.

``event`` is the worker's ``result``; ``opaque`` whether every pixel of the layer that was sent is opaque;
``values`` the run's options by name; ``selection`` the :func:`compose.selection_image` of the time of sending.
"""


def deliver(job, translate):
    """Put the job's picture into its image and return the notes for the user.

    It is paid for by now: whatever goes wrong leaves the result to Resume, and :class:`Failed` says so.
    """
    try:
        notes = [texts.note("reused", translate)] if job.event.get("reused") else []
        changed = changed_meanwhile(job.subject, job.values["placement"])
        if changed:
            as_new_image(job.event["path"], job.subject.name, translate)
            return notes + [texts.note(changed, translate, name=job.subject.name)]
        return notes + _placed(job, translate)
    except Failed:
        raise
    except Exception as problem:
        traceback.print_exc()
        event = texts.local_error(problem, job.event["charged"], translate)
        raise Failed(event)


def changed_meanwhile(subject, placement):
    """Return the code of the note when the image is no longer as it was when the layer was sent, else None."""
    if not pdb.gimp_image_is_valid(subject.image):
        return "image-gone"
    layer = subject.layer
    if not pdb.gimp_item_is_valid(layer) or pdb.gimp_item_get_image(layer) != subject.image:
        return "layer-gone"
    if pdb.gimp_image_get_floating_sel(subject.image) is not None:
        return "floating"
    if subjects.box_of(working.fresh(layer)) != subject.box:
        return "layer-changed"
    if subjects.lock_of(layer, placement, subject.kind):
        return "layer-locked"
    return None


def as_new_image(path, name, translate):
    """Open the picture at ``path`` as an image of its own; :class:`Failed` when GIMP cannot read it."""
    image = _readable(path, None, translate)
    image.enable_undo()
    image.layers[0].name = native(name)
    swap.show(image)
    return image


def _readable(path, job_id, translate):
    try:
        return compose.loaded(path)
    except RuntimeError as problem:
        raise Failed(texts.bad_result_error(readable(str(problem)), job_id, translate))


def _placed(job, translate):
    subject, placement = job.subject, job.values["placement"]
    placed, target, notes = goal(job, translate)
    gimp.progress_init(native(texts.composing(subject.name, translate)))
    image = _readable(job.event["path"], job.event.get("job_id"), translate)
    composed = compose.composed(image, subject, target)
    with working.deleted_after(composed):
        gimp.progress_init(native(texts.placing(translate)))
        try:
            swap.replace(subject, composed, placed, placement)
        except Exception:
            traceback.print_exc()
            raise Failed(_broken_off(job, translate))
    gimp.displays_flush()
    return notes + about_format(subject, job.values, translate)


def _broken_off(job, translate):
    event = texts.local_error(RuntimeError("swap"), job.event["charged"], translate)
    event["what"], event["advice"] = texts.changed_partly(translate), ""
    return event


def goal(job, translate):
    """Return where everything goes, what the layer becomes, and notes about a size that was not asked for."""
    subject, factor = job.subject, job.values["scale_factor"]
    source = job.subject.area
    result = Size(job.event["width"], job.event["height"])
    answer = received(factor, Size(source.width, source.height), result)
    image = subject.image
    placed = place(job.values["placement"], Size(image.width, image.height), subject.box, answer.scale)
    x, y = source.x - subject.box.x, source.y - subject.box.y
    whole = Size(placed.layer.width, placed.layer.height)
    if source == subject.box:
        area = Box(0, 0, whole.width, whole.height)
    else:
        factor_x = Fraction(whole.width, subject.box.width)
        area = scaled_box(
            Box(x, y, source.width, source.height), factor_x, Fraction(whole.height, subject.box.height)
        )
    target = compose.Target(whole.width, whole.height, area, job.opaque, job.values["colors"], job.selection)
    return placed, target, _about_size(answer, job, source, translate)


def _about_size(answer, job, source, translate):
    if answer.agrees:
        return []
    factor = job.values["scale_factor"]
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
    if subject.kind != "pixels":
        notes.append(texts.note(subject.kind, translate, name=subject.name))
    if image.base_type == GRAY:
        notes.append(texts.note("grey", translate))
    if image.base_type == INDEXED:
        notes.append(texts.note("indexed", translate, colors=len(image.colormap) // 3))
    elif image.precision not in (PRECISION_U8_GAMMA, PRECISION_U8_LINEAR):
        original = values["colors"] == options.COLORS_ORIGINAL
        notes.append(texts.note("eight-bit-original" if original else "eight-bit", translate))
    return notes
