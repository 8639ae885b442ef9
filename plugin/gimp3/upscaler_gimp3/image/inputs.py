"""What a run works on: which layers, which part of each, and every refusal before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend import layer_rules
from precision_upscaler.frontend.options import AREA_SELECTION
from precision_upscaler.frontend.placement import Box, Size

from upscaler_gimp3.errors import Refused

from . import selection
from .layers import has_effects, kind_of
from .rendering import rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from precision_upscaler.frontend.layer_rules import Refusal

    from upscaler_gimp3.arguments import Options


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

    A drawable that is given twice is taken once. ``shown_on`` is what becomes that of every subject.
    """
    image_open = image is not None and image.is_valid()
    floating = image_open and image.get_floating_sel() is not None
    _refuse(layer_rules.image_refusal(image_open, len(drawables), floating), translate)
    refusals: list[Refusal] = []
    subjects: list[Subject] = []
    for drawable in _distinct(drawables):
        subject, refusal = _subject(image, drawable, options)
        if subject is not None:
            subjects.append(replace(subject, shown_on=shown_on))
        elif refusal is not None:
            refusals.append(refusal)
    refusals += layer_rules.nested_refusals([_identity(subject) for subject in subjects])
    if not refusals:
        size = Size(image.get_width(), image.get_height())
        boxes = [subject.box for subject in subjects]
        _refuse(layer_rules.canvas_refusal(options.placement, size, boxes, options.factor), translate)
    if refusals:
        texts = [layer_rules.refusal_text(refusal, translate) for refusal in refusals]
        raise Refused("\n".join(dict.fromkeys(texts)))
    return subjects


def lock_of(layer: Any, placement: str) -> Refusal | None:
    """Return which lock forbids the placement, or None."""
    return layer_rules.lock_refusal(_item(layer), placement)


def _refuse(refusal: Refusal | None, translate: Callable[[str], str]) -> None:
    if refusal is not None:
        raise Refused(layer_rules.refusal_text(refusal, translate))


def _distinct(drawables: Sequence[Any]) -> list[Any]:
    """Return each drawable once; those that no longer exist have no ID to compare and all stay."""
    valid = {one.get_id(): one for one in drawables if one is not None and one.is_valid()}
    return [*valid.values(), *(one for one in drawables if one is None or not one.is_valid())]


def _subject(image: Any, drawable: Any, options: Options) -> tuple[Subject | None, Refusal | None]:
    """Return one drawable as a subject, or why it cannot be taken."""
    item = _item(drawable, image) if drawable is not None and drawable.is_valid() else None
    refusal = layer_rules.item_refusal(item, options.placement)
    if item is None or refusal is not None:
        return None, refusal
    with rendered(drawable) as (_, box):
        pass
    bounds = selection_box(image) if options.area == AREA_SELECTION else None
    area, refusal = layer_rules.area_to_send(item.name, box, options.area, bounds)
    refusal = refusal or layer_rules.size_refusal(item.name, area, options.factor)
    if refusal is not None:
        return None, refusal
    subject = Subject(
        drawable,
        item.name,
        Size(drawable.get_width(), drawable.get_height()),
        box,
        area,
        item.kind,
        has_effects(drawable),
        selection.taken(image, box) if options.area == AREA_SELECTION else None,
        drawable.get_mask() is not None,
        tuple(image.get_resolution())[1:],
    )
    return subject, None


def _item(drawable: Any, image: Any = None) -> layer_rules.Item:
    """Return what the rules must know of a drawable; without ``image``, it counts as in the run's image."""
    if drawable.is_layer_mask():
        kind = layer_rules.MASK
    elif not drawable.is_layer():
        kind = layer_rules.CHANNEL
    elif drawable.is_group() and not _holds_something(drawable):
        kind = layer_rules.EMPTY_GROUP
    else:
        kind = kind_of(drawable)
    in_image = image is None or drawable.get_image().get_id() == image.get_id()
    parents = [
        layer_rules.Parent(one.get_name(), one.get_lock_content(), one.get_lock_position())
        for one in parents_of(drawable)
    ]
    content, position = drawable.get_lock_content(), drawable.get_lock_position()
    return layer_rules.Item(drawable.get_name(), kind, in_image, content, position, parents)


def parents_of(item: Any) -> list[Any]:
    """Return the groups around an item, the innermost first."""
    parents = []
    while (item := item.get_parent()) is not None:
        parents.append(item)
    return parents


def _holds_something(group: Any) -> bool:
    return any(not child.is_group() or _holds_something(child) for child in group.get_children())


def _identity(subject: Subject) -> tuple[int, str, list[tuple[int, str]]]:
    parents = [(one.get_id(), one.get_name()) for one in parents_of(subject.layer)]
    return subject.layer.get_id(), subject.name, parents
