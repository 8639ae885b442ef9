"""Questions about one layer: where it lies, what kind it is, whether it is still there."""

from __future__ import annotations

from typing import Any

from gi.repository import Gimp
from precision_upscaler.frontend.placement import Box

_UNUSED_NUMBERS = 20
"""After so many numbers without a display no more are looked for."""


def box_of(drawable: Any) -> Box:
    """Return a drawable's box on the canvas."""
    _, x, y = drawable.get_offsets()
    return Box(x, y, drawable.get_width(), drawable.get_height())


def kind_of(layer: Any) -> str:
    """Return ``pixels`` for an ordinary layer, else what makes it none."""
    for kind in ("group", "text", "vector", "link"):
        test = getattr(layer, "is_group" if kind == "group" else f"is_{kind}_layer", None)
        # GIMP 3.0 knows neither vector nor link layers
        if test is not None and test():
            return kind
    return "pixels"


def has_effects(layer: Any) -> bool:
    """Return whether the layer has effects that can be seen."""
    return any(one.get_visible() for one in layer.get_filters())


def has_hidden_effects(layer: Any) -> bool:
    """Return whether the layer has effects that are switched off."""
    return not all(one.get_visible() for one in layer.get_filters())


def displays() -> list[Any]:
    """Return every display of GIMP's: it lists none, so the numbers it counts up are tried in turn."""
    found: list[Any] = []
    active = Gimp.default_display()
    last = active.get_id() if active is not None else 0
    number = 0
    while number < last + _UNUSED_NUMBERS:
        number += 1
        if Gimp.Display.id_is_valid(number):
            last = max(last, number)
            found.append(Gimp.Display.get_by_id(number))
    return found


def is_in(image: Any, layer: Any) -> bool:
    """Return whether ``layer`` is in ``image`` now; a deleted one that undo could bring back is not."""
    if not layer.is_valid():
        return False
    top = layer
    while top.get_parent() is not None:
        top = top.get_parent()
    return any(one.get_id() == top.get_id() for one in image.get_layers())
