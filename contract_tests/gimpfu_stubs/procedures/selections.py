"""Procedures about the selection, channels and floating selections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import formats
from ..model import Channel, Drawable, Failure, Image, Item, Layer, Vectors
from ..pdb import procedure
from .drawables import bounds, selected

if TYPE_CHECKING:
    from ..session import Session

ADD, SUBTRACT, REPLACE, INTERSECT = range(4)


@procedure("gimp-selection-bounds")
def selection_bounds(session: Session, image: Image) -> tuple[bool, int, int, int, int]:
    box = bounds(image)
    return (False, 0, 0, image.width, image.height) if box is None else (True, *box)


@procedure("gimp-selection-is-empty")
def is_empty(session: Session, image: Image) -> bool:
    return bounds(image) is None


@procedure("gimp-selection-value")
def value(session: Session, image: Image, x: int, y: int) -> int:
    if not (0 <= x < image.width and 0 <= y < image.height):
        return 0
    return round(float(image.selection.values()[y, x, 0]) * 255)


@procedure("gimp-selection-none")
def none(session: Session, image: Image) -> None:
    if bounds(image) is not None:
        _select(image, np.zeros((image.height, image.width, 1)), REPLACE)


@procedure("gimp-selection-all")
def everything(session: Session, image: Image) -> None:
    _select(image, np.ones((image.height, image.width, 1)), REPLACE)


@procedure("gimp-selection-invert")
def inverted(session: Session, image: Image) -> None:
    _select(image, 1 - image.selection.values(), REPLACE)


def _select(image: Image, shape: formats.Pixels, operation: int) -> None:
    image.undo.push()
    old = image.selection.values()
    combined = {
        ADD: np.maximum(old, shape),
        SUBTRACT: np.minimum(old, 1 - shape),
        REPLACE: shape,
        INTERSECT: np.minimum(old, shape),
    }[operation]
    image.selection.set_values(combined)


@procedure("gimp-image-select-rectangle")
def rectangle(
    session: Session, image: Image, operation: int, x: float, y: float, width: float, height: float
) -> None:
    shape = np.zeros((image.height, image.width, 1))
    left, top = max(round(x), 0), max(round(y), 0)
    shape[top : max(round(y + height), 0), left : max(round(x + width), 0)] = 1.0
    _select(image, shape, operation)


@procedure("gimp-image-select-ellipse")
def ellipse(
    session: Session, image: Image, operation: int, x: float, y: float, width: float, height: float
) -> None:
    """Select an ellipse with an edge of about one pixel; the real one's differs by a few levels there."""
    rows, columns = np.mgrid[0 : image.height, 0 : image.width]
    across, down = width / 2, height / 2
    distance = np.hypot((columns + 0.5 - x - across) / across, (rows + 0.5 - y - down) / down)
    shape = np.clip((1 - distance) * min(across, down) + 0.5, 0, 1)
    _select(image, shape[:, :, None], operation)


@procedure("gimp-image-select-item")
def item(session: Session, image: Image, operation: int, chosen: Item) -> None:
    if isinstance(chosen, Vectors):
        raise NotImplementedError("the gimpfu stubs select channels and layers, not paths")
    assert isinstance(chosen, Drawable)
    shape = np.zeros((image.height, image.width, 1))
    part = chosen.values()
    part = (
        part
        if isinstance(chosen, Channel)
        else part[:, :, -1:]
        if chosen.alpha
        else np.ones_like(part[:, :, :1])
    )
    left, top = max(chosen.x, 0), max(chosen.y, 0)
    right, bottom = min(chosen.x + chosen.width, image.width), min(chosen.y + chosen.height, image.height)
    if right > left and bottom > top:
        shape[top:bottom, left:right] = part[
            top - chosen.y : bottom - chosen.y, left - chosen.x : right - chosen.x
        ]
    _select(image, shape, operation)


@procedure("gimp-selection-feather")
def feather(session: Session, image: Image, radius: float) -> None:
    """Soften the selection with a Gaussian of about GIMP's width (a third and a half of ``radius``)."""
    from ..scaling import blurred

    _select(
        image,
        np.clip(blurred(image.selection.values(), radius / 3.5, radius / 3.5, alpha=False), 0, 1),
        REPLACE,
    )


@procedure("gimp-selection-save")
def save(session: Session, image: Image) -> Channel:
    channel = Channel(image, image.selection.name + " copy", image.selection.pixels.copy())
    image.attach(channel, None, 0)
    return channel


@procedure("gimp-channel-new")
def channel_new(
    session: Session,
    image: Image,
    width: int,
    height: int,
    name: str,
    opacity: float,
    color: tuple[float, ...],
) -> Channel:
    channel = Channel(image, name, image.blank(width, height, 1))
    # a colour of three or four numbers
    channel.opacity, channel.color, channel.visible = opacity / 100.0, tuple(color), True  # type: ignore[assignment]  # three
    return channel


@procedure("gimp-channel-copy")
def channel_copy(session: Session, channel: Channel) -> Channel:
    copy = Channel(channel.image, channel.name + " copy", channel.pixels.copy())
    copy.attributes_from(channel)
    copy.opacity, copy.color = channel.opacity, channel.color
    return copy


@procedure("gimp-channel-get-opacity")
def channel_opacity(session: Session, channel: Channel) -> float:
    return channel.opacity * 100.0


@procedure("gimp-channel-set-opacity")
def set_channel_opacity(session: Session, channel: Channel, opacity: float) -> None:
    channel.opacity = opacity / 100.0


@procedure("gimp-channel-get-color")
def channel_color(session: Session, channel: Channel) -> tuple[float, ...]:
    return channel.color


@procedure("gimp-channel-set-color")
def set_channel_color(session: Session, channel: Channel, color: tuple[float, float, float, float]) -> None:
    channel.color = color


@procedure("gimp-channel-get-show-masked")
def show_masked(session: Session, channel: Channel) -> bool:
    return channel.show_masked


@procedure("gimp-vectors-new")
def vectors_new(session: Session, image: Image, name: str) -> Vectors:
    return Vectors(image, name)


# ----- floating selections and the clipboard


@procedure("gimp-selection-float")
def float_selection(session: Session, drawable: Layer, x: int, y: int) -> Layer:
    image = drawable.image
    box = bounds(image)
    if box is None:
        raise Failure("Cannot float selection because the selection is empty.")
    image.undo.push()
    left, top = box[:2]
    values, share = _cut(drawable, box)
    floating = Layer(image, "Floated Layer", formats.from_unit(values, image.format), image.base_type * 2 + 1)
    floating.x, floating.y, floating.floating_on = left + x, top + y, drawable
    old = drawable.values()
    if drawable.alpha:
        old[:, :, -1:] *= 1 - selected(drawable)
        drawable.set_values(old)
    floating.attached = True
    image.layers.insert(0, floating)
    image.active_layer = floating
    image.selection.pixels = image.blank(image.width, image.height, 1)
    assert share is not None
    return floating


def _cut(drawable: Layer, box: tuple[int, int, int, int]) -> tuple[formats.Pixels, formats.Pixels]:
    left, top, right, bottom = box
    values, share = drawable.values(), selected(drawable)
    if not drawable.alpha:
        values = np.concatenate([values, np.ones_like(share)], axis=2)
    rows = slice(max(top - drawable.y, 0), max(bottom - drawable.y, 0))
    columns = slice(max(left - drawable.x, 0), max(right - drawable.x, 0))
    values, share = values[rows, columns].copy(), share[rows, columns]
    values[:, :, -1:] *= share
    return values, share


@procedure("gimp-floating-sel-anchor")
def anchor(session: Session, floating: Layer) -> None:
    from .. import blending

    target = floating.floating_on
    if not isinstance(target, Layer):
        raise Failure("execution error")
    image = floating.image
    image.undo.push()
    floating.floating_on = None
    box = (target.x, target.y, target.width, target.height)
    values = blending.projection(image, [floating], box)
    below = target.values()
    alpha = values[:, :, -1:]
    if target.alpha:
        total = below[:, :, -1:] + alpha - below[:, :, -1:] * alpha
        mixed = below[:, :, :-1] * below[:, :, -1:] * (1 - alpha) + values[:, :, :-1] * alpha
        colors = np.divide(mixed, total, out=below[:, :, :-1].copy(), where=total > 0)
        target.set_values(np.concatenate([colors, total], axis=2))
    else:
        target.set_values(below * (1 - alpha) + values[:, :, :-1] * alpha)
    image.layers.remove(floating)
    floating.removed, floating.attached = True, False
    image.active_layer = target


@procedure("gimp-floating-sel-to-layer")
def to_layer(session: Session, floating: Layer) -> None:
    if floating.floating_on is None:
        raise Failure("execution error")
    floating.image.undo.push()
    floating.floating_on = None


@procedure("gimp-edit-copy")
def edit_copy(session: Session, drawable: Layer) -> bool:
    box = bounds(drawable.image)
    if box is None:
        box = (drawable.x, drawable.y, drawable.x + drawable.width, drawable.y + drawable.height)
    session.clipboard = (drawable.image, _cut(drawable, box)[0])
    return True


@procedure("gimp-edit-paste-as-new-image", "gimp-edit-paste-as-new")
def paste_as_new(session: Session) -> Image:
    if session.clipboard is None:
        raise Failure("execution error")
    source, values = session.clipboard
    image = Image(session, values.shape[1], values.shape[0], source.base_type, source.precision)
    pixels = formats.from_unit(values, image.format)
    image.attach(Layer(image, "Pasted Layer", pixels, source.base_type * 2 + 1), None, 0)
    return image
