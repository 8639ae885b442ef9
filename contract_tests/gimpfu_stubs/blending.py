"""What a stack of layers looks like: flattening and merging with the layer modes the stubs know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from . import formats

if TYPE_CHECKING:
    from .formats import Pixels
    from .model import Image, Layer

Blend = Callable[[np.ndarray, np.ndarray], np.ndarray]
_MIDDLE = 128 / 255

# below is the backdrop, above the layer; numbers are GIMP's modes, legacy and modern
_BLENDS: dict[int, Blend] = {
    **dict.fromkeys((0, 28), lambda _, above: above),
    **dict.fromkeys((3, 30), lambda below, above: below * above),
    **dict.fromkeys((4, 31), lambda below, above: 1 - (1 - below) * (1 - above)),
    **dict.fromkeys((6, 32), lambda below, above: np.abs(below - above)),
    **dict.fromkeys((7, 33), lambda below, above: below + above),
    **dict.fromkeys((8, 34), lambda below, above: below - above),
    **dict.fromkeys((9, 35), np.minimum),
    **dict.fromkeys((10, 36), np.maximum),
    20: lambda below, above: np.clip(below - above + _MIDDLE, 0, 1),
    21: lambda below, above: np.clip(below + above - _MIDDLE, 0, 1),
    46: lambda below, above: below - above + 0.5,
    47: lambda below, above: below + above - 0.5,
}


def flattened(image: Image, background: Sequence[float]) -> Pixels:
    """Return the visible layers on the background colour, as floats in the image's light, over the canvas."""
    box = (0, 0, image.width, image.height)
    colors = formats.channels_of(image.base_type * 2)
    if image.base_type == formats.INDEXED:
        return formats.to_unit(_indexed(image), image.format)
    ground = np.array(background[:3], dtype=np.float64).reshape(1, 1, 3)
    if image.format.linear:
        ground = formats.srgb_to_linear(ground)
    if image.base_type == formats.GRAY:
        ground = formats.gray_of(ground, linear=image.format.linear)
    full = np.concatenate([np.broadcast_to(ground, (image.height, image.width, colors)),
                           np.ones((image.height, image.width, 1))], axis=2)  # fmt: skip
    return _stacked(image, [one for one in reversed(image.layers) if one.visible], box, full)


def projection(
    image: Image, layers: Sequence[Layer], box: tuple[int, int, int, int], *, own: bool = True
) -> Pixels:
    """Return ``layers`` (lowest first) over nothing, within ``box``, with alpha.

    ``own=False`` shows what a single group holds, without the group's own mode, opacity and mask.
    """
    width, height = box[2:]
    empty = np.zeros((height, width, formats.channels_of(image.base_type * 2 + 1)))
    if not own:
        (group,) = layers
        # a group, or there would be nothing it holds
        children = [one for one in reversed(group.children) if one.visible]  # type: ignore[attr-defined]  # a group
        return _stacked(image, children, box, empty)
    return _stacked(image, layers, box, empty)


def _stacked(image: Image, layers: Sequence[Layer], box: tuple[int, int, int, int], ground: Pixels) -> Pixels:
    result = ground
    for layer in layers:
        values = _look(image, layer)
        blend = _BLENDS.get(layer.mode)
        if blend is None:
            raise NotImplementedError(f"the gimpfu stubs do not blend layer mode {layer.mode}")
        result = _composed(result, _placed(values, layer, box), layer, blend)
    return result


def _look(image: Image, layer: Layer) -> Pixels:
    """Return a layer with its alpha weakened by mask and opacity."""
    if layer.kind == "group":
        values = projection(image, [layer], (layer.x, layer.y, layer.width, layer.height), own=False)
    else:
        values = layer.values()
        if not layer.alpha:
            values = np.concatenate([values, np.ones((*values.shape[:2], 1))], axis=2)
    values[:, :, -1] *= layer.opacity
    if layer.mask is not None and layer.apply_mask:
        values[:, :, -1:] *= layer.mask.values()
    return values


def _placed(values: Pixels, layer: Layer, box: tuple[int, int, int, int]) -> Pixels:
    x, y, width, height = box
    full = np.zeros((height, width, values.shape[2]))
    left, top = max(layer.x, x), max(layer.y, y)
    right, bottom = min(layer.x + layer.width, x + width), min(layer.y + layer.height, y + height)
    if right > left and bottom > top:
        full[top - y : bottom - y, left - x : right - x] = values[
            top - layer.y : bottom - layer.y, left - layer.x : right - layer.x
        ]
    return full


def _composed(below: Pixels, above: Pixels, layer: Layer, blend: Blend) -> Pixels:
    alpha_below, alpha_above = below[:, :, -1:], above[:, :, -1:]
    result = below.copy()
    if layer.mode in (0, 28):
        rest = alpha_below * (1 - alpha_above)
        alpha = alpha_above + rest
        mixed = above[:, :, :-1] * alpha_above
        mixed += below[:, :, :-1] * rest
        np.divide(mixed, alpha, out=result[:, :, :-1], where=alpha > 0)
        result[:, :, -1:] = alpha
    else:
        share = np.minimum(alpha_above, alpha_below)
        result[:, :, :-1] *= 1 - share
        result[:, :, :-1] += blend(below[:, :, :-1], above[:, :, :-1]) * share
    return result


def _indexed(image: Image) -> Pixels:
    result = image.blank(image.width, image.height, 1)
    for layer in reversed(image.layers):
        if layer.visible:
            part = _placed(layer.pixels.astype(np.float64), layer, (0, 0, image.width, image.height))
            here = (
                _placed(np.ones((layer.height, layer.width, 1)), layer, (0, 0, image.width, image.height)) > 0
            )
            if layer.alpha:
                here &= part[:, :, -1:] >= 128
            result = np.where(here, part[:, :, :1].astype(np.uint8), result)
    return result
