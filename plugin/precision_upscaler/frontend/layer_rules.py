# coding: utf-8
"""The decisions about layers that both GIMP front ends share: refusals, locks, stale targets, notes.

Pure functions: the front end reads the facts from GIMP and hands them in. A refusal or a note is a
code with its values; :func:`refusal_text` and :func:`texts.note` make the user's text of it.
"""

from __future__ import absolute_import, unicode_literals

from collections import namedtuple

from precision_upscaler.contract import LIMITS, limits

from . import texts
from .options import (
    AREA_SELECTION,
    COLORS_ORIGINAL,
    COLORS_SERVICE,
    FIT_LAYER,
    GROW_CANVAS,
    NEW_IMAGE,
    NEW_LAYER,
    SCALE_IMAGE,
)
from .placement import Box, Size, area_within, common_scale, place, received, united

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction
    from typing import Any

    Translate = Callable[[str], str]

LARGEST_CANVAS = 524288
"""GIMP's own largest image side in pixels."""

PIXELS, TEXT, VECTOR, LINK, GROUP = "pixels", "text", "vector", "link", "group"
"""The kinds of layers; the first is an ordinary one."""
MASK, CHANNEL, EMPTY_GROUP = "mask", "channel", "empty-group"
"""What can be selected in GIMP and is never upscaled. An empty group holds no layer, at any depth."""

Parent = namedtuple("Parent", "name content_locked position_locked")
"""A group around a layer: its name and its locks."""

Item = namedtuple("Item", "name kind in_image content_locked position_locked parents")
"""What the rules must know of a drawable.

``kind`` is one of the constants above; ``in_image`` whether it belongs to the run's image; ``parents`` are
the :class:`Parent` groups around it, the innermost first.
"""

Refusal = namedtuple("Refusal", "code values")
"""Why a run or a layer is refused: the code and values of :func:`texts.refusal`.

The code ``limit`` has the values ``name`` and ``limit``, a ``limits.Refusal``.
"""

Note = namedtuple("Note", "code values")
"""What the user should know about a result: the code of :func:`texts.note` and its values but the name."""


def refusal_text(refusal, translate=texts.same):
    # type: (Refusal, Translate) -> str
    """Return the text of a refusal."""
    if refusal.code == "limit":
        return "“{0}”: {1}".format(refusal.values["name"], texts.limit(refusal.values["limit"], translate))
    return texts.refusal(refusal.code, translate, **refusal.values)


# ----- refusals, in the order in which they are asked


def image_refusal(image_open, drawable_count, floating):
    # type: (bool, int, bool) -> Refusal | None
    """Return why nothing in the image can be upscaled, or None; ``floating``: it has a floating selection."""
    if not image_open:
        return Refusal("no-image", {})
    if not drawable_count:
        return Refusal("no-layer", {})
    return Refusal("floating", {}) if floating else None


def item_refusal(item, placement):
    # type: (Item | None, str) -> Refusal | None
    """Return why a drawable cannot be upscaled, or None; ``item`` is None for one that no longer exists."""
    if item is None:
        return Refusal("no-layer", {})
    values = {"name": item.name}
    if item.kind in (MASK, CHANNEL):
        # with a mask, GIMP hands over whichever of layer and mask is being edited; a layer was meant
        return Refusal(item.kind, values)
    if not item.in_image:
        return Refusal("other-image", values)
    if item.kind == EMPTY_GROUP:
        return Refusal(item.kind, values)
    return lock_refusal(item, placement)


def lock_refusal(item, placement):
    # type: (Item, str) -> Refusal | None
    """Return which lock forbids the placement, or None.

    A new image changes nothing, and a new layer leaves the layer itself alone: its own locks do not matter
    then. A locked parent forbids every change below it.
    """
    if placement == NEW_IMAGE:
        return None
    for parent in item.parents:
        if parent.content_locked or parent.position_locked:
            return Refusal("locked-parent", {"name": item.name, "parent": parent.name})
    if placement == NEW_LAYER:
        return None
    if item.content_locked:
        return Refusal("locked-content", {"name": item.name})
    if item.position_locked and placement != FIT_LAYER:
        return Refusal("locked-position", {"name": item.name})
    return None


def area_to_send(name, box, area, selection):
    # type: (str, Box, str, Box | None) -> tuple[Box, Refusal | None]
    """Return the part of a layer to send, and why there is none, or None.

    ``box`` is the layer's box on the canvas, ``area`` the run's option, ``selection`` the bounds of what is
    selected, or None.
    """
    if area != AREA_SELECTION:
        return box, None
    if selection is None:
        return box, Refusal("no-selection", {})
    part = area_within(box, selection, LIMITS["minimum_input_side"], LIMITS["maximum_aspect"])
    return (box, Refusal("outside-selection", {"name": name})) if part is None else (part, None)


def size_refusal(name, area, factor):
    # type: (str, Box, int) -> Refusal | None
    """Return why the service does not take a part of this size, or None."""
    limit = limits.refusal(area.width, area.height, factor)
    return None if limit is None else Refusal("limit", {"name": name, "limit": limit})


def upload_refusal(name, size):
    # type: (str, int) -> Refusal | None
    """Return why the service does not take a file of ``size`` bytes, or None."""
    limit = limits.upload_refusal(size)
    return None if limit is None else Refusal("limit", {"name": name, "limit": limit})


def visibility_refusal(name, visible, whole):
    # type: (str, bool, bool) -> Refusal | None
    """Return why pixels without a visible one are not sent, or None; ``whole``: they are the whole layer."""
    if visible:
        return None
    return Refusal("transparent" if whole else "transparent-area", {"name": name})


def nested_refusals(chosen):
    # type: (Sequence[tuple[object, str, Sequence[tuple[object, str]]]]) -> list[Refusal]
    """Return a refusal for each layer inside another one of the run.

    ``chosen`` holds for each layer its ID, its name, and the ID and name of each group around it, the
    innermost first.
    """
    ids = {one[0] for one in chosen}
    found = []
    for _, name, parents in chosen:
        inside = [parent for number, parent in parents if number in ids][:1]
        found += [Refusal("nested", {"name": name, "parent": parent}) for parent in inside]
    return found


def canvas_refusal(placement, canvas, boxes, factor):
    # type: (str, Size, Sequence[Box], int) -> Refusal | None
    """Return why GIMP cannot hold the enlarged image, or None; ``boxes`` are the layers' on the canvas."""
    after = united([place(placement, canvas, box, factor) for box in boxes]).canvas
    if max(after) <= LARGEST_CANVAS:
        return None
    values = {"width": after.width, "height": after.height, "maximum": LARGEST_CANVAS}
    return Refusal("canvas", values)


# ----- targets that are no longer what was sent

_COMPOSABLE = ("layer-locked", "floating")
"""Reasons that forbid changing the image while the layer is still what was sent."""


Target = namedtuple("Target", "image_open window_open layer_there floating locked unchanged")
"""Questions about where a result is to go, as functions that return booleans.

They are asked in this order until one decides: what is gone cannot be asked anything more, and the last one
may read every pixel.
"""


def stale_target(target, placement):
    # type: (Target, str) -> str | None
    """Return the note's code for why a result cannot go where it was made for, or None.

    While the service worked, the user may have closed the image, deleted, locked, painted on or scaled the
    layer. A moved, renamed or restacked layer is still the one that was sent.
    """
    if not target.image_open():
        return "image-gone"
    if not target.window_open():
        return "window-gone"
    if not target.layer_there():
        return "layer-gone"
    if placement != NEW_IMAGE and target.floating():
        return "floating"
    if target.locked():
        return "layer-locked"
    return None if target.unchanged() else "layer-changed"


def destination(target, placement):
    # type: (Target, str) -> tuple[str | None, str | None]
    """Return the placement the result gets, or None, and the reason of :func:`stale_target`, or None.

    What may not be changed can still be composed with its result, as a new image. Where there is no placement
    left, the result becomes a new image as it came.
    """
    reason = stale_target(target, placement)
    if reason is None:
        return placement, None
    return NEW_IMAGE if reason in _COMPOSABLE and target.unchanged() else None, reason


# ----- notes about what could not be kept


def keeps_layer(kind, placement):
    # type: (str, str) -> bool
    """Return whether the layer itself stays in its image, hidden, beside its result."""
    return placement == NEW_LAYER or (kind == GROUP and placement != NEW_IMAGE)


def conversion_note(kind, placement):
    # type: (str, str) -> str | None
    """Return the code of the note (:func:`texts.note`) about a layer of ``kind`` that was rendered, or None.

    Only where the layer itself became its result was it turned into pixels; elsewhere just the result is made
    of them.
    """
    if kind == PIXELS:
        return None
    if kind == GROUP and placement != NEW_IMAGE:
        return "group"
    return "rendered" if _stays(kind, placement) else kind


def layer_notes(kind, placement, pass_through=False, effects=False, hidden_effects=False):
    # type: (str, str, bool, bool, bool) -> list[Note]
    """Return the notes about a layer that is more than pixels.

    ``pass_through``: a group's mode; ``effects`` and ``hidden_effects``: the layer has effects that are on
    or off.
    """
    conversion = conversion_note(kind, placement)
    codes = [] if conversion is None else [conversion]
    if kind == GROUP:
        codes += ["pass-through"] if pass_through else []
    elif effects:
        stays = _stays(kind, placement)
        codes.append("effects-rendered" if stays else "effects")
        codes += ["effects-hidden"] if hidden_effects and not stays else []
    return [Note(code, {}) for code in codes]


Neighbour = namedtuple("Neighbour", "name kind effects outlined miscolored")
"""Another layer of the image.

Whether it has effects, shown or not, a line along its outline, and colors that GIMP converts wrongly.
"""


def neighbour_notes(placement, neighbours):
    # type: (str, Sequence[Neighbour]) -> list[Note]
    """Return the notes about what GIMP leaves as it was when it scales the image with the other layers."""
    if placement != SCALE_IMAGE:
        return []
    unscaled = (
        ("effects-unscaled", [one.name for one in neighbours if one.effects]),
        ("outlines-unscaled", [one.name for one in neighbours if one.outlined]),
        ("text-unscaled", [one.name for one in neighbours if one.kind == TEXT]),
        ("miscolored", [one.name for one in neighbours if one.miscolored]),
    )
    return [
        Note(code, {"layers": ", ".join("“{0}”".format(name) for name in names)})
        for code, names in unscaled
        if names
    ]


def masked_parent_notes(placement, masked_parents):
    # type: (str, Sequence[str]) -> list[Note]
    """Return the notes about the masks of groups around a layer that grows inside them.

    ``masked_parents`` are the names of the groups around it that have a mask.
    """
    if placement not in (GROW_CANVAS, NEW_LAYER):
        return []
    return [Note("mask-not-enlarged", {"group": name}) for name in masked_parents]


def image_notes(colors, eight_bit, grey, palette_colors, exceeds_srgb):
    # type: (str, bool, bool, int | None, Callable[[], bool]) -> list[Note]
    """Return the notes about an image that holds more, or less, than the service's images.

    ``palette_colors`` is the size of an indexed image's palette, else None. ``exceeds_srgb`` says whether the
    image's profile has colors outside sRGB; it is asked only where that matters.
    """
    notes = []
    if not eight_bit:
        notes.append(Note("eight-bit" if colors == COLORS_SERVICE else "eight-bit-original", {}))
    if grey:
        notes.append(Note("grey", {}))
    elif colors == COLORS_SERVICE and exceeds_srgb():
        notes.append(Note("gamut", {}))
    if palette_colors is not None:
        notes.append(Note("indexed", {"colors": palette_colors}))
    return notes


def bare_notes(opaque, masked, colors):
    # type: (bool, bool, str) -> list[Note]
    """Return the note about a result that is offered as it came, if it lacks something the layer has."""
    return [] if opaque and not masked and colors != COLORS_ORIGINAL else [Note("bare", {})]


def agreed_scale(factor, sizes):
    # type: (int, Sequence[tuple[Size, Size]]) -> tuple[Fraction, list[Note | None]]
    """Return the scale at which all results of a run are placed, and for each a note about its size, or None.

    ``sizes`` holds for each result the size that was sent and the size that came back.
    """
    common = common_scale(factor, [received(factor, sent, came).scale for sent, came in sizes])
    return common, [_size_note(factor, common, sent, came) for sent, came in sizes]


def _size_note(factor, common, sent, came):
    # type: (int, Fraction, Size, Size) -> Note | None
    found = received(factor, sent, came)
    if found.agrees and common == factor:
        return None
    code = "distorted" if found.distorted else "wrong-size" if found.scale == common else "stretched"
    values = {
        "width": came.width,
        "height": came.height,
        "asked_width": sent.width * factor,
        "asked_height": sent.height * factor,
    }
    return Note(code, values)


def _stays(kind, placement):
    # type: (str, str) -> bool
    return placement == NEW_IMAGE or keeps_layer(kind, placement)
