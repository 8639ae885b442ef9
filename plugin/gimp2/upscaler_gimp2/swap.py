"""The change of the user's image: one undo group, opened when everything that can fail has been computed.

The layer itself stays: GIMP scales it with its mask, and then only its pixels are replaced. So its name, place,
mode, opacity, locks, parasites and any other attribute are kept without being listed. Only where the layer cannot
hold other pixels (text, a group) a new one takes its attributes.
"""

from __future__ import absolute_import

from contextlib import contextmanager

from gimpfu import (
    ADD_WHITE_MASK,
    GRAY_IMAGE,
    GRAYA_IMAGE,
    INDEXED_IMAGE,
    INDEXEDA_IMAGE,
    LAYER_MODE_NORMAL,
    LAYER_MODE_NORMAL_LEGACY,
    LAYER_MODE_PASS_THROUGH,
    RGB_IMAGE,
    RGBA_IMAGE,
    gimp,
    pdb,
)
from precision_upscaler.frontend.layer_rules import keeps_layer
from precision_upscaler.frontend.options import FIT_LAYER, NEW_IMAGE, SCALE_IMAGE

from . import compose, private_images

_TYPES = ((RGB_IMAGE, RGBA_IMAGE), (GRAY_IMAGE, GRAYA_IMAGE), (INDEXED_IMAGE, INDEXEDA_IMAGE))
_TEXT_PARASITE = "gimp-text-layer"


def replace(input_layer, composed, placed, placement):
    """Put the only layer of the private image ``composed`` where ``placed`` says; return the layer it is in.

    Exactly one undo step of the layer's image, none for ``new-image``. ``placed`` is a
    ``placement.Placed`` for the layer as it is now.
    """
    if placement == NEW_IMAGE:
        return _as_new_image(input_layer, composed)
    image = input_layer.image
    image.undo_group_start()
    try:
        with private_images.context():
            layer = _layer_to_change(input_layer, placement)
            with _unlocked(layer):
                _scale(image, layer, placed, placement)
                _fill(layer, composed)
            if keeps_layer(input_layer.kind, placement):
                input_layer.layer.visible = False
                image.active_layer = layer
    finally:
        image.undo_group_end()
    return private_images.fresh(layer)


def _layer_to_change(input_layer, placement):
    """Return the layer that gets the pixels: the input layer's own, or a new one above it."""
    old, image = input_layer.layer, input_layer.image
    if input_layer.kind == "pixels" and not keeps_layer(input_layer.kind, placement):
        return old
    new = old.copy() if input_layer.kind == "pixels" else blank_like(old, image)
    position = pdb.gimp_image_get_item_position(image, old)
    pdb.gimp_image_insert_layer(image, new, old.parent, position)
    if input_layer.kind == "pixels":
        new.name = old.name
    else:
        _take_mask(new, old)
    if not keeps_layer(input_layer.kind, placement):
        name, tattoo = old.name, old.tattoo
        image.remove_layer(old)
        new.name, new.tattoo = name, tattoo
        image.active_layer = new
    return private_images.fresh(new)


def blank_like(old, image):
    """Return a new empty layer of ``image`` with the attributes of ``old`` but its mask; not inserted yet."""
    kind = _TYPES[image.base_type][1 if old.has_alpha else 0]
    mode = LAYER_MODE_NORMAL if old.mode == LAYER_MODE_PASS_THROUGH else old.mode
    new = gimp.Layer(image, old.name, old.width, old.height, kind, old.opacity, mode)
    if mode == old.mode and mode != LAYER_MODE_NORMAL_LEGACY:
        pdb.gimp_layer_set_blend_space(new, pdb.gimp_layer_get_blend_space(old))
        pdb.gimp_layer_set_composite_space(new, pdb.gimp_layer_get_composite_space(old))
        pdb.gimp_layer_set_composite_mode(new, pdb.gimp_layer_get_composite_mode(old))
    new.set_offsets(*old.offsets)
    new.visible, new.linked, new.lock_alpha = old.visible, old.linked, old.lock_alpha
    pdb.gimp_item_set_color_tag(new, pdb.gimp_item_get_color_tag(old))
    pdb.gimp_item_set_lock_content(new, pdb.gimp_item_get_lock_content(old))
    pdb.gimp_item_set_lock_position(new, pdb.gimp_item_get_lock_position(old))
    for name in old.parasite_list():
        if name != _TEXT_PARASITE:
            new.parasite_attach(old.parasite_find(name))
    return new


def _take_mask(new, old):
    if old.mask is None:
        return
    with _unlocked(new):
        mask = new.create_mask(ADD_WHITE_MASK)
        new.add_mask(mask)
    private_images.copy_pixels(old.mask, mask)
    new.apply_mask, new.edit_mask, new.show_mask = old.apply_mask, old.edit_mask, old.show_mask


@contextmanager
def _unlocked(layer):
    """Lift the layer's locks for what the user asked for: refusing them was decided before.

    Lift its chain as well: GIMP moves all linked layers when one of them is moved.
    """
    content, position = pdb.gimp_item_get_lock_content(layer), pdb.gimp_item_get_lock_position(layer)
    linked = layer.linked
    if linked:
        layer.linked = False
    if content:
        pdb.gimp_item_set_lock_content(layer, False)
    if position:
        pdb.gimp_item_set_lock_position(layer, False)
    try:
        yield
    finally:
        if content:
            pdb.gimp_item_set_lock_content(layer, True)
        if position:
            pdb.gimp_item_set_lock_position(layer, True)
        if linked:
            layer.linked = True


def _scale(image, layer, placed, placement):
    box = placed.layer
    private_images.best_interpolation((layer.width, layer.height), (box.width, box.height))
    if placement == SCALE_IMAGE:
        image.scale(placed.canvas.width, placed.canvas.height)
    with _parent_masks_kept(image, layer, (box.x - placed.shift[0], box.y - placed.shift[1]), box):
        if placement == FIT_LAYER or (layer.width, layer.height) != (box.width, box.height):
            # to the same size as well: only then does undo know the old pixels
            layer.scale(box.width, box.height, False)
        if placement != FIT_LAYER and not placed.scales_others:
            canvas = (placed.canvas.width, placed.canvas.height)
            if canvas != (image.width, image.height) or tuple(placed.shift) != (0, 0):
                image.resize(canvas[0], canvas[1], *placed.shift)
        if tuple(layer.offsets) != (box.x, box.y):
            layer.set_offsets(box.x, box.y)


@contextmanager
def _parent_masks_kept(image, layer, place, size):
    """Keep the groups around ``layer`` as wide as it is now and will be at ``place``, while it is scaled and moved.

    GIMP crops the mask of a group that shrinks or moves, even in between, and fills what comes back with black.
    """
    if not _has_masked_parent(layer):
        yield
        return
    active, (x, y) = image.active_layer, layer.offsets
    left, top = min(x, place[0]), min(y, place[1])
    right = max(x + layer.width, place[0] + size.width)
    bottom = max(y + layer.height, place[1] + size.height)
    kind = _TYPES[image.base_type][1]
    filler = gimp.Layer(image, "", right - left, bottom - top, kind, 0.0, LAYER_MODE_NORMAL)
    filler.set_offsets(left, top)
    pdb.gimp_image_insert_layer(image, filler, layer.parent, 0)
    try:
        yield
    finally:
        image.remove_layer(filler)
        image.active_layer = active


def _has_masked_parent(layer):
    parent = layer.parent
    while parent is not None:
        if parent.mask is not None:
            return True
        parent = parent.parent
    return False


def _fill(layer, composed):
    ready = compose.fitted(composed, private_images.fresh(layer))
    try:
        private_images.copy_pixels(ready, layer)
    finally:
        gimp.delete(ready)


def _as_new_image(input_layer, composed):
    """Return the layer of a new image that holds the result, its mask scaled along, and show the image."""
    old = input_layer.layer
    image = private_images.private_image(input_layer.image, composed.width, composed.height)
    if input_layer.kind == "pixels":
        layer = pdb.gimp_layer_new_from_drawable(old, image)
    else:
        layer = blank_like(old, image)
    pdb.gimp_image_insert_layer(image, layer, None, 0)
    if input_layer.kind != "pixels":
        _take_mask(layer, old)
    layer.name, layer.visible = old.name, True
    with private_images.context(), _unlocked(layer):
        private_images.best_interpolation((layer.width, layer.height), (composed.width, composed.height))
        layer.scale(composed.width, composed.height, False)
        layer.set_offsets(0, 0)
        _fill(layer, composed)
    image.enable_undo()
    show(image)
    return private_images.fresh(layer)


def show(image):
    """Open a window on ``image`` where there are windows."""
    try:
        gimp.Display(image)
    except gimp.error:
        return
    gimp.displays_flush()
