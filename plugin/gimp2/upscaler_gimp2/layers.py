"""Which layer a run is about, and every reason not to begin: nothing is sent before all of them are asked."""

from __future__ import absolute_import

from collections import namedtuple

from gimpfu import gimp, pdb
from precision_upscaler.contract import LIMITS
from precision_upscaler.contract import limits
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.options import FIT_LAYER, NEW_IMAGE, NEW_LAYER
from precision_upscaler.frontend.placement import Box, Size, area_within, place

from .errors import Refused
from .encoding import readable

LARGEST_CANVAS = 524288
"""GIMP's own largest image side in pixels."""

Subject = namedtuple("Subject", "image layer name box area kind")
"""One layer to upscale.

``box`` is the layer's on the canvas, ``area`` the part to send on the same canvas; ``kind`` is ``pixels``,
``text`` or ``group``; ``name`` is text.
"""


def checked_options(given, translate):
    """Return the options with whole numbers, booleans and text; :class:`Refused` names what is out of range.

    gimpfu's sliders give floats, its toggles integers, and a script gives anything.
    """
    values = {}
    for option in options.ALL:
        value = given.get(option.name, option.default)
        try:
            if option.kind == "integer":
                value = int(round(value))
            elif option.kind == "boolean":
                value = bool(value)
            else:
                value = readable(value)
        except (TypeError, ValueError, OverflowError):
            raise Refused(_refused(texts.no_such_choice(option.title, value, ["?"], translate), translate))
        values[option.name] = value
    wrong = options.problems(values, translate)
    if wrong:
        raise Refused(_refused(" ".join(wrong), translate))
    return values


def chosen(image, drawable, values, translate):
    """Return the :class:`Subject`; :class:`Refused` with the first reason against it."""
    if image is None or not pdb.gimp_image_is_valid(image):
        raise _refusal("no-image", translate)
    if pdb.gimp_image_get_floating_sel(image) is not None:
        raise _refusal("floating", translate)
    if drawable is None or not pdb.gimp_item_is_valid(drawable):
        raise _refusal("no-layer", translate)
    name = readable(pdb.gimp_item_get_name(drawable))
    if pdb.gimp_item_is_layer_mask(drawable):
        # with a mask, GIMP hands over whichever of the two is being edited; a layer was meant
        raise _refusal("mask", translate, name=name)
    if not pdb.gimp_item_is_layer(drawable):
        raise _refusal("channel", translate, name=name)
    if pdb.gimp_item_get_image(drawable) != image:
        raise _refusal("other-image", translate, name=name)
    layer = gimp._id2drawable(drawable.ID)
    kind = kind_of(layer)
    if kind == "group" and not _holds_something(layer):
        raise _refusal("empty-group", translate, name=name)
    locked = lock_of(layer, values["placement"], kind)
    if locked:
        raise _refusal(locked[0], translate, name=name, **locked[1])
    box = box_of(layer)
    area = _area(image, box, name, values, translate)
    limit = limits.refusal(area.width, area.height, values["scale_factor"])
    if limit is not None:
        raise Refused(_refused(texts.limit(limit, translate), translate))
    placed = place(values["placement"], Size(image.width, image.height), box, values["scale_factor"])
    if max(placed.canvas) > LARGEST_CANVAS:
        raise _refusal(
            "canvas",
            translate,
            width=placed.canvas.width,
            height=placed.canvas.height,
            maximum=LARGEST_CANVAS,
        )
    return Subject(image, layer, name, box, area, kind)


def box_of(layer):
    """Return the layer's box on the canvas."""
    x, y = layer.offsets
    return Box(x, y, layer.width, layer.height)


def where_it_is(subject):
    """Return the subject where its layer is now; a part of it and the layer move together."""
    box = box_of(subject.layer)
    area = subject.area
    area = area._replace(x=area.x + box.x - subject.box.x, y=area.y + box.y - subject.box.y)
    return subject._replace(box=box, area=area)


def kind_of(layer):
    """Return ``group``, ``text`` or, for an ordinary layer, ``pixels``."""
    if pdb.gimp_item_is_group(layer):
        return "group"
    return "text" if pdb.gimp_item_is_text_layer(layer) else "pixels"


def selection_box(image):
    """Return the bounds of the image's selection, or None when nothing is selected."""
    something, left, top, right, bottom = pdb.gimp_selection_bounds(image)
    return Box(left, top, right - left, bottom - top) if something else None


def lock_of(layer, placement, kind="pixels"):
    """Return the refusal's code and values when a lock forbids the placement, else None.

    A placement that leaves the layer itself alone heeds no lock of it; a group is always left alone.
    """
    if placement == NEW_IMAGE:
        return None
    parent = layer.parent
    while parent is not None:
        if pdb.gimp_item_get_lock_content(parent) or (
            pdb.gimp_item_get_lock_position(parent) and placement != FIT_LAYER
        ):
            return "locked-parent", {"parent": readable(parent.name)}
        parent = parent.parent
    if placement == NEW_LAYER or kind == "group":
        return None
    if pdb.gimp_item_get_lock_content(layer):
        return "locked-content", {}
    if pdb.gimp_item_get_lock_position(layer) and placement != FIT_LAYER:
        return "locked-position", {}
    return None


def _area(image, box, name, values, translate):
    if values["area"] != options.AREA_SELECTION:
        return box
    selection = selection_box(image)
    if selection is None:
        raise _refusal("no-selection", translate)
    area = area_within(box, selection, LIMITS["minimum_input_side"], LIMITS["maximum_aspect"])
    if area is None:
        raise _refusal("outside-selection", translate, name=name)
    return area


def _holds_something(group):
    return any(not pdb.gimp_item_is_group(child) or _holds_something(child) for child in group.children)


def _refusal(code, translate, **values):
    return Refused(_refused(texts.refusal(code, translate, **values), translate))


def _refused(why, translate):
    return texts.refused(why, translate)
