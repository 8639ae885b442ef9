"""Whether a result still belongs where it was made for: the image open, the layer there and unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from precision_upscaler.frontend import layer_rules
from precision_upscaler.frontend.options import NEW_IMAGE

from upscaler_gimp3.image import export
from upscaler_gimp3.image.inputs import lock_of
from upscaler_gimp3.image.layers import is_in
from upscaler_gimp3.image.rendering import rendered

if TYPE_CHECKING:
    from .models import Finished


def decide(image: Any, one: Finished, placement: str, *, pixels: bool = False) -> None:
    """Set ``gone`` and ``placement`` of a result by how image and layer are now; see :func:`why_not_here`.

    What may not be changed can still be composed with its result, as a new image.
    """
    if one.selection_unknown:
        one.gone, one.placement = "selection-unknown", None
        return
    one.gone = why_not_here(image, one, placement, pixels=pixels)
    one.placement = placement if one.gone is None else None
    if layer_rules.composable(one.gone) and why_not_here(image, one, NEW_IMAGE, pixels=pixels) is None:
        one.placement = NEW_IMAGE


def why_not_here(image: Any, one: Finished, placement: str, *, pixels: bool = False) -> str | None:
    """Return the note's code when a result no longer belongs into the image, else None.

    ``pixels`` also compares the layer's pixels with those that were sent.

    GIMP keeps an image alive as long as a script's call with it runs, so a closed one looks valid. A display
    that is gone shows that it was closed, although that may have been another image's. GIMP keeps the
    very last display, empty: an image closed there, or one that never had a display, counts as open.
    """
    layer = one.subject.layer
    target = layer_rules.Target(
        image_open=lambda: image is not None and image.is_valid(),
        window_open=lambda: all(display.is_valid() for display in one.subject.shown_on),
        layer_there=lambda: is_in(image, layer),
        floating=lambda: image.get_floating_sel() is not None,
        locked=lambda: lock_of(layer, placement) is not None,
        unchanged=lambda: _as_it_was_sent(one, pixels=pixels),
    )
    return layer_rules.stale_target(target, placement)


def _as_it_was_sent(one: Finished, *, pixels: bool) -> bool:
    """Return whether the layer has the size it had and, if asked, the very pixels that were sent."""
    subject = one.subject
    if (subject.layer.get_width(), subject.layer.get_height()) != tuple(subject.own_size):
        return False
    with rendered(subject.layer) as (drawable, box):
        if (box.width, box.height) != (subject.box.width, subject.box.height):
            return False
        return not pixels or export.fingerprint(drawable, subject.area_in_layer) == one.exported.fingerprint
