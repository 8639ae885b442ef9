"""Scale the whole image with GIMP, and correct what GIMP 3.2 itself gets wrong about other layers.

Its Scale Image puts a link layer at a wrong place, scales the path of a vector layer inside a group
once more for every group, and so crops the masks of the groups around both. It leaves the mask of a
vector layer at its old size. What it should be is computed from what was, and only what differs is set:
all inside the swap's undo step.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend.placement import Box, scaled_box

from upscaler_gimp3.image.buffers import VALUE, copy_pixels, new_buffer
from upscaler_gimp3.image.inputs import has_masked_parent, parents_of
from upscaler_gimp3.image.layers import (
    box_of,
    every_layer,
    kind_of,
    lock,
    locks_of,
    mask_flags,
    set_mask_flags,
)
from upscaler_gimp3.image.scaling import interpolating, interpolation, scaled_values

from .undo import must

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from precision_upscaler.frontend.placement import Size

    from upscaler_gimp3.image.layers import MaskFlags

_ODD_KINDS = ("link", "vector")
_CLOSE = 0.5


@dataclass(frozen=True)
class ScaledImage:
    """What was known before the image was scaled, for what is corrected afterwards.

    ``masks`` holds the layer, its box, the mask's values and flags of every mask to write again: those of
    vector layers and of the groups around odd layers or layers with effects, whose sizes GIMP changes.
    """

    scale: tuple[Fraction, Fraction]
    links: Sequence[tuple[Any, Box]]
    paths: Sequence[tuple[Any, list[list[float]]]]
    masks: Sequence[tuple[Any, Box, Any, MaskFlags]]

    def correct_layers(self) -> None:
        """Move link layers and scale paths to where they should be."""
        for layer, box in self.links:
            place, now = scaled_box(box, *self.scale), box_of(layer)
            if (now.x, now.y) != (place.x, place.y):
                with _unlocked(layer):
                    must(layer.set_offsets(place.x, place.y), "move a layer")
        for path, strokes in self.paths:
            for stroke, was in zip(path.get_strokes(), strokes, strict=False):
                self._correct_stroke(path, stroke, was)

    def _correct_stroke(self, path: Any, stroke: int, was: list[float]) -> None:
        now = list(path.stroke_get_points(stroke)[1])
        factors = []
        for axis, scale in enumerate(self.scale):
            wanted = [value * float(scale) for value in was[axis::2]]
            found = now[axis::2]
            # the farthest point says most exactly by how much
            target, value = max(zip(wanted, found, strict=True), key=lambda pair: abs(pair[0]))
            factors.append(target / value if value and abs(target - value) > _CLOSE else 1.0)
        if factors != [1.0, 1.0]:
            with _unlocked(path):
                must(path.stroke_scale(stroke, *factors), "scale a path")

    def correct_masks(self) -> None:
        """Write masks again; once all layers have their places."""
        for layer, was, values, flags in self.masks:
            mask, box, place = layer.get_mask(), box_of(layer), scaled_box(was, *self.scale)
            if mask is None:
                mask = layer.create_mask(Gimp.AddMaskType.WHITE)
                must(layer.add_mask(mask), "add a mask")
                set_mask_flags(layer, flags)
            scaled = scaled_values(values, (0, 0, was.width, was.height), place.width, place.height)
            left, top = max(0, place.x - box.x), max(0, place.y - box.y)
            skipped = (max(0, box.x - place.x), max(0, box.y - place.y))
            width = min(place.width - skipped[0], box.width - left)
            height = min(place.height - skipped[1], box.height - top)
            whole = new_buffer(VALUE, box.width, box.height)
            if width > 0 and height > 0:
                copy_pixels(scaled, whole, (left, top), (*skipped, width, height))
            with _unlocked(layer):
                copy_pixels(whole, mask.get_buffer())
                mask.update(0, 0, box.width, box.height)


def scale_image(image: Any, layers: Sequence[Any], canvas: Size, scaled: ScaledImage) -> None:
    """Scale the image to ``canvas``; what is left then is :meth:`ScaledImage.correct_masks`.

    ``layers`` are about to be written anew. They are shrunk first, so that GIMP does not scale them in
    vain, but not in a group with a mask: the group would shrink with its layer, and GIMP would crop the
    mask.
    """
    for layer in layers:
        if not has_masked_parent(layer):
            must(layer.resize(1, 1, 0, 0), "resize a layer")
    for layer, *_ in scaled.masks:
        if kind_of(layer) == "vector":
            # not afterwards: an undo would lose a mask that does not fit its layer
            must(layer.remove_mask(Gimp.MaskApplyMode.DISCARD), "remove a mask")
    with interpolating(interpolation(canvas.width * canvas.height)):
        must(image.scale(canvas.width, canvas.height), "scale the image")
    scaled.correct_layers()


def known_before(image: Any, targets: Sequence[Any], canvas: Size) -> ScaledImage:
    """Return what is to be corrected when the image was scaled; before any of the ``targets`` goes."""
    written = {layer.get_id() for layer in targets}
    odd = [
        layer
        for layer in every_layer(image.get_layers())
        if kind_of(layer) in _ODD_KINDS and layer.get_id() not in written
    ]
    changing = [*odd, *(layer for layer in every_layer(image.get_layers()) if layer.get_filters())]
    around = {one.get_id(): one for layer in changing for one in parents_of(layer)}
    vectors = [layer for layer in odd if kind_of(layer) == "vector"]
    masked = [layer for layer in (*vectors, *around.values()) if layer.get_mask() is not None]
    return ScaledImage(
        (Fraction(canvas.width, image.get_width()), Fraction(canvas.height, image.get_height())),
        [(layer, box_of(layer)) for layer in odd if kind_of(layer) == "link"],
        [(path, _points(path)) for path in image.get_paths()] if vectors else [],
        [(layer, box_of(layer), _values(layer.get_mask()), mask_flags(layer)) for layer in masked],
    )


def _points(path: Any) -> list[list[float]]:
    return [list(path.stroke_get_points(stroke)[1]) for stroke in path.get_strokes()]


def _values(mask: Any) -> Any:
    values = new_buffer(VALUE, mask.get_width(), mask.get_height())
    copy_pixels(mask.get_buffer(), values)
    return values


@contextmanager
def _unlocked(item: Any) -> Iterator[None]:
    """Unlock an item inside the block, what is in it and the groups around it.

    GIMP refuses to move what is locked, and ends a process that writes pixels there.
    """
    locked = [(one, locks_of(one)) for one in (*every_layer([item]), *parents_of(item))]
    for one, _ in locked:
        one.set_lock_content(False)
        one.set_lock_position(False)
    try:
        yield
    finally:
        for one, locks in locked:
            lock(one, locks)
