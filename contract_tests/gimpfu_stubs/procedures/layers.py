"""Procedures about layers and their masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import formats
from ..copying import copied_layer, copy_name
from ..model import PASS_THROUGH, Drawable, Failure, Group, Image, Layer, Mask
from ..pdb import procedure
from .images import half_up, put_back_masks, resized_to, set_aside_masks

if TYPE_CHECKING:
    from ..session import Session

_ALIASES = {5: 19}
"""Legacy overlay has always been soft light."""

_FIRST_MODERN_MODE = 23


@procedure("gimp-layer-new")
def new(
    session: Session, image: Image, width: int, height: int, kind: int, name: str, opacity: float, mode: int
) -> Layer:
    layer = Layer(image, name, image.blank(width, height, formats.channels_of(kind)), kind)
    layer.opacity, layer.mode = opacity / 100.0, _ALIASES.get(mode, mode)
    return layer


@procedure("gimp-layer-group-new")
def group_new(session: Session, image: Image) -> Group:
    return Group(image, "Layer Group")


@procedure("gimp-layer-copy")
def copy(session: Session, layer: Layer, add_alpha: int) -> Layer:
    new_layer = copied_layer(layer, layer.image, copy_name(layer.name))
    if add_alpha:
        _add_alpha(new_layer)
    return new_layer


@procedure("gimp-layer-new-from-drawable")
def new_from_drawable(session: Session, drawable: Drawable, image: Image) -> Layer:
    if not isinstance(drawable, Layer):
        raise NotImplementedError("the gimpfu stubs make layers from layers only")
    return copied_layer(drawable, image, copy_name(drawable.name))


@procedure("gimp-layer-add-alpha")
def add_alpha(session: Session, layer: Layer) -> None:
    if not layer.alpha:
        _push(layer)
        _add_alpha(layer)


def _add_alpha(layer: Layer) -> None:
    if not layer.alpha:
        top = np.full((layer.height, layer.width, 1), layer.image.format.top, dtype=layer.pixels.dtype)
        layer.pixels = np.concatenate([layer.pixels, top], axis=2)
        layer.type += 1


@procedure("gimp-layer-flatten")
def drop_alpha(session: Session, layer: Layer) -> None:
    """Put the layer on the background colour and drop its alpha."""
    if layer.alpha:
        _push(layer)
        values = layer.values()
        alpha = values[:, :, -1:]
        ground = session.context.background_in(layer.image)
        layer.type -= 1
        layer.set_values(values[:, :, :-1] * alpha + ground * (1 - alpha))


def _push(layer: Layer) -> None:
    if layer.attached:
        layer.image.undo.push()


def _attribute(part: str, attribute: str, kind: Any = int) -> None:
    @procedure(f"gimp-layer-get-{part}")
    def get(session: Session, layer: Layer) -> Any:
        return getattr(layer, attribute)

    @procedure(f"gimp-layer-set-{part}")
    def put(session: Session, layer: Layer, value: Any) -> None:
        if attribute == "lock_alpha" and isinstance(layer, Group):
            raise Failure("execution error")
        if getattr(layer, attribute) != kind(value) and not (
            attribute != "lock_alpha" and layer.mode < _FIRST_MODERN_MODE
        ):
            _push(layer)
            setattr(layer, attribute, kind(value))


_attribute("blend-space", "blend_space")
_attribute("composite-space", "composite_space")
_attribute("composite-mode", "composite_mode")
_attribute("lock-alpha", "lock_alpha", bool)


@procedure("gimp-layer-get-opacity")
def opacity_of(session: Session, layer: Layer) -> float:
    return layer.opacity * 100.0


@procedure("gimp-layer-set-opacity")
def set_opacity(session: Session, layer: Layer, opacity: float) -> None:
    if abs(layer.opacity - opacity / 100.0) > 1e-9:
        _push(layer)
        layer.opacity = opacity / 100.0


@procedure("gimp-layer-get-mode")
def mode_of(session: Session, layer: Layer) -> int:
    return layer.mode


@procedure("gimp-layer-set-mode")
def set_mode(session: Session, layer: Layer, mode: int) -> None:
    from ..ranges import MODES

    if mode not in MODES and not (mode == PASS_THROUGH and isinstance(layer, Group)):
        raise Failure("execution error")
    mode = _ALIASES.get(mode, mode)
    if mode == layer.mode:
        return
    _push(layer)
    layer.mode = mode
    # the spaces are the mode's own again
    layer.blend_space = layer.composite_space = layer.composite_mode = 0


# ----- place and size


@procedure("gimp-layer-set-offsets")
def set_offsets(session: Session, layer: Layer, x: int, y: int) -> None:
    _move_linked(layer, x - layer.x, y - layer.y)


@procedure("gimp-layer-translate", "gimp-item-transform-translate")
def translate(session: Session, layer: Layer, x: int, y: int) -> Layer:
    _move_linked(layer, int(x), int(y))
    return layer


def _move_linked(layer: Layer, x: int, y: int) -> None:
    """Move a layer and, if it is linked, every other linked layer of its image."""
    linked = [one for one in layer.image.all_layers() if one.linked]
    # a layer that is not in the image yet is moved alone
    for one in linked if layer in linked else [layer]:
        _push(one)
        _move(one, x, y)


def _move(layer: Layer, x: int, y: int) -> None:
    parts = [layer, *layer.children] if isinstance(layer, Group) else [layer]
    for part in parts:
        part.x += x
        part.y += y
    layer.image.refit_groups()


@procedure("gimp-layer-scale")
def scale(session: Session, layer: Layer, width: int, height: int, local: int) -> None:
    """Scale about the layer's centre (``local``) or the image's origin."""
    _push(layer)
    if local:
        layer.x += int((layer.width - width) / 2.0)
        layer.y += int((layer.height - height) / 2.0)
    else:
        layer.x = int(layer.x * width / layer.width)
        layer.y = int(layer.y * height / layer.height)
    if isinstance(layer, Group):
        _scale_children(layer, width, height, session.context.interpolation)
    else:
        resized_to(layer, width, height, session.context.interpolation)
    layer.image.refit_groups()


def _scale_children(group: Group, width: int, height: int, interpolation: int) -> None:
    """Scale what a group holds, each edge from the group's corner, and then its mask."""
    masks = set_aside_masks([group])
    left, top = min(one.x for one in group.children), min(one.y for one in group.children)
    across, down = width / group.width, height / group.height
    for child in group.children:
        near = half_up((child.x - left) * across), half_up((child.y - top) * down)
        far = half_up((child.x - left + child.width) * across), half_up((child.y - top + child.height) * down)
        size = max(1, far[0] - near[0]), max(1, far[1] - near[1])
        if isinstance(child, Group):
            _scale_children(child, *size, interpolation)
            _move(child, group.x + near[0] - child.x, group.y + near[1] - child.y)
        else:
            resized_to(child, *size, interpolation)
            child.x, child.y = group.x + near[0], group.y + near[1]
    group.fit()
    put_back_masks(masks, interpolation)


@procedure("gimp-layer-resize")
def resize(session: Session, layer: Layer, width: int, height: int, x: int, y: int) -> None:
    _push(layer)
    fill: Any = layer.pixels.dtype.type(0)
    if not layer.alpha:
        ground = session.context.background_in(layer.image)
        fill = formats.from_unit(ground, layer.image.format)
    layer.resize(width, height, x, y, fill=fill)
    if layer.mask is not None:
        layer.mask.resize(width, height, x, y, fill=layer.mask.pixels.dtype.type(0))
    layer.x -= x
    layer.y -= y
    layer.image.refit_groups()


@procedure("gimp-layer-resize-to-image-size")
def resize_to_image_size(session: Session, layer: Layer) -> None:
    resize(session, layer, layer.image.width, layer.image.height, layer.x, layer.y)


# ----- masks


@procedure("gimp-layer-create-mask")
def create_mask(session: Session, layer: Layer, kind: int) -> Mask:
    image = layer.image
    values = np.zeros((layer.height, layer.width, 1))
    if kind in (0, 2, 3):
        values[:] = 1.0
    if kind in (2, 3) and layer.alpha:
        values = layer.values()[:, :, -1:].copy()
    if kind == 3 and layer.alpha:
        _push(layer)
        pixels = layer.pixels.copy()
        pixels[:, :, -1] = image.format.top
        layer.pixels = pixels
    if kind == 4:
        values = _of_canvas(image.selection, layer)
    if kind == 5:
        values = _brightness(layer)
    if kind == 6:
        if image.active_channel is None:
            raise Failure("execution error")
        values = _of_canvas(image.active_channel, layer)
    return Mask(layer, formats.from_unit(values, image.format))


def _of_canvas(channel: Drawable, layer: Layer) -> formats.Pixels:
    full = np.zeros((layer.height, layer.width, 1))
    left, top = max(layer.x, 0), max(layer.y, 0)
    right = min(layer.x + layer.width, channel.width)
    bottom = min(layer.y + layer.height, channel.height)
    if right > left and bottom > top:
        full[top - layer.y : bottom - layer.y, left - layer.x : right - layer.x] = channel.values()[
            top:bottom, left:right
        ]
    return full


def _brightness(layer: Layer) -> formats.Pixels:
    """Return the luminance in linear light, whatever the alpha says: masks are linear."""
    values = layer.values()
    colors = values[:, :, :-1] if layer.alpha else values
    if not layer.image.format.linear:
        colors = formats.srgb_to_linear(colors)
    return formats.gray_of(colors, linear=True) if colors.shape[2] == 3 else colors


@procedure("gimp-layer-add-mask")
def add_mask(session: Session, layer: Layer, mask: Mask) -> None:
    if layer.mask is not None:
        raise Failure("Unable to add a layer mask since the layer already has one.")
    if (mask.width, mask.height) != (layer.width, layer.height):
        raise Failure("Cannot add layer mask of different dimensions than specified layer.")
    _push(layer)
    layer.mask, mask.layer, mask.name = mask, layer, layer.name + " mask"
    mask.attached, mask.removed = True, False
    layer.apply_mask, layer.edit_mask, layer.show_mask = True, True, False


@procedure("gimp-layer-remove-mask")
def remove_mask(session: Session, layer: Layer, how: int) -> None:
    mask = _mask(layer)
    _push(layer)
    if (how == 0 and layer.alpha) or (how == 0 and not layer.alpha):
        _add_alpha(layer)
        values = layer.values()
        values[:, :, -1:] *= mask.values()
        layer.set_values(values)
    layer.mask, mask.removed, mask.attached = None, True, False
    layer.apply_mask = layer.edit_mask = layer.show_mask = False


@procedure("gimp-layer-get-mask")
def mask_of(session: Session, layer: Layer) -> Mask | None:
    return layer.mask


@procedure("gimp-layer-from-mask")
def layer_from_mask(session: Session, mask: Mask) -> Layer | None:
    return mask.layer


def _mask(layer: Layer) -> Mask:
    if layer.mask is None:
        raise Failure("execution error")
    return layer.mask


def _mask_flag(part: str) -> None:
    attribute = part.replace("-", "_")

    @procedure(f"gimp-layer-get-{part}")
    def get(session: Session, layer: Layer) -> bool:
        return layer.mask is not None and bool(getattr(layer, attribute))

    @procedure(f"gimp-layer-set-{part}")
    def put(session: Session, layer: Layer, value: int) -> None:
        _mask(layer)
        if getattr(layer, attribute) != bool(value):
            if attribute != "edit_mask":
                _push(layer)
            setattr(layer, attribute, bool(value))


for _part in ("apply-mask", "edit-mask", "show-mask"):
    _mask_flag(_part)
