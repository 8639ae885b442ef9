"""Procedures about an image's stacks: inserting, removing, ordering, activating, merging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import blending, formats
from ..model import Channel, Drawable, Failure, Group, Image, Item, Layer, Mask, Vectors
from ..pdb import procedure

if TYPE_CHECKING:
    from ..session import Session


@procedure("gimp-image-insert-layer", "gimp-image-insert-channel", "gimp-image-insert-vectors")
def insert(session: Session, image: Image, item: Any, parent: Any, position: int) -> None:
    if parent is not None and not isinstance(parent, Group):
        raise Failure(f"Item '{parent.name}' ({parent.id}) cannot be used because it is not a group item")
    image.attach(item, parent, position)


@procedure("gimp-image-add-layer")
def add_layer(session: Session, image: Image, layer: Layer, position: int) -> None:
    image.attach(layer, None, position)


@procedure("gimp-image-add-channel")
def add_channel(session: Session, image: Image, channel: Channel, position: int) -> None:
    image.attach(channel, None, position)


@procedure("gimp-image-remove-layer", "gimp-image-remove-channel", "gimp-image-remove-vectors")
def remove(session: Session, image: Image, item: Item) -> None:
    check_attached(item, image)
    image.detach(item)


def check_attached(item: Item, image: Image) -> None:
    """Raise :class:`Failure` unless ``item`` is in a stack of ``image``."""
    if not item.attached or item.image is not image:
        raise Failure(
            f"Item '{item.name}' ({item.id}) cannot be used because it has not been added to an image"
        )


@procedure("gimp-image-reorder-item")
def reorder(session: Session, image: Image, item: Any, parent: Any, position: int) -> None:
    check_attached(item, image)
    if parent is not None and not isinstance(parent, Group):
        raise Failure(f"Item '{parent.name}' ({parent.id}) cannot be used because it is not a group item")
    image.undo.push()
    item.siblings.remove(item)
    item.parent = parent
    stack = item.siblings
    stack.insert(len(stack) if position < 0 else min(position, len(stack)), item)
    image.refit_groups()


def _shift(image: Image, item: Item, places: int | None, *, top: bool = False) -> None:
    """Move an item within its stack by some places, or (None) to one of its ends."""
    check_attached(item, image)
    stack = item.siblings
    old = stack.index(item)
    new = (0 if top else len(stack) - 1) if places is None else old + places
    if not 0 <= new < len(stack):
        kind = "Layer" if isinstance(item, Layer) else "Channel"
        raise Failure(f"{kind} cannot be {'raised higher' if new < 0 else 'lowered more'}.")
    if new != old:
        image.undo.push()
        stack.remove(item)
        stack.insert(new, item)


@procedure("gimp-image-raise-item", "gimp-image-raise-layer", "gimp-image-raise-channel")
def raise_item(session: Session, image: Image, item: Item) -> None:
    _shift(image, item, -1)


@procedure("gimp-image-lower-item", "gimp-image-lower-layer", "gimp-image-lower-channel")
def lower_item(session: Session, image: Image, item: Item) -> None:
    _shift(image, item, 1)


@procedure("gimp-image-raise-item-to-top", "gimp-image-raise-layer-to-top")
def raise_to_top(session: Session, image: Image, item: Item) -> None:
    _shift(image, item, None, top=True)


@procedure("gimp-image-lower-item-to-bottom", "gimp-image-lower-layer-to-bottom")
def lower_to_bottom(session: Session, image: Image, item: Item) -> None:
    _shift(image, item, None)


@procedure("gimp-image-get-item-position", "gimp-image-get-layer-position")
def position_of(session: Session, image: Image, item: Item) -> int:
    check_attached(item, image)
    return item.siblings.index(item)


@procedure("gimp-image-get-layers")
def layers_of(session: Session, image: Image) -> tuple[int, list[int]]:
    return len(image.layers), [one.id for one in image.layers]


@procedure("gimp-image-get-channels")
def channels_of(session: Session, image: Image) -> tuple[int, list[int]]:
    return len(image.channels), [one.id for one in image.channels]


@procedure("gimp-image-get-vectors")
def vectors_of(session: Session, image: Image) -> tuple[int, list[int]]:
    return len(image.vectors), [one.id for one in image.vectors]


@procedure("gimp-image-get-active-layer")
def active_layer(session: Session, image: Image) -> Layer | None:
    return image.active_layer


@procedure("gimp-image-set-active-layer")
def set_active_layer(session: Session, image: Image, layer: Layer) -> None:
    check_attached(layer, image)
    image.active_layer, image.active_channel = layer, None


@procedure("gimp-image-get-active-channel")
def active_channel(session: Session, image: Image) -> Channel | None:
    return image.active_channel


@procedure("gimp-image-set-active-channel")
def set_active_channel(session: Session, image: Image, channel: Channel) -> None:
    check_attached(channel, image)
    image.active_channel, image.active_layer = channel, None


@procedure("gimp-image-unset-active-channel")
def unset_active_channel(session: Session, image: Image) -> None:
    if image.active_channel is not None:
        image.active_channel = None
        image.active_layer = image.layers[0] if image.layers else None


@procedure("gimp-image-get-active-vectors")
def active_vectors(session: Session, image: Image) -> Vectors | None:
    return image.active_vectors


@procedure("gimp-image-get-active-drawable")
def active_drawable(session: Session, image: Image) -> Drawable | None:
    layer = image.active_layer
    if image.active_channel is not None:
        return image.active_channel
    if layer is not None and layer.mask is not None and layer.edit_mask:
        return layer.mask
    return layer


@procedure("gimp-image-get-selection")
def selection(session: Session, image: Image) -> Channel:
    return image.selection


@procedure("gimp-image-get-floating-sel")
def floating_sel(session: Session, image: Image) -> Layer | None:
    return next((one for one in image.layers if one.floating_on is not None), None)


@procedure("gimp-image-floating-sel-attached-to")
def floating_sel_attached_to(session: Session, image: Image) -> Drawable | None:
    floating = floating_sel(session, image)
    return None if floating is None else floating.floating_on


# ----- merging


@procedure("gimp-image-flatten")
def flatten(session: Session, image: Image) -> Layer:
    visible = [one for one in image.layers if one.visible]
    if not visible:
        raise Failure("Cannot flatten an image without any visible layer.")
    image.undo.push()
    background = session.context.background
    colors = formats.channels_of(image.base_type * 2)
    pixels = blending.flattened(image, background)[:, :, :colors]
    flat = Layer(image, visible[-1].name, formats.from_unit(pixels, image.format), image.base_type * 2)
    for one in image.all_layers():
        one.removed, one.attached = True, False
    flat.attached = True
    image.layers = [flat]
    image.active_layer, image.active_channel = flat, None
    return flat


@procedure("gimp-image-merge-down")
def merge_down(session: Session, image: Image, upper: Layer, how: int) -> Layer:
    check_attached(upper, image)
    below = [one for one in upper.siblings[upper.siblings.index(upper) + 1 :] if one.visible]
    if not below:
        raise Failure("There is no visible layer to merge down to.")
    lower = below[0]
    image.undo.push()
    expand = how == 0
    parts = (upper, lower) if expand else (lower,)
    left, top = min(one.x for one in parts), min(one.y for one in parts)
    right, bottom = max(one.x + one.width for one in parts), max(one.y + one.height for one in parts)
    if how == 1:
        left, top, right, bottom = 0, 0, image.width, image.height
    return _merged(image, [lower, upper], (left, top, right - left, bottom - top), lower)


@procedure("gimp-image-merge-visible-layers")
def merge_visible(session: Session, image: Image, how: int) -> Layer:
    visible = [one for one in reversed(image.layers) if one.visible]
    if not visible:
        raise Failure("execution error")
    image.undo.push()
    lowest = visible[0]
    left, top = min(one.x for one in visible), min(one.y for one in visible)
    right, bottom = max(one.x + one.width for one in visible), max(one.y + one.height for one in visible)
    box = (left, top, right - left, bottom - top)
    if how == 1:
        box = (0, 0, image.width, image.height)
    elif how == 2:
        box = (lowest.x, lowest.y, lowest.width, lowest.height)
    return _merged(image, visible, box, lowest)


@procedure("gimp-image-merge-layer-group")
def merge_group(session: Session, image: Image, group: Layer) -> Layer:
    if not isinstance(group, Group):
        raise Failure(f"Item '{group.name}' ({group.id}) cannot be used because it is not a group item")
    image.undo.push()
    values = blending.projection(image, [group], (group.x, group.y, group.width, group.height), own=False)
    kind = image.base_type * 2 + 1
    new = Layer(image, group.name, formats.from_unit(values, image.format), kind)
    new.attributes_from(group)
    new.x, new.y = group.x, group.y
    if new.mode == 61:
        new.mode = 28
    if group.mask is not None:
        new.mask = Mask(new, group.mask.pixels)
    _replace(image, [group], group, new)
    return new


def _merged(image: Image, layers: list[Layer], box: tuple[int, int, int, int], lowest: Layer) -> Layer:
    values = blending.projection(image, layers, box)
    kind = image.base_type * 2 + 1
    new = Layer(image, lowest.name, formats.from_unit(values, image.format), kind)
    new.x, new.y = box[0], box[1]
    new.mode = lowest.mode
    new.parasites = dict(lowest.parasites)
    _replace(image, layers, lowest, new)
    return new


def _replace(image: Image, old: list[Layer], place: Layer, new: Layer) -> None:
    stack = place.siblings
    new.parent, new.attached = place.parent, True
    stack[stack.index(place)] = new
    for one in old:
        one.removed, one.attached = True, False
        if one in stack:
            stack.remove(one)
    image.active_layer = new
    image.refit_groups()
