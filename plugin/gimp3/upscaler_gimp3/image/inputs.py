"""What a run works on: which layers, which part of each, and every refusal before anything is sent."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend import layer_rules
from precision_upscaler.frontend.options import AREA_SELECTION
from precision_upscaler.frontend.placement import Box, Size

from upscaler_gimp3.errors import Refused

from .buffers import VALUE, copy_pixels, new_buffer, rectangle, strips
from .layers import has_effects, kind_of
from .rendering import rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from precision_upscaler.frontend.layer_rules import Refusal

    from upscaler_gimp3.arguments import Options


@dataclass(frozen=True)
class InputLayer:
    """One layer to upscale.

    ``own_size`` is the layer's own; ``box`` is the rendered layer's box on the canvas, larger when an
    effect draws outside of the layer; ``area`` is the part to send, on the same canvas. ``kind`` is one of
    the kinds in ``layer_rules``; ``effects``: visible layer effects have to be rendered; ``selection``:
    what is selected over ``box``, as a buffer of values, when only that is wanted.

    ``masked`` and ``resolution`` (pixels an inch of the image, across and down) are for when the layer
    itself is gone, and then ``layer`` is None. ``displays`` show by their absence that the image was
    closed; see :func:`validity.check_target`.
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
    displays: Sequence[Any] = ()

    @property
    def whole(self) -> bool:
        """Whether all of the layer is sent."""
        return self.area == self.box

    @property
    def area_in_layer(self) -> Box:
        """The part to send, relative to the upper left corner of ``box``."""
        return self.area._replace(x=self.area.x - self.box.x, y=self.area.y - self.box.y)


def selection_box(image: Any) -> Box | None:
    """Return the bounds of the image's selection with its soft edge, or None when nothing is selected."""
    _, something, left, top, right, bottom = Gimp.Selection.bounds(image)
    return Box(left, top, right - left, bottom - top) if something else None


def collect_inputs(
    image: Any,
    drawables: Sequence[Any],
    options: Options,
    translate: Callable[[str], str],
    displays: Sequence[Any] = (),
) -> list[InputLayer]:
    """Return the layers of a run; :class:`Refused` with every reason when any of them cannot be taken.

    A drawable that is given twice is taken once. ``displays`` are those of every :class:`InputLayer`.
    """
    image_open = image is not None and image.is_valid()
    floating = image_open and image.get_floating_sel() is not None
    _refuse(layer_rules.image_refusal(image_open, len(drawables), floating), translate)
    found = [_input_layer(image, drawable, options, displays) for drawable in _distinct(drawables)]
    inputs = [one for one in found if isinstance(one, InputLayer)]
    refusals = [one for one in found if isinstance(one, layer_rules.Refusal)]
    refusals += layer_rules.nested_refusals([_identity(one) for one in inputs])
    if not refusals:
        size = Size(image.get_width(), image.get_height())
        boxes = [one.box for one in inputs]
        _refuse(layer_rules.canvas_refusal(options.placement, size, boxes, options.factor), translate)
    if refusals:
        texts = [layer_rules.refusal_text(refusal, translate) for refusal in refusals]
        raise Refused("\n".join(dict.fromkeys(texts)))
    return inputs


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


def _input_layer(
    image: Any, drawable: Any, options: Options, displays: Sequence[Any]
) -> InputLayer | Refusal:
    """Return one drawable as an input, or why it cannot be taken."""
    item = _item(drawable, image) if drawable is not None and drawable.is_valid() else None
    refusal = layer_rules.item_refusal(item, options.placement)
    if item is None or refusal is not None:
        assert refusal is not None
        return refusal
    with rendered(drawable) as (_, box):
        pass
    selected = options.area == AREA_SELECTION
    bounds = selection_box(image) if selected else None
    area, refusal = layer_rules.area_to_send(item.name, box, options.area, bounds)
    refusal = refusal or layer_rules.size_refusal(item.name, area, options.factor)
    if refusal is not None:
        return refusal
    return InputLayer(
        drawable,
        item.name,
        Size(drawable.get_width(), drawable.get_height()),
        box,
        area,
        item.kind,
        effects=has_effects(drawable),
        selection=selected_values(image, box) if selected else None,
        masked=drawable.get_mask() is not None,
        resolution=tuple(image.get_resolution())[1:],
        displays=displays,
    )


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


def has_masked_parent(item: Any) -> bool:
    """Return whether any group around an item has a mask, which GIMP crops when the group shrinks."""
    return any(parent.get_mask() is not None for parent in parents_of(item))


def _holds_something(group: Any) -> bool:
    return any(not child.is_group() or _holds_something(child) for child in group.get_children())


def _identity(one: InputLayer) -> tuple[int, str, list[tuple[int, str]]]:
    parents = [(parent.get_id(), parent.get_name()) for parent in parents_of(one.layer)]
    return one.layer.get_id(), one.name, parents


# ----- the selection over a layer, kept with the job for Resume

_VALUE8 = "Y u8"
_ROWS = 256
LARGEST_TEXT = 2_000_000
"""Characters up to which a selection is kept; an ordinary one, feathered, takes some thousands."""


def selected_values(image: Any, box: Box) -> Any:
    """Return how much of each pixel of ``box`` is selected, as a buffer of values from 0 to 1."""
    values = new_buffer(VALUE, box.width, box.height)
    copy_pixels(image.get_selection().get_buffer(), values, box=tuple(box))
    return values


def pack_selection(values: Any, area: Box) -> str | None:
    """Return ``area`` of the values, in 8 bits, as text; None when that would be too long to keep."""
    packer = zlib.compressobj(6)
    data = b"".join(packer.compress(strip) for strip in strips(values, _VALUE8, tuple(area), _ROWS))
    text = base64.b64encode(data + packer.flush()).decode("ascii")
    return text if len(text) <= LARGEST_TEXT else None


def unpack_selection(text: Any, box: Box, area: Box) -> Any:
    """Return a packed selection as values as large as ``box``; None if ``text`` cannot be read.

    The values fill ``area``, which is relative to ``box``; nothing is selected outside of it.
    """
    try:
        data = zlib.decompress(base64.b64decode(text, validate=True))
    except (TypeError, ValueError, zlib.error):
        return None
    if len(data) != area.width * area.height:
        return None
    values = new_buffer(VALUE, box.width, box.height)
    values.set(rectangle(*area), _VALUE8, data)
    values.flush()
    return values
