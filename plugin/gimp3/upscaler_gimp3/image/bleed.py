"""Bleed the visible colours of a layer into its fully transparent pixels.

The stored colour of a transparent pixel is arbitrary, often black, and the service would draw it into the
soft edge. Here every fully transparent pixel gets the average of the visible pixels around it, from the
smallest neighbourhood that has any: squares of 4, 16, 64 or 256 pixels with those around them, else the
whole layer. A pixel with any opacity keeps its exact colour.
"""

from __future__ import annotations

from typing import Any

from .buffers import ABYSS, RGBA8, Graph, clear_non_finite, new_buffer, read, rectangle
from .planes import blended, enlarged, expanded, repeated, rgb_of

SMALLEST = 4
_LEVELS = (4, 16, 64, 256)
_SHARE = 0.5
_PREMULTIPLIED = "RaGaBaA float"
_VISIBLE = bytes([0]) + bytes([255]) * 255


class Fill:
    """The colours to bleed, for one box of one drawable's buffer."""

    def __init__(self, buffer: Any, box: tuple[int, int, int, int]) -> None:
        """Average the box at every level; the buffer is read once, in full."""
        _, _, self.width, self.height = box
        self._columns, rgb = _lowest(buffer, box)
        self._rgb = rgb

    def strip(self, top: int, rows: int) -> bytes:
        """Return the fill's RGB for ``rows`` rows from ``top`` (a multiple of 4), rows without padding."""
        stride = self._columns * 3
        out = []
        for row in range(top // SMALLEST, -(-(top + rows) // SMALLEST)):
            wide = repeated(self._rgb[row * stride : (row + 1) * stride], SMALLEST)[: self.width * 3]
            out.append(wide * SMALLEST)
        return b"".join(out)[: rows * self.width * 3]


def _averaged(premultiplied: Any, side: int, across: int, down: int) -> bytes:
    """Return the averages of squares of ``side`` pixels as RGBA, each with a share of its neighbours.

    Without the neighbours an edge along the borders of squares would not reach across.
    """
    box = rectangle(0, 0, across, down)
    squares = new_buffer(_PREMULTIPLIED, across, down)
    squares.set(box, _PREMULTIPLIED, premultiplied.get(box, 1.0 / side, _PREMULTIPLIED, ABYSS))
    graph = Graph()
    blur = graph.node("gegl:gaussian-blur", squares, std_dev_x=_SHARE, std_dev_y=_SHARE, clip_extent=False)
    graph.into(graph.cropped(blur, across, down), smooth := new_buffer(_PREMULTIPLIED, across, down))
    return read(smooth, RGBA8, 0, 0, across, down)


def _lowest(buffer: Any, box: tuple[int, int, int, int]) -> tuple[int, bytes]:
    """Return the columns and the RGB of the finest level, its holes filled from the coarser ones."""
    x, y, width, height = box
    # averages must weigh colours by their opacity, so the copy is premultiplied
    premultiplied = new_buffer(_PREMULTIPLIED, width, height)
    buffer.copy(rectangle(x, y, width, height), 0, premultiplied, rectangle(0, 0, width, height))
    clear_non_finite(premultiplied, _PREMULTIPLIED)
    colours = b"\x80\x80\x80"
    columns = rows = 1
    for side in (max(width, height), *reversed(_LEVELS)):
        if side > max(width, height):
            continue
        across, down = -(-width // side), -(-height // side)
        rgba = _averaged(premultiplied, side, across, down)
        below = enlarged(colours, columns, rows, across, down)
        colours = blended(rgb_of(rgba), below, expanded(rgba[3::4].translate(_VISIBLE)))
        columns, rows = across, down
    if min(width, height) < SMALLEST or columns != -(-width // SMALLEST):
        across, down = -(-width // SMALLEST), -(-height // SMALLEST)
        colours, columns = enlarged(colours, columns, rows, across, down), across
    return columns, colours
