"""What was selected over a layer when it was sent: taken along, and kept as text with the job for Resume."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Any

from .buffers import VALUE, copied, new_buffer, rectangle, strips

if TYPE_CHECKING:
    from precision_upscaler.frontend.placement import Box

_VALUE8 = "Y u8"
_ROWS = 256
LARGEST_TEXT = 2_000_000
"""Characters up to which a selection is kept; an ordinary one, feathered, takes some thousands."""


def taken(image: Any, box: Box) -> Any:
    """Return how much of each pixel of ``box`` is selected now; the user may select something else later."""
    values = new_buffer(VALUE, box.width, box.height)
    copied(image.get_selection().get_buffer(), values, box=tuple(box))
    return values


def packed(values: Any, area: Box) -> str | None:
    """Return ``area`` of the values, in 8 bits, as text; None when that would be too long to keep."""
    packer = zlib.compressobj(6)
    data = b"".join(packer.compress(strip) for strip in strips(values, _VALUE8, tuple(area), _ROWS))
    text = base64.b64encode(data + packer.flush()).decode("ascii")
    return text if len(text) <= LARGEST_TEXT else None


def unpacked(text: Any, box: Box, area: Box) -> Any:
    """Return values as large as ``box`` with those of :func:`packed` in ``area``; None if there are none.

    Nothing is selected outside of what was sent. ``area`` is relative to ``box``.
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
