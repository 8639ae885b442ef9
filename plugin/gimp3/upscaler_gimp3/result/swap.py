"""The swap: put results into the user's image in one undo step and keep everything else.

An ordinary layer stays the same layer: it is resized and moved, and its new pixels are written into the
fresh buffer that resizing made; the old buffer belongs to the undo step. So every attribute of the
layer is kept without being copied. A new layer with all attributes is made only for layers that cannot
hold arbitrary pixels (text, vector, link), that are kept as well (groups, ``new-layer``), or whose
effects were rendered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend.options import SCALE_IMAGE
from precision_upscaler.frontend.placement import Box, united

from upscaler_gimp3.errors import ChangedPartly
from upscaler_gimp3.image.buffers import copy_pixels
from upscaler_gimp3.image.layers import box_of, copy_attributes, copy_parasites, lock, locks_of, set_visible
from upscaler_gimp3.image.rendering import plain_layer

from .image_scaling import known_before, scale_image
from .undo import must, undo_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .models import Swap

_SELECTS = Gimp.MINOR_VERSION > 0
"""Whether GIMP undoes :func:`_select` without making one more undo step: GIMP 3.0 does not always."""


def swap_all(image: Any, swaps: Sequence[Swap], placement: str) -> list[Any]:
    """Apply ``swaps`` in one undo step and return the layers that hold the results, in order.

    :class:`ChangedPartly` when it broke off inside the step, which one undo takes back. What is slow or can
    fail was done before; this only lets GIMP scale other layers and copies finished pixels.
    """
    try:
        with undo_step(image):
            layers = _swap_all(image, swaps, placement)
    except Exception as problem:
        raise ChangedPartly(str(problem)) from problem
    finally:
        Gimp.displays_flush()
    return layers


def _swap_all(image: Any, swaps: Sequence[Swap], placement: str) -> list[Any]:
    together = united([swap.placed for swap in swaps])
    before = image.get_selected_layers()
    if (_SELECTS or len(before) > 1) and any(swap.keep or swap.replace for swap in swaps):
        _select(image, before)
    scaled = None
    if placement == SCALE_IMAGE:
        scaled = known_before(image, [swap.layer for swap in swaps if not swap.keep], together.canvas)
    locked = [locks_of(swap.layer) for swap in swaps]
    layers = _layers_to_write(image, swaps)
    if scaled is not None:
        scale_image(image, layers, together.canvas, scaled)
    elif together.canvas != (image.get_width(), image.get_height()) or together.shift != (0, 0):
        must(
            image.resize(together.canvas.width, together.canvas.height, *together.shift), "resize the canvas"
        )
    for layer, swap, locks in zip(layers, swaps, locked, strict=True):
        box = swap.placed.layer
        moved = (together.shift[0] - swap.placed.shift[0], together.shift[1] - swap.placed.shift[1])
        _write(layer, swap, Box(box.x + moved[0], box.y + moved[1], box.width, box.height))
        if layer is not swap.layer:
            lock(layer, locks)
    if scaled is not None:
        scaled.correct_masks()
    stands_for = {swap.layer.get_id(): layer for swap, layer in zip(swaps, layers, strict=True)}
    selected = [stands_for.get(layer.get_id(), layer) for layer in before]
    if [one.get_id() for one in image.get_selected_layers()] != [one.get_id() for one in selected]:
        (_select if _SELECTS else type(image).set_selected_layers)(image, selected)
    return layers


def _layers_to_write(image: Any, swaps: Sequence[Swap]) -> list[Any]:
    """Return the layers that will hold the results: the same ones, or new ones in or above their places.

    All new layers go in before any old one goes out: undone in reverse, the first to go in is the last
    to go out, and then GIMP selects the layers that were selected before.
    """
    layers = [_new_layer(image, swap) if swap.keep or swap.replace else swap.layer for swap in swaps]
    for layer, swap in zip(layers, swaps, strict=True):
        if swap.keep:
            set_visible(swap.layer, False)
        elif swap.replace and not swap.keep:
            _take_the_place_of(image, swap.layer, layer)
    return layers


def _select(image: Any, layers: Sequence[Any]) -> None:
    """Select ``layers``, also when an undo or a redo comes by here: a selection alone is no undo step.

    Undoing an insertion selects what was selected before it, and redoing a removal what was selected
    then, but only if the layer that goes is selected; and every layer that comes is selected alone. So a
    layer of one pixel comes and goes. GIMP cannot be asked to select none.
    """
    if not layers:
        return
    passing = plain_layer(image, 1, 1, alpha=False)
    must(image.insert_layer(passing, None, 0), "insert a layer")
    must(image.set_selected_layers(layers), "select layers")
    must(image.remove_layer(passing), "remove a layer")


def _new_layer(image: Any, swap: Swap) -> Any:
    """Return a new layer above ``swap.layer`` with all of its attributes but its name and tattoo.

    It is as large as the layer with its effects from the start: a group around it must not shrink when
    the layer goes, for GIMP would crop the group's mask. What its own mask shows is written later.
    """
    old, box = swap.layer, swap.rendered
    alpha = swap.alpha or old.has_alpha()
    new = plain_layer(image, box.width, box.height, alpha=alpha, name=old.get_name())
    new.set_offsets(box.x, box.y)
    # before it is inserted: a redo of adding a mask would choose the mask to be edited
    if old.get_mask() is not None:
        must(new.add_mask(new.create_mask(Gimp.AddMaskType.WHITE)), "add a mask")
        new.set_edit_mask(old.get_edit_mask())
    must(image.insert_layer(new, old.get_parent(), image.get_item_position(old)), "insert a layer")
    copy_attributes(old, new)
    copy_parasites(old, new)
    return new


def _take_the_place_of(image: Any, old: Any, new: Any) -> None:
    """Remove ``old`` and give ``new`` its name and tattoo, which no two layers can share."""
    name, tattoo = old.get_name(), old.get_tattoo()
    must(image.remove_layer(old), "remove a layer")
    new.set_name(name)
    new.set_tattoo(tattoo)


def _write(layer: Any, swap: Swap, box: Box) -> None:
    _fresh_buffer(layer, box)
    if swap.alpha and not layer.has_alpha():
        must(layer.add_alpha(), "add an alpha channel")
    copy_pixels(swap.pixels, layer.get_buffer())
    layer.update(0, 0, box.width, box.height)
    mask = layer.get_mask()
    if mask is not None and swap.mask is not None:
        copy_pixels(swap.mask, mask.get_buffer())
        mask.update(0, 0, box.width, box.height)


def _fresh_buffer(layer: Any, box: Box) -> None:
    """Give ``layer`` this box on the canvas and a buffer that undo does not share, without copying one.

    GIMP skips a resize to the same box, so that one goes through a neighbouring size. Only the same box
    is ever given to a layer whose position and size are locked. Size and place change at once, so that
    no group around the layer is ever smaller than it was and will be: GIMP would crop the group's mask.
    """
    locked = layer.get_lock_position()
    if locked:
        layer.set_lock_position(False)
    if box_of(layer) == box:
        must(layer.resize(box.width + 1, box.height, 0, 0), "resize a layer")
    now = box_of(layer)
    must(layer.resize(box.width, box.height, now.x - box.x, now.y - box.y), "resize a layer")
    if locked:
        layer.set_lock_position(True)
