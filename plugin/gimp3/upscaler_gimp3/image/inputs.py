"""What a run works on: which layers, which part of each, and every refusal before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.contract import LIMITS, limits
from precision_upscaler.frontend import texts
from precision_upscaler.frontend.options import AREA_SELECTION, FIT_LAYER, NEW_IMAGE, NEW_LAYER
from precision_upscaler.frontend.placement import Box, Size, area_within, place, united

from upscaler_gimp3.errors import Refused

from . import selection
from .layers import has_effects, kind_of
from .rendering import rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from upscaler_gimp3.arguments import Options

LARGEST_CANVAS = 524288
"""GIMP's own largest image side in pixels."""


@dataclass
class Subject:
    """One layer to upscale.

    ``own_size`` is the layer's own; ``box`` is where its look lies on the canvas, larger when an
    effect draws outside of the layer; ``area`` is the part to send, on the same canvas; ``kind`` is
    ``pixels``, ``text``, ``vector``, ``link`` or ``group``; ``effects`` says whether visible layer
    effects have to be rendered; ``selection`` holds what was selected over ``box``, as a buffer of
    values, when only that is wanted. ``masked`` and ``resolution`` (pixels an inch of the image, across
    and down) are for when the layer itself is gone. ``shown_on`` are the displays to watch
    for whether the image is still open; see :func:`belonging.why_not_here`.
    """

    layer: Any
    name: str
    own_size: Size
    box: Box
    area: Box
    kind: str
    effects: bool
    selection: Any = None
    masked: bool = False
    resolution: tuple[float, float] | None = None
    shown_on: Sequence[Any] = ()

    @property
    def whole(self) -> bool:
        """Whether all of the layer is sent."""
        return self.area == self.box

    @property
    def area_in_layer(self) -> Box:
        """The part to send, relative to the look's upper left corner."""
        return self.area._replace(x=self.area.x - self.box.x, y=self.area.y - self.box.y)


def selection_box(image: Any) -> Box | None:
    """Return the bounds of the image's selection with its soft edge, or None when nothing is selected."""
    _, something, left, top, right, bottom = Gimp.Selection.bounds(image)
    return Box(left, top, right - left, bottom - top) if something else None


def chosen(
    image: Any,
    drawables: Sequence[Any],
    options: Options,
    translate: Callable[[str], str],
    shown_on: Sequence[Any] = (),
) -> list[Subject]:
    """Return the subjects of a run; :class:`Refused` with every reason when any of them cannot be taken.

    ``shown_on`` is what becomes that of every subject.
    """
    if image is None or not image.is_valid():
        raise Refused(texts.refusal("no-image", translate))
    if not drawables:
        raise Refused(texts.refusal("no-layer", translate))
    if image.get_floating_sel() is not None:
        raise Refused(texts.refusal("floating", translate))
    reasons: list[str] = []
    subjects: list[Subject] = []
    for drawable in drawables:
        try:
            subjects.append(replace(_subject(image, drawable, options, translate), shown_on=shown_on))
        except Refused as refused:
            reasons.append(str(refused))
    reasons += _nested(subjects, translate)
    if not reasons:
        reasons += _canvas(image, subjects, options, translate)
    if reasons:
        raise Refused("\n".join(dict.fromkeys(reasons)))
    return subjects


def _subject(image: Any, drawable: Any, options: Options, translate: Callable[[str], str]) -> Subject:
    """Return one drawable as a subject, or raise :class:`Refused`."""
    code, values = _unsuitable(image, drawable, options.placement)
    if code:
        raise Refused(texts.refusal(code, translate, **values))
    name, kind = drawable.get_name(), kind_of(drawable)
    with rendered(drawable) as (_, box):
        pass
    area, selected = box, None
    if options.area == AREA_SELECTION:
        bounds = selection_box(image)
        if bounds is None:
            raise Refused(texts.refusal("no-selection", translate))
        found = area_within(box, bounds, LIMITS["minimum_input_side"], LIMITS["maximum_aspect"])
        if found is None:
            raise Refused(texts.refusal("outside-selection", translate, name=name))
        area, selected = found, selection.taken(image, box)
    limit = limits.refusal(area.width, area.height, options.factor)
    if limit is not None:
        raise Refused(f"“{name}”: {texts.limit(limit, translate)}")
    own_size = Size(drawable.get_width(), drawable.get_height())
    effects, masked = has_effects(drawable), drawable.get_mask() is not None
    resolution = tuple(image.get_resolution())[1:]
    return Subject(drawable, name, own_size, box, area, kind, effects, selected, masked, resolution)


def _unsuitable(image: Any, drawable: Any, placement: str) -> tuple[str, dict[str, str]]:
    """Return the refusal's code and values for a drawable that can never be taken, else an empty code."""
    if drawable is None or not drawable.is_valid():
        return "no-layer", {}
    values = {"name": drawable.get_name()}
    code = ""
    if drawable.is_layer_mask():
        code = "mask"
    elif not drawable.is_layer():
        code = "channel"
    elif drawable.get_image().get_id() != image.get_id():
        code = "other-image"
    elif drawable.is_group() and not _holds_something(drawable):
        code = "empty-group"
    elif locked := lock_of(drawable, placement):
        code = locked[0]
        values |= locked[1]
    return code, values


def lock_of(layer: Any, placement: str) -> tuple[str, dict[str, str]] | None:
    """Return the refusal's code and values when a lock forbids the placement, else None.

    A placement that leaves the layer itself alone heeds no lock of it.
    """
    if placement == NEW_IMAGE:
        return None
    parent = layer.get_parent()
    while parent is not None:
        if parent.get_lock_content() or parent.get_lock_position():
            return "locked-parent", {"parent": parent.get_name()}
        parent = parent.get_parent()
    if placement == NEW_LAYER:
        return None
    if layer.get_lock_content():
        return "locked-content", {}
    if layer.get_lock_position() and placement != FIT_LAYER:
        return "locked-position", {}
    return None


def _holds_something(group: Any) -> bool:
    return any(not child.is_group() or _holds_something(child) for child in group.get_children())


def _nested(subjects: list[Subject], translate: Callable[[str], str]) -> list[str]:
    chosen_ids = {subject.layer.get_id() for subject in subjects}
    reasons = []
    for subject in subjects:
        parent = subject.layer.get_parent()
        while parent is not None:
            if parent.get_id() in chosen_ids:
                values = {"name": subject.name, "parent": parent.get_name()}
                reasons.append(texts.refusal("nested", translate, **values))
                break
            parent = parent.get_parent()
    return reasons


def _canvas(
    image: Any, subjects: list[Subject], options: Options, translate: Callable[[str], str]
) -> list[str]:
    size = Size(image.get_width(), image.get_height())
    placed = united([place(options.placement, size, subject.box, options.factor) for subject in subjects])
    if max(placed.canvas) <= LARGEST_CANVAS:
        return []
    values = {"width": placed.canvas.width, "height": placed.canvas.height, "maximum": LARGEST_CANVAS}
    return [texts.refusal("canvas", translate, **values)]
