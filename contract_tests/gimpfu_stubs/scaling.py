"""Pictures in another size, with GIMP's interpolations.

``INTERPOLATION_NONE`` agrees with the real one to the pixel, linear and cubic enlarge as GEGL's samplers do,
to within rounding. NoHalo is approximated by linear and LoHalo by cubic. What shrinks is averaged over the
area a new pixel covers, which GEGL comes near to.
"""

from __future__ import annotations

import numpy as np

from .formats import Pixels

NONE, LINEAR, CUBIC, NOHALO, LOHALO = 0, 1, 2, 3, 4


def scaled(
    values: Pixels, width: int, height: int, interpolation: int, *, alpha: bool, clamp: bool = False
) -> Pixels:
    """Return float pixels around 0 to 1 at ``width`` × ``height``.

    With ``alpha`` the last channel weighs the colours; ``clamp`` keeps what a step computes between 0 and
    1, as where pixels are integers.
    """
    if interpolation == NONE:
        rows, columns = _nearest(values.shape[0], height), _nearest(values.shape[1], width)
        return np.ascontiguousarray(values[rows][:, columns])
    if not alpha:
        first = _resampled(values, height, interpolation, 0)
        return _resampled(np.clip(first, 0, 1) if clamp else first, width, interpolation, 1)
    weight = values[:, :, -1:]
    heavy = np.concatenate([values[:, :, :-1] * weight, weight], axis=2)
    heavy = _resampled(_resampled(heavy, height, interpolation, 0), width, interpolation, 1)
    weight = np.clip(heavy[:, :, -1:], 0.0, 1.0)
    colours = np.divide(heavy[:, :, :-1], weight, out=np.zeros_like(heavy[:, :, :-1]), where=weight > 1e-9)
    return np.concatenate([colours, weight], axis=2)


def blurred(values: Pixels, sigma_x: float, sigma_y: float, *, alpha: bool) -> Pixels:
    """Return float pixels under a Gaussian, the edges continued; colours are weighted by alpha."""
    weight = values[:, :, -1:] if alpha else None
    work = values if weight is None else np.concatenate([values[:, :, :-1] * weight, weight], axis=2)
    for axis, sigma in ((0, sigma_y), (1, sigma_x)):
        if sigma > 0:
            work = _convolved(work, _gaussian(sigma), axis)
    if weight is None:
        return work
    weight = work[:, :, -1:]
    colours = np.divide(work[:, :, :-1], weight, out=np.zeros_like(work[:, :, :-1]), where=weight > 1e-12)
    return np.concatenate([colours, weight], axis=2)


def _nearest(before: int, after: int) -> Pixels:
    return np.minimum(((np.arange(after) + 0.5) * before / after).astype(int), before - 1)


def _resampled(values: Pixels, size: int, interpolation: int, axis: int) -> Pixels:
    before = values.shape[axis]
    if before == size:
        return values
    if size < before:
        return np.moveaxis(np.tensordot(_averaging(before, size), values, axes=(1, axis)), 0, axis)
    # beyond the edge the last pixel goes on
    kernel, reach = (_cubic, 2) if interpolation in (CUBIC, LOHALO) else (_triangle, 1)
    centres = (np.arange(size) + 0.5) * before / size - 0.5
    shape = [1, 1, 1]
    shape[axis] = size
    total = 0.0
    for step in range(1 - reach, reach + 1):
        places = np.floor(centres).astype(int) + step
        weights = kernel(places - centres).reshape(shape)
        total = total + weights * values.take(np.clip(places, 0, before - 1), axis=axis)
    return np.asarray(total)


def _averaging(before: int, size: int) -> Pixels:
    """Return the share each old pixel has of each new one."""
    edges = np.arange(size + 1) * before / size
    old = np.arange(before)
    overlap = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    shares = np.clip(overlap, 0, None)
    return shares / shares.sum(axis=1, keepdims=True)


def _triangle(distance: Pixels) -> Pixels:
    return np.maximum(0.0, 1.0 - np.abs(distance))


def _cubic(distance: Pixels) -> Pixels:
    """GEGL's cubic: of Mitchell's and Netravali's family, B = 1/2 and C = 1/4."""
    d = np.abs(distance)
    near = (6 * d**3 - 10.5 * d**2 + 5) / 6
    far = (-2 * d**3 + 10.5 * d**2 - 18 * d + 10) / 6
    return np.where(d < 1, near, np.where(d < 2, far, 0.0))


def _gaussian(sigma: float) -> Pixels:
    reach = max(1, int(np.ceil(3 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return kernel / kernel.sum()


def _convolved(values: Pixels, kernel: Pixels, axis: int) -> Pixels:
    reach = len(kernel) // 2
    wide = [(reach, reach) if number == axis else (0, 0) for number in range(3)]
    padded = np.pad(values, wide, mode="edge")
    total = np.zeros_like(values)
    for number, weight in enumerate(kernel):
        part = [slice(None)] * 3
        part[axis] = slice(number, number + values.shape[axis])
        total += weight * padded[tuple(part)]
    return total
