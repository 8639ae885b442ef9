"""Whether the target of a result is up to date: the image open, the layer there and unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from precision_upscaler.frontend import layer_rules

from upscaler_gimp3.image import export
from upscaler_gimp3.image.inputs import lock_of
from upscaler_gimp3.image.layers import is_in
from upscaler_gimp3.image.rendering import rendered

from .models import Destination

if TYPE_CHECKING:
    from .models import PendingResult


def check_target(image: Any, pending: PendingResult, placement: str, *, pixels: bool = False) -> Destination:
    """Return where a result goes, by the state that image and layer have now.

    See ``layer_rules.destination``; ``pixels`` also compares the layer's pixels with those that were sent.

    GIMP keeps an image alive as long as a script's call with it runs, so a closed one looks valid. A display
    that is gone shows that it was closed, although that may have been another image's. GIMP keeps the
    very last display, empty: an image closed there, or one that never had a display, counts as open.
    """
    if pending.selection_lost:
        return Destination(None, "selection-unknown")
    layer = pending.input.layer
    target = layer_rules.Target(
        image_open=lambda: image is not None and image.is_valid(),
        window_open=lambda: all(display.is_valid() for display in pending.input.displays),
        layer_there=lambda: is_in(image, layer),
        floating=lambda: image.get_floating_sel() is not None,
        locked=lambda: lock_of(layer, placement) is not None,
        unchanged=lambda: _unchanged(pending, pixels=pixels),
    )
    return Destination(*layer_rules.destination(target, placement))


def _unchanged(pending: PendingResult, *, pixels: bool) -> bool:
    """Return whether the layer has the size it had and, if asked, the very pixels that were sent."""
    sent = pending.input
    if (sent.layer.get_width(), sent.layer.get_height()) != tuple(sent.own_size):
        return False
    with rendered(sent.layer) as (drawable, box):
        if (box.width, box.height) != (sent.box.width, sent.box.height):
            return False
        return not pixels or export.fingerprint(drawable, sent.area_in_layer) == pending.exported.fingerprint
