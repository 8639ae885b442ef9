"""What the pixels of a scaled drawable must be, computed from what they were, without a rule of any kernel.

Every pixel lies between the smallest and the largest of the nine source pixels around it, with some
tolerance. All contents the fuzzers draw are smooth, so a shift by two source pixels, a black frame or a lost
part shows. Pixels are arrays of ``height`` × ``width`` × channels, numbers around 0 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.floating[Any]]

TOLERANCE = 5 / 255
"""How far a value may lie outside of its source pixels, besides :data:`SPAN`."""
SPAN = 0.4
"""The share of the source pixels' span by which interpolation may overshoot at edges."""
OUTLIERS = 0.002
"""The share of pixels that need not fit: corners, where kernels differ most."""
VISIBLE = 16 / 255
"""The opacity from which on a pixel has a color."""
REACH = 6
"""Source pixels around one that is not finite which scaling may spoil."""


def part(pixels: Pixels, box: tuple[int, int, int, int]) -> Pixels:
    """Return a box (x, y, width, height) of the pixels; 0 where it reaches beyond them."""
    x, y, width, height = box
    result = np.zeros((height, width, pixels.shape[2]))
    rows, columns = pixels.shape[:2]
    top, bottom = max(0, y), min(rows, y + height)
    left, right = max(0, x), min(columns, x + width)
    if top < bottom and left < right:
        result[top - y : bottom - y, left - x : right - x] = pixels[top:bottom, left:right]
    return result


def exact_problems(source: Pixels, actual: Pixels) -> list[str]:
    """Return what differs from the source."""
    if source.shape != actual.shape:
        return [f"has {actual.shape[1::-1]} pixels, not {source.shape[1::-1]}"]
    differing = int(((source != actual) & ~(np.isnan(source) & np.isnan(actual))).any(axis=2).sum())
    return [f"{differing} pixels changed"] if differing else []


def scaled_problems(
    source: Pixels,
    actual: Pixels,
    factor: int,
    *,
    alpha: bool,
    tolerance: float = TOLERANCE,
    finite: NDArray[np.bool_] | None = None,
) -> list[str]:
    """Return what does not lie between the source pixels around it.

    ``alpha``: the last channel is the opacity. ``finite`` says which source pixels can be judged.
    """
    height, width = source.shape[:2]
    if actual.shape[:2] != (height * factor, width * factor):
        return [f"has {actual.shape[1::-1]} pixels, not {(width * factor, height * factor)}"]
    lowest, highest = around(source, np.minimum), around(source, np.maximum)
    margin = tolerance + SPAN * (highest - lowest)
    lowest, highest = enlarged(lowest - margin, factor), enlarged(highest + margin, factor)
    wrong = (actual < lowest) | (actual > highest) | ~np.isfinite(actual)
    if alpha:
        visible = around(source[..., -1:], np.minimum) >= VISIBLE
        wrong[..., :-1] &= enlarged(visible, factor) & (actual[..., -1:] >= VISIBLE)
    if finite is not None:
        wrong &= enlarged(eroded(finite)[..., None], factor)
    pixels = wrong.any(axis=2)
    count = int(pixels.sum())
    if count <= max(2, OUTLIERS * pixels.size):
        return []
    y, x = (int(one) for one in np.argwhere(pixels)[count // 2])
    bounds = [np.round(one[y, x], 3).tolist() for one in (lowest, highest)]
    found = np.round(actual[y, x], 3).tolist()
    return [f"{count} of {pixels.size} pixels are wrong: {found} at {x}, {y} is not between {bounds}"]


def around(pixels: Pixels, choose: np.ufunc) -> Pixels:
    """Return ``choose`` over every pixel and its eight neighbors."""
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), "edge")
    height, width = pixels.shape[:2]
    found = pixels
    for down in range(3):
        for across in range(3):
            found = choose(found, padded[down : down + height, across : across + width])
    return found


def eroded(mask: NDArray[np.bool_], reach: int = REACH) -> NDArray[np.bool_]:
    """Return where the mask holds for every pixel within ``reach``."""
    found = mask.copy()
    for y, x in np.argwhere(~mask):
        found[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = False
    return found


def enlarged(pixels: Any, factor: int) -> Any:
    """Return every pixel ``factor`` times across and down."""
    return pixels.repeat(factor, 0).repeat(factor, 1)
