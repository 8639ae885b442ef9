"""The layer a run works on: read it from GIMP, and refuse it for any reason before anything is sent."""

from __future__ import absolute_import

from collections import namedtuple

from gimpfu import gimp, pdb
from precision_upscaler.frontend import layer_rules, options, texts
from precision_upscaler.frontend.placement import Box, Size

from .errors import Refused
from .encoding import readable

InputLayer = namedtuple("InputLayer", "image layer name box area kind")
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
            wrong = texts.no_such_choice(option.title, value, ["?"], translate)
            raise Refused(texts.refused(wrong, translate))
        values[option.name] = value
    problems = options.problems(values, translate)
    if problems:
        raise Refused(texts.refused(" ".join(problems), translate))
    return values


def collect_input(image, drawable, values, translate):
    """Return the :class:`InputLayer` of a run with the option ``values``; :class:`Refused` with the first reason."""
    image_open = image is not None and bool(pdb.gimp_image_is_valid(image))
    floating = image_open and pdb.gimp_image_get_floating_sel(image) is not None
    refuse(layer_rules.image_refusal(image_open, 0 if drawable is None else 1, floating), translate)
    item = item_of(drawable, image) if pdb.gimp_item_is_valid(drawable) else None
    refuse(layer_rules.item_refusal(item, values["placement"]), translate)
    layer = gimp._id2drawable(drawable.ID)
    box, factor = box_of(layer), values["scale_factor"]
    area, refusal = layer_rules.area_to_send(item.name, box, values["area"], selection_box(image))
    refuse(refusal, translate)
    refuse(layer_rules.size_refusal(item.name, area, factor), translate)
    size = Size(image.width, image.height)
    refuse(layer_rules.canvas_refusal(values["placement"], size, [box], factor), translate)
    return InputLayer(image, layer, item.name, box, area, item.kind)


def refuse(refusal, translate):
    """Raise :class:`Refused` for a refusal of ``layer_rules``; None is none."""
    if refusal is not None:
        raise Refused(texts.refused(layer_rules.refusal_text(refusal, translate), translate))


def item_of(drawable, image):
    """Return what the rules must know of a drawable; ``image`` is the run's."""
    name = readable(pdb.gimp_item_get_name(drawable))
    in_image = pdb.gimp_item_get_image(drawable) == image
    content, position = pdb.gimp_item_get_lock_content(drawable), pdb.gimp_item_get_lock_position(drawable)
    item = layer_rules.Item(name, layer_rules.MASK, in_image, content, position, [])
    if pdb.gimp_item_is_layer_mask(drawable):
        return item
    if not pdb.gimp_item_is_layer(drawable):
        return item._replace(kind=layer_rules.CHANNEL)
    layer = gimp._id2drawable(drawable.ID)
    kind = kind_of(layer)
    if kind == layer_rules.GROUP and not _holds_something(layer):
        kind = layer_rules.EMPTY_GROUP
    return item._replace(kind=kind, parents=_parents_of(layer))


def box_of(layer):
    """Return the layer's box on the canvas."""
    x, y = layer.offsets
    return Box(x, y, layer.width, layer.height)


def at_present(input_layer):
    """Return the input layer where it is now; a part of it and the layer move together."""
    box, area, before = box_of(input_layer.layer), input_layer.area, input_layer.box
    area = area._replace(x=area.x + box.x - before.x, y=area.y + box.y - before.y)
    return input_layer._replace(box=box, area=area)


def kind_of(layer):
    """Return ``group``, ``text`` or, for an ordinary layer, ``pixels``."""
    if pdb.gimp_item_is_group(layer):
        return layer_rules.GROUP
    return layer_rules.TEXT if pdb.gimp_item_is_text_layer(layer) else layer_rules.PIXELS


def selection_box(image):
    """Return the bounds of the image's selection, or None when nothing is selected."""
    something, left, top, right, bottom = pdb.gimp_selection_bounds(image)
    return Box(left, top, right - left, bottom - top) if something else None


def _parents_of(layer):
    parents = []
    group = layer.parent
    while group is not None:
        content, position = pdb.gimp_item_get_lock_content(group), pdb.gimp_item_get_lock_position(group)
        parents.append(layer_rules.Parent(readable(group.name), content, position))
        group = group.parent
    return parents


def _holds_something(group):
    return any(not pdb.gimp_item_is_group(child) or _holds_something(child) for child in group.children)
