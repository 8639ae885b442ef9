"""How different two pictures look: CIEDE2000 over arrays of sRGB, and reading the raw dumps.

The formula is that of Sharma, Wu and Dalal (2005), whose published pairs are among the tests.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float64]

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def read(path: Path, width: int, height: int, channels: int) -> Pixels:
    """Return a dump of 32-bit floats as ``height`` × ``width`` × ``channels`` numbers."""
    return np.fromfile(path, "<f4").reshape(height, width, channels).astype(np.float64)


def linear(values: Pixels) -> Pixels:
    """Return sRGB values as linear light."""
    return np.where(values <= 0.04045, values / 12.92, ((np.maximum(values, 0) + 0.055) / 1.055) ** 2.4)


def encoded(values: Pixels) -> Pixels:
    """Return linear light as sRGB values."""
    values = np.clip(values, 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def lab(rgb: Pixels) -> Pixels:
    """Return sRGB values (last axis) as CIE L*a*b* under D65."""
    xyz = linear(rgb) @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )


def delta_e(one: Pixels, other: Pixels) -> Pixels:
    """Return CIEDE2000 between two arrays of L*a*b*, with all weights 1."""
    l1, a1, b1 = np.moveaxis(one, -1, 0)
    l2, a2, b2 = np.moveaxis(other, -1, 0)
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = c1 * c2 == 0
    dh = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    dl, dc = l2 - l1, c2 - c1
    dh_chord = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh) / 2)
    light, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = np.where(grey, h1 + h2, (h1 + dh / 2) % 360)
    t = (
        1
        - 0.17 * np.cos(np.radians(h - 30))
        + 0.24 * np.cos(np.radians(2 * h))
        + 0.32 * np.cos(np.radians(3 * h + 6))
        - 0.20 * np.cos(np.radians(4 * h - 63))
    )
    sl = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * t
    turn = 60 * np.exp(-(((h - 275) / 25) ** 2))
    rt = -np.sin(np.radians(turn)) * 2 * np.sqrt(c**7 / (c**7 + 25.0**7))
    parts = (dl / sl) ** 2 + (dc / sc) ** 2 + (dh_chord / sh) ** 2 + rt * (dc / sc) * (dh_chord / sh)
    difference: Pixels = np.sqrt(np.maximum(parts, 0))
    return difference


def blurred(values: Pixels, weights: Pixels, sigma: float) -> Pixels:
    """Return ``values`` (height, width, channels) blurred by a Gaussian that weighs by ``weights``."""
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()

    def along(data: Pixels, axis: int) -> Pixels:
        return np.apply_along_axis(lambda line: np.convolve(line, kernel, "same"), axis, data)

    total = along(along(weights, 0), 1)
    summed = along(along(values * weights, 0), 1)
    return summed / np.maximum(total, 1e-6)


def mean_difference(one: Pixels, other: Pixels, where: NDArray[np.bool_] | None = None) -> float:
    """Return the mean CIEDE2000 between two pictures of sRGB, over the pixels ``where`` is true."""
    found = delta_e(lab(one[..., :3]), lab(other[..., :3]))
    return float(found.mean() if where is None else found[where].mean())
