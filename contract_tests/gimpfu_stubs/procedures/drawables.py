"""Procedures about pixels: facts, single pixels, filling, histograms, a few filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import formats, scaling
from ..model import Drawable, Failure, Image, Layer
from ..pdb import procedure
from .layers import _of_canvas

if TYPE_CHECKING:
    from ..session import Session

FOREGROUND, BACKGROUND, WHITE, TRANSPARENT = range(4)


def _fact(name: str, fact: Any) -> None:
    @procedure(name)
    def get(session: Session, drawable: Drawable) -> Any:
        return fact(drawable)


_fact("gimp-drawable-width", lambda one: one.width)
_fact("gimp-drawable-height", lambda one: one.height)
_fact("gimp-drawable-offsets", lambda one: (one.x, one.y))
_fact("gimp-drawable-has-alpha", lambda one: one.alpha)
_fact("gimp-drawable-type", lambda one: one.type)
_fact("gimp-drawable-type-with-alpha", lambda one: one.type | 1)
_fact("gimp-drawable-is-rgb", lambda one: one.type in (0, 1))
_fact("gimp-drawable-is-gray", lambda one: one.type in (2, 3))
_fact("gimp-drawable-is-indexed", lambda one: one.type in (4, 5))
_fact("gimp-drawable-bpp", lambda one: one.pixels.shape[2] * one.image.format.bytes)


@procedure("gimp-drawable-update")
def update(session: Session, drawable: Drawable, x: int, y: int, width: int, height: int) -> None:
    pass


@procedure("gimp-drawable-get-pixel")
def get_pixel(session: Session, drawable: Drawable, x: int, y: int) -> tuple[int, list[int]]:
    _inside(drawable, x, y)
    octets = list(np.ascontiguousarray(drawable.pixels[y, x]).tobytes())
    return len(octets), octets


@procedure("gimp-drawable-set-pixel")
def set_pixel(
    session: Session, drawable: Drawable, x: int, y: int, count: int, octets: tuple[int, ...]
) -> None:
    _inside(drawable, x, y)
    size = drawable.pixels.shape[2] * drawable.image.format.bytes
    if count != size or len(octets) < size:
        raise Failure("execution error")
    raw = bytes(value % 256 for value in octets[:size])
    drawable.pixels[y, x] = np.frombuffer(raw, dtype=drawable.pixels.dtype)


def _inside(drawable: Drawable, x: int, y: int) -> None:
    if not (0 <= x < drawable.width and 0 <= y < drawable.height):
        raise Failure("execution error")


# ----- filling


def _fill_values(session: Session, drawable: Drawable, kind: int) -> formats.Pixels:
    image = drawable.image
    if drawable.value_only:
        level = {WHITE: 1.0, TRANSPARENT: 0.0}.get(kind)
        color = session.context.foreground if kind == FOREGROUND else session.context.background
        return np.array([[[sum(color[:3]) / 3.0 if level is None else level]]])
    colors: formats.Pixels = session.context.background_in(image)
    if kind == FOREGROUND:
        colors = session.context.foreground_in(image)
    elif kind == WHITE:
        colors = np.ones((1, 1, 1 if image.base_type == formats.GRAY else 3))
    if not drawable.alpha:
        return colors
    if kind == TRANSPARENT:
        return np.zeros((1, 1, colors.shape[2] + 1))
    return np.concatenate([colors, np.ones((1, 1, 1))], axis=2)


@procedure("gimp-drawable-fill")
def fill(session: Session, drawable: Drawable, kind: int) -> None:
    """Fill all of the drawable; selection and undo do not matter here."""
    drawable.pixels[:] = formats.from_unit(_fill_values(session, drawable, kind), drawable.image.format)


@procedure("gimp-drawable-edit-fill", "gimp-edit-fill")
def edit_fill(session: Session, drawable: Drawable, kind: int) -> None:
    _through_selection(drawable, _fill_values(session, drawable, kind))


@procedure("gimp-drawable-edit-clear", "gimp-edit-clear")
def edit_clear(session: Session, drawable: Drawable) -> None:
    values = drawable.values()
    if drawable.alpha:
        values[:, :, -1] = 0.0
        _through_selection(drawable, values)
    else:
        _through_selection(drawable, _fill_values(session, drawable, BACKGROUND))


def _through_selection(drawable: Drawable, new: formats.Pixels) -> None:
    """Replace the pixels by ``new`` as strongly as they are selected."""
    if drawable.attached:
        drawable.image.undo.push()
    old = drawable.values()
    new = np.broadcast_to(new, old.shape)
    share = selected(drawable)
    if drawable.alpha:
        alpha = old[:, :, -1:] * (1 - share) + new[:, :, -1:] * share
        mixed = old[:, :, :-1] * old[:, :, -1:] * (1 - share) + new[:, :, :-1] * new[:, :, -1:] * share
        colors = np.divide(mixed, alpha, out=np.array(old[:, :, :-1]), where=alpha > 0)
        drawable.set_values(np.concatenate([colors, alpha], axis=2))
    else:
        drawable.set_values(old * (1 - share) + new * share)


def selected(drawable: Drawable) -> formats.Pixels:
    """Return how strongly each pixel is selected; everything counts when nothing is."""
    image = drawable.image
    if not image.selection.pixels.any() or drawable is image.selection:
        return np.ones((drawable.height, drawable.width, 1))
    return _of_canvas(image.selection, drawable)  # type: ignore[arg-type]  # any drawable has a place


@procedure("gimp-drawable-invert", "gimp-invert")
def invert(session: Session, drawable: Drawable, linear: int = 0) -> None:
    values = drawable.values()
    colors = values[:, :, :-1] if drawable.alpha else values
    if linear != drawable.image.format.linear and not drawable.value_only:
        there, back = formats.srgb_to_linear, formats.linear_to_srgb
        there, back = (there, back) if linear else (back, there)
        inverted = back(1 - there(colors))
    else:
        inverted = 1 - colors
    new = np.concatenate([inverted, values[:, :, -1:]], axis=2) if drawable.alpha else inverted
    _through_selection(drawable, new)


@procedure("gimp-drawable-merge-shadow")
def merge_shadow(session: Session, drawable: Drawable, undo: int) -> None:
    if drawable.shadow is None:
        return
    shadow, drawable.shadow = drawable.shadow, None
    values = formats.to_unit(shadow, drawable.image.format)
    if undo:
        _through_selection(drawable, values)
    else:
        drawable.pixels[:] = shadow


@procedure("gimp-drawable-free-shadow")
def free_shadow(session: Session, drawable: Drawable) -> None:
    drawable.shadow = None


@procedure("gimp-drawable-offset")
def offset(session: Session, drawable: Drawable, wrap: int, fill_type: int, x: int, y: int) -> None:
    if not wrap:
        raise NotImplementedError("the gimpfu stubs offset drawables with wrapping around only")
    drawable.image.undo.push()
    drawable.pixels = np.roll(drawable.pixels, (y, x), axis=(0, 1))


@procedure("gimp-drawable-mask-bounds")
def mask_bounds(session: Session, drawable: Drawable) -> tuple[bool, int, int, int, int]:
    """Return whether something is selected and the bounds of that on the drawable."""
    box = bounds(drawable.image)
    if box is None:
        return False, 0, 0, drawable.width, drawable.height
    left, right = (min(max(value - drawable.x, 0), drawable.width) for value in (box[0], box[2]))
    top, bottom = (min(max(value - drawable.y, 0), drawable.height) for value in (box[1], box[3]))
    return True, left, top, right, bottom


@procedure("gimp-drawable-mask-intersect")
def mask_intersect(session: Session, drawable: Drawable) -> tuple[bool, int, int, int, int]:
    box = bounds(drawable.image)
    if box is None:
        return True, 0, 0, drawable.width, drawable.height
    left, top = max(box[0] - drawable.x, 0), max(box[1] - drawable.y, 0)
    right, bottom = min(box[2] - drawable.x, drawable.width), min(box[3] - drawable.y, drawable.height)
    return right > left and bottom > top, left, top, right - left, bottom - top


def bounds(image: Image) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom of the selection, or None when nothing is selected."""
    rows, columns = np.nonzero(image.selection.pixels[:, :, 0])
    if not len(rows):
        return None
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@procedure("gimp-drawable-histogram")
def histogram(
    session: Session, drawable: Drawable, channel: int, start: float, end: float
) -> tuple[float, ...]:
    """Return mean, deviation and median (0 to 255), pixels, count, share; selection and alpha weigh."""
    values = drawable.values()
    weight = selected(drawable)[:, :, 0]
    if drawable.image.format.linear and not drawable.value_only:
        colors = slice(None, -1) if drawable.alpha else slice(None)
        values[:, :, colors] = formats.linear_to_srgb(values[:, :, colors])
    if channel == 4:
        if not drawable.alpha:
            raise Failure("execution error")
        one = values[:, :, -1]
    elif channel and drawable.image.base_type == formats.GRAY:
        raise Failure("execution error")
    else:
        colors_only = values[:, :, :-1] if drawable.alpha else values
        weight = weight * (values[:, :, -1] if drawable.alpha else 1.0)
        one = (
            colors_only.max(axis=2)
            if channel == 0
            else colors_only[:, :, min(channel, colors_only.shape[2]) - 1]
        )
    levels = formats.from_unit(one, formats.PRECISIONS[formats.U8_GAMMA])
    heights = np.bincount(levels.reshape(-1), weights=weight.reshape(-1), minlength=256)
    numbers = np.arange(256)
    inside = heights * ((numbers >= np.floor(start * 255 + 0.5)) & (numbers <= np.floor(end * 255 + 0.5)))
    count, pixels = float(inside.sum()), float(weight.sum())
    if not count:
        return 0.0, 0.0, 0.0, pixels, 0.0, 0.0
    mean = float((numbers * inside).sum() / count)
    deviation = float(np.sqrt(((numbers - mean) ** 2 * inside).sum() / count))
    median = float(np.searchsorted(inside.cumsum(), count / 2.0))
    return mean, deviation, median, pixels, count, count / pixels


@procedure("gimp-histogram")
def old_histogram(
    session: Session, drawable: Drawable, channel: int, start: int, end: int
) -> tuple[float, ...]:
    answer: tuple[float, ...] = histogram(session, drawable, channel, start / 255.0, end / 255.0)
    return answer


# ----- filters


@procedure("plug-in-gauss")
def gauss(
    session: Session, run_mode: int, image: Image, layer: Drawable, across: float, down: float, how: int
) -> None:
    """Blur in linear light, as GEGL does; a size is 1/0.32 of the standard deviation."""
    values = layer.values()
    colors = values.shape[2] - (1 if layer.alpha else 0)
    curve = not image.format.linear and not layer.value_only
    if curve:
        values[:, :, :colors] = formats.srgb_to_linear(values[:, :, :colors])
    values = scaling.blurred(values, across * 0.32, down * 0.32, alpha=layer.alpha)
    if curve:
        values[:, :, :colors] = formats.linear_to_srgb(values[:, :, :colors])
    _through_selection(layer, values)


@procedure("plug-in-threshold-alpha")
def threshold_alpha(session: Session, run_mode: int, image: Image, layer: Layer, threshold: int) -> None:
    if not layer.alpha:
        raise Failure("execution error")
    image.undo.push()
    values = layer.values()
    values[:, :, -1] = values[:, :, -1] > threshold / 255.0
    layer.set_values(values)
