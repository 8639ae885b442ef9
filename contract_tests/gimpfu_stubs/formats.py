"""What pixels are made of: GIMP 2.10's precisions and layer types, and the way from one to another.

Pixels are numpy arrays of shape (height, width, channels) in the image's own format, as the real one's
buffers hold them: integers over their full range or floats around 0 to 1, in linear light or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

Pixels = Any
"""A numpy array of shape (height, width, channels)."""

RGB, GRAY, INDEXED = 0, 1, 2
"""Base types of images."""

U8_GAMMA = 150

# luminance of linear RGB as GIMP computes it: sRGB's primaries adapted to the profile space's D50
_LUMINANCE = np.array([0.22248840, 0.71690369, 0.06060791])


@dataclass(frozen=True)
class Precision:
    """One of ``PRECISION_*``: the type of a component and whether its values are linear light."""

    value: int
    dtype: Any
    linear: bool
    name: str

    @property
    def top(self) -> float:
        """The number that stands for full intensity."""
        return float(np.iinfo(self.dtype).max) if np.issubdtype(self.dtype, np.integer) else 1.0

    @property
    def bytes(self) -> int:
        """Bytes of one component."""
        return int(np.dtype(self.dtype).itemsize)


PRECISIONS = {
    start + (50 if not linear else 0): Precision(
        start + (50 if not linear else 0), dtype, linear, f"{name}-{'linear' if linear else 'gamma'}"
    )
    for start, dtype, name in (
        (100, np.uint8, "u8"),
        (200, np.uint16, "u16"),
        (300, np.uint32, "u32"),
        (500, np.float16, "half"),
        (600, np.float32, "float"),
        (700, np.float64, "double"),
    )
    for linear in (True, False)
}


def channels_of(layer_type: int) -> int:
    """Return how many components a pixel of a layer type (``RGB_IMAGE`` and so on) has."""
    return (3, 4, 1, 2, 1, 2)[layer_type]


def has_alpha(layer_type: int) -> bool:
    """Whether a layer type has an alpha channel."""
    return bool(layer_type % 2)


def to_unit(pixels: Pixels, precision: Precision) -> Pixels:
    """Return pixels as float64 around 0 to 1, in the light they are in."""
    values = pixels.astype(np.float64)
    values /= precision.top
    return values


def from_unit(values: Pixels, precision: Precision) -> Pixels:
    """Return values around 0 to 1 as pixels; integers are rounded and clamped, floats kept as they are.

    What is not a number becomes the integer 0, and a number that is too large for a float infinite.
    """
    if precision.top == 1.0:
        return values.astype(precision.dtype)
    numbers = np.nan_to_num(np.clip(values, 0.0, 1.0), copy=False)
    numbers *= precision.top
    numbers += 0.5  # what is cut off then is rounded
    return numbers.astype(precision.dtype)


def srgb_to_linear(values: Pixels) -> Pixels:
    """Return light intensities for sRGB's values; below zero the curve is mirrored."""
    # in place: fetching memory for each step would take longer than the steps
    light = np.abs(values)
    small = light <= 0.04045
    straight = light[small] / 12.92
    light += 0.055
    light /= 1.055
    np.power(light, 2.4, out=light)
    light[small] = straight
    return np.copysign(light, values, out=light)


def linear_to_srgb(values: Pixels) -> Pixels:
    """Return sRGB's values for light intensities; below zero the curve is mirrored."""
    shown = np.abs(values)
    small = shown <= 0.0031308
    straight = shown[small] * 12.92
    np.power(shown, 1 / 2.4, out=shown)
    shown *= 1.055
    shown -= 0.055
    shown[small] = straight
    return np.copysign(shown, values, out=shown)


def convert(
    pixels: Pixels, before: Precision, after: Precision, alpha: bool, *, value_only: bool = False
) -> Pixels:
    """Return pixels in another precision; ``value_only`` (masks, channels) knows no curve."""
    if before == after:
        return pixels
    values = to_unit(pixels, before)
    if before.linear != after.linear and not value_only:
        colours = values.shape[2] - (1 if alpha else 0)
        curve = srgb_to_linear if after.linear else linear_to_srgb
        values[:, :, :colours] = curve(values[:, :, :colours])
    return from_unit(values, after)


def gray_of(values: Pixels, *, linear: bool) -> Pixels:
    """Return the luminance (height, width, 1) of RGB values around 0 to 1."""
    light = values if linear else srgb_to_linear(values)
    luminance = (light * _LUMINANCE).sum(axis=2, keepdims=True)
    return luminance if linear else linear_to_srgb(luminance)


def change_base(
    pixels: Pixels, precision: Precision, before: int, after: int, alpha: bool, colormap: bytes
) -> Pixels:
    """Return colour pixels of one base type in another; the alpha channel comes along."""
    if before == after:
        return pixels
    colours, rest = (pixels[:, :, :-1], pixels[:, :, -1:]) if alpha else (pixels, pixels[:, :, :0])
    if before == INDEXED:
        colours = _palette(colormap)[np.minimum(colours[:, :, 0], len(colormap) // 3 - 1)]
        colours = from_unit(colours / 255.0, precision)
        before = RGB
    elif before == GRAY and after != GRAY:
        colours = np.repeat(colours, 3, axis=2)
        before = RGB
    if after == GRAY:
        gray = gray_of(to_unit(colours, precision), linear=precision.linear)
        colours = from_unit(gray, precision)
    elif after == INDEXED:
        colours = nearest_index(colours, colormap)
    return np.ascontiguousarray(np.concatenate([colours, rest], axis=2))


def nearest_index(colours: Pixels, colormap: bytes) -> Pixels:
    """Return, for 8-bit RGB pixels, the number of the nearest palette colour (height, width, 1)."""
    palette = _palette(colormap).astype(np.int32)
    flat = colours.reshape(-1, 3).astype(np.int32)
    _, first, inverse = np.unique(flat @ (1 << 16, 1 << 8, 1), return_index=True, return_inverse=True)
    unique = flat[first]
    distances = ((unique[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2)
    found = distances.argmin(axis=1).astype(np.uint8)
    return found[inverse.reshape(-1)].reshape(*colours.shape[:2], 1)


@cache
def _palette(colormap: bytes) -> Pixels:
    return np.frombuffer(colormap or b"\0\0\0", dtype=np.uint8).reshape(-1, 3)
