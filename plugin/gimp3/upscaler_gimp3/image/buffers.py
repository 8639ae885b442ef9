"""GEGL buffers: rectangles, strips, copies and short graphs."""

from __future__ import annotations

from array import array
from math import isfinite
from typing import TYPE_CHECKING, Any

from gi.repository import Gegl

if TYPE_CHECKING:
    from collections.abc import Iterator

ABYSS = Gegl.AbyssPolicy.CLAMP
RGB8 = "R'G'B' u8"
RGBA8 = "R'G'B'A u8"
RGB_PERCEPTUAL = "R'G'B' float"
RGBA_PERCEPTUAL = "R'G'B'A float"
RGB_LINEAR = "RGB float"
RGBA_LINEAR = "RGBA float"
_ROWS = 128
_COARSE = 64
VALUE = "Y float"
"""What a mask or an alpha channel holds: linear, 0 to 1."""


def rectangle(x: int, y: int, width: int, height: int) -> Gegl.Rectangle:
    """Return a GEGL rectangle."""
    return Gegl.Rectangle.new(x, y, width, height)


def new_buffer(pixel_format: str, width: int, height: int) -> Gegl.Buffer:
    """Return an empty buffer of ``width`` × ``height`` pixels at 0, 0, in the plug-in's own memory."""
    return Gegl.Buffer.new(pixel_format, 0, 0, width, height)


def size_of(buffer: Gegl.Buffer) -> tuple[int, int]:
    """Return a buffer's width and height in pixels."""
    extent = buffer.get_extent()
    return extent.width, extent.height


def read(buffer: Gegl.Buffer, pixel_format: str, x: int, y: int, width: int, height: int) -> bytes:
    """Return the pixels of a rectangle in ``pixel_format``, rows without padding."""
    pixels: bytes = buffer.get(rectangle(x, y, width, height), 1.0, pixel_format, ABYSS)
    return pixels


def strips(
    buffer: Gegl.Buffer, pixel_format: str, box: tuple[int, int, int, int], rows: int
) -> Iterator[bytes]:
    """Yield the pixels of ``box`` (x, y, width, height) in strips of ``rows`` rows, top to bottom."""
    x, y, width, height = box
    for top in range(0, height, rows):
        yield read(buffer, pixel_format, x, y + top, width, min(rows, height - top))


def copy_pixels(
    source: Gegl.Buffer, target: Gegl.Buffer, at: tuple[int, int] = (0, 0), box: tuple[int, ...] = ()
) -> None:
    """Copy ``box`` of ``source`` (default: all of it) to ``target`` at ``at``, converting formats."""
    x, y, width, height = box or (0, 0, *size_of(source))
    source.copy(rectangle(x, y, width, height), Gegl.AbyssPolicy.NONE, target, rectangle(*at, width, height))
    target.flush()


def reinterpret(
    source: Gegl.Buffer, read_as: str, target: Gegl.Buffer, write_as: str, box: tuple[int, ...] = ()
) -> None:
    """Copy the numbers of ``box`` of ``source``, read in one format, into ``target`` as another format."""
    x, y, width, height = box or (0, 0, *size_of(source))
    for top in range(0, height, _ROWS):
        rows = min(_ROWS, height - top)
        numbers = read(source, read_as, x, y + top, width, rows)
        target.set(rectangle(0, top, width, rows), write_as, numbers)
    target.flush()


def reinterpreted(
    source: Gegl.Buffer, read_as: str, write_as: str, box: tuple[int, int, int, int]
) -> Gegl.Buffer:
    """Return :func:`reinterpret`'s copy as a new buffer at 0, 0."""
    target = new_buffer(write_as, box[2], box[3])
    reinterpret(source, read_as, target, write_as, box)
    return target


def clear_non_finite(buffer: Gegl.Buffer, pixel_format: str) -> None:
    """Make every pixel with a NaN or an infinity 0 in all channels; ``pixel_format`` has four floats.

    A blur would spread one such number over its whole surroundings. Averages of 64 × 64 pixels show
    at once whether there is any.
    """
    width, height = size_of(buffer)
    coarse = rectangle(0, 0, -(-width // _COARSE), -(-height // _COARSE))
    if _non_finite(buffer.get(coarse, 1.0 / _COARSE, pixel_format, ABYSS)):
        for top in range(0, height, _ROWS):
            rows = min(_ROWS, height - top)
            data = read(buffer, pixel_format, 0, top, width, rows)
            numbers = array("f", data)
            for index in _non_finite(data):
                pixel = index - index % 4
                numbers[pixel : pixel + 4] = array("f", (0.0, 0.0, 0.0, 0.0))
            buffer.set(rectangle(0, top, width, rows), pixel_format, numbers.tobytes())
        buffer.flush()


def _non_finite(data: bytes) -> list[int]:
    return [index for index, number in enumerate(array("f", data)) if not isfinite(number)]


class Graph:
    """A short GEGL graph: nodes are made by operation name, and written into a buffer at the end."""

    def __init__(self) -> None:
        self._root = Gegl.Node()

    def node(self, operation: str, *inputs: Any, **properties: Any) -> Gegl.Node:
        """Return a node fed by ``inputs``: the first into ``input``, the second into ``aux``.

        An input is another node or a buffer; a property's ``_`` stands for GEGL's ``-``.
        """
        node = self._root.create_child(operation)
        for name, value in properties.items():
            node.set_property(name.replace("_", "-"), value)
        for pad, source in zip(("input", "aux"), inputs, strict=False):
            if isinstance(source, Gegl.Buffer):
                feed = self._root.create_child("gegl:buffer-source")
                feed.set_property("buffer", source)
                feed.connect_to("output", node, pad)
            else:
                source.connect_to("output", node, pad)
        return node

    def into(self, node: Gegl.Node, target: Gegl.Buffer) -> Gegl.Buffer:
        """Compute ``node`` over all of its pixels into ``target`` and return ``target``."""
        sink = self._root.create_child("gegl:write-buffer")
        sink.set_property("buffer", target)
        node.connect_to("output", sink, "input")
        sink.process()
        target.flush()
        return target

    def cropped(self, node: Gegl.Node, width: int, height: int) -> Gegl.Node:
        """Return ``node`` cut to 0, 0, ``width``, ``height``: operations on neighbours grow their output."""
        return self.node("gegl:crop", node, x=0, y=0, width=width, height=height)
