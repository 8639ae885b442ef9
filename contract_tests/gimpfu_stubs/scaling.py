"""Pictures in another size, with GIMP's interpolations.

``INTERPOLATION_NONE`` agrees with the real one to the pixel, linear and cubic enlarge as GEGL's samplers do,
to within rounding. NoHalo is approximated by linear and LoHalo by cubic. What shrinks is averaged over the
area a new pixel covers, which GEGL comes near to.
"""

from __future__ import annotations

from functools import lru_cache

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
    height, width, channels = work.shape
    if sigma_y > 0:
        work = (_gaussian(sigma_y, height) @ work.reshape(height, -1)).reshape(work.shape)
    if sigma_x > 0:
        lines = np.ascontiguousarray(work.transpose(1, 0, 2)).reshape(width, -1)
        lines = _gaussian(sigma_x, width) @ lines
        work = np.ascontiguousarray(lines.reshape(width, height, channels).transpose(1, 0, 2))
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
    shape = [1, 1, 1]
    shape[axis] = size
    total = None
    for places, weights in _shares(before, size, cubic=interpolation in (CUBIC, LOHALO)):
        part = values.take(places, axis=axis)
        part *= weights.reshape(shape)
        total = part if total is None else np.add(total, part, out=total)
    return total


@lru_cache(maxsize=64)
def _shares(before: int, size: int, *, cubic: bool) -> list[tuple[Pixels, Pixels]]:
    """Return the old pixels that each new one is made of: steps of (their places, their shares)."""
    if size < before:
        edges = np.arange(size + 1) * before / size
        first = np.floor(edges[:-1]).astype(int)
        steps = [first + step for step in range(int(np.max(np.ceil(edges[1:]) - first)))]
        covered = [np.minimum(edges[1:], old + 1) - np.maximum(edges[:-1], old) for old in steps]
        shares = np.clip(covered, 0, None)
        shares /= shares.sum(axis=0)
    else:
        kernel, reach = (_cubic, 2) if cubic else (_triangle, 1)
        centres = (np.arange(size) + 0.5) * before / size - 0.5
        steps = [np.floor(centres).astype(int) + step for step in range(1 - reach, reach + 1)]
        shares = [kernel(places - centres) for places in steps]
    # beyond the edge the last pixel goes on
    return [(np.clip(places, 0, before - 1), share) for places, share in zip(steps, shares, strict=True)]


def _triangle(distance: Pixels) -> Pixels:
    return np.maximum(0.0, 1.0 - np.abs(distance))


def _cubic(distance: Pixels) -> Pixels:
    """GEGL's cubic: of Mitchell's and Netravali's family, B = 1/2 and C = 1/4."""
    d = np.abs(distance)
    near = (6 * d**3 - 10.5 * d**2 + 5) / 6
    far = (-2 * d**3 + 10.5 * d**2 - 18 * d + 10) / 6
    return np.where(d < 1, near, np.where(d < 2, far, 0.0))


@lru_cache(maxsize=16)
def _gaussian(sigma: float, size: int) -> Pixels:
    """Return the matrix (size, size) that blurs a line of pixels, the edges continued."""
    reach = max(1, int(np.ceil(3 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    matrix = np.zeros((size, size))
    here = np.arange(size)
    for step, share in zip(range(-reach, reach + 1), kernel / kernel.sum(), strict=True):
        np.add.at(matrix, (here, np.clip(here + step, 0, size - 1)), share)
    return matrix
