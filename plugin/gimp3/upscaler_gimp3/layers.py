"""Questions about one layer: where it lies, what kind it is, whether it is still there."""

from __future__ import annotations

from typing import Any

from precision_upscaler.frontend.placement import Box


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


def is_open(image: Any, display: Any) -> bool:
    """Return whether ``image`` is still open, given the display the plug-in was called from (or None).

    GIMP keeps an image alive as long as a procedure that was called with it runs, so a closed one
    looks valid: what tells is that its display is gone.
    """
    if image is None or not image.is_valid():
        return False
    return display is None or display.is_valid()


def is_in(image: Any, layer: Any) -> bool:
    """Return whether ``layer`` is in ``image`` now; a deleted one that undo could bring back is not."""
    if not layer.is_valid():
        return False
    top = layer
    while top.get_parent() is not None:
        top = top.get_parent()
    return any(one.get_id() == top.get_id() for one in image.get_layers())
