"""Windows on pixels: regions, tiles and fetchers, in the drawable's own bytes.

Indices are the drawable's and not the window's, as in the real one. Python 2.7's ``str`` is ``bytes`` here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

TILE = 128
"""Width and height of a tile in pixels."""


def _octets(pixels: Any) -> bytes:
    return bytes(np.ascontiguousarray(pixels).tobytes())


class PixelRgn:
    """A rectangle of a drawable: ``region[x, y]``, and slices of either or both, read and write bytes."""

    def __init__(
        self, drawable: Any, x: int, y: int, width: int, height: int, dirty: bool, shadow: bool
    ) -> None:
        core = drawable._core
        self.drawable, self.dirty, self.shadow = drawable, bool(dirty), bool(shadow)
        self.x, self.y = min(max(x, 0), core.width - 1), min(max(y, 0), core.height - 1)
        self.w = min(core.width - self.x if width < 0 else width, core.width - self.x)
        self.h = min(core.height - self.y if height < 0 else height, core.height - self.y)
        self.bpp = core.pixels.shape[2] * core.image.format.bytes
        self.rowstride = 0

    def __repr__(self) -> str:
        return f"<gimp.PixelRgn for drawable '{self.drawable.name}'>"

    def resize(self, x: int, y: int, width: int, height: int) -> None:
        """Move the window."""
        self.x, self.y, self.w, self.h = x, y, width, height

    def _pixels(self, *, writing: bool = False) -> Any:
        core = self.drawable._core
        if not self.shadow:
            return core.pixels
        if core.shadow is None and writing:
            core.shadow = core.pixels.copy()
        return core.pixels if core.shadow is None else core.shadow

    def _place(self, key: Any) -> tuple[slice, slice]:
        if not isinstance(key, tuple) or len(key) != 2:
            raise TypeError("subscript must be a 2-tuple")
        return self._range(key[0], "x", self.x, self.w), self._range(key[1], "y", self.y, self.h)

    @staticmethod
    def _range(index: Any, name: str, start: int, length: int) -> slice:
        if isinstance(index, int):
            if not start <= index < start + length:
                raise IndexError(f"{name} subscript out of range")
            return slice(index, index + 1)
        if not isinstance(index, slice):
            raise TypeError(f"invalid {name} subscript")
        first, last, step = index.indices(start + length)
        if first >= last or step != 1:
            raise IndexError(f"invalid {name} slice")
        first = first or start
        if first < start or last < start:
            raise IndexError(f"{name} subscript out of range")
        return slice(first, last)

    def __getitem__(self, key: Any) -> bytes:
        columns, rows = self._place(key)
        return _octets(self._pixels()[rows, columns])

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(value, (bytes, bytearray)):
            raise TypeError("must assign string to subscript")
        columns, rows = self._place(key)
        pixels = self._pixels(writing=True)
        part = pixels[rows, columns]
        if len(value) != part.size * part.itemsize:
            raise TypeError("string is wrong length")
        part[:] = np.frombuffer(bytes(value), dtype=pixels.dtype).reshape(part.shape)


class Tile:
    """A square of a drawable's pixels: ``tile[x, y]`` within it, or ``tile[number]`` row by row."""

    def __init__(self, drawable: Any, shadow: bool, row: int, column: int) -> None:
        core = drawable._core
        self.drawable, self.shadow, self.dirty = drawable, shadow, False
        self._left, self._top = column * TILE, row * TILE
        self.ewidth = min(TILE, core.width - self._left)
        self.eheight = min(TILE, core.height - self._top)
        self.bpp = core.pixels.shape[2] * core.image.format.bytes
        self.tile_num = row * -(-core.width // TILE) + column

    @classmethod
    def at(cls, drawable: Any, shadow: bool, row: int, column: int) -> Tile | None:
        """Return a tile, None outside the drawable."""
        core = drawable._core
        inside = 0 <= row < -(-core.height // TILE) and 0 <= column < -(-core.width // TILE)
        return cls(drawable, shadow, row, column) if inside else None

    def _pixel(self, key: Any) -> Any:
        x, y = key if isinstance(key, tuple) else (key % self.ewidth, key // self.ewidth)
        if not (0 <= x < self.ewidth and 0 <= y < self.eheight):
            raise IndexError("index out of range")
        return self.drawable._core.pixels[self._top + y, self._left + x]

    def __getitem__(self, key: Any) -> bytes:
        return _octets(self._pixel(key))

    def __setitem__(self, key: Any, value: bytes) -> None:
        pixel = self._pixel(key)
        pixel[:] = np.frombuffer(bytes(value), dtype=pixel.dtype)
        self.dirty = True

    def flush(self) -> None:
        """Send the tile to the core; here it is there already."""


class PixelFetcher:
    """Single pixels, read and written one at a time; outside the drawable is nothing."""

    def __init__(self, drawable: Any, shadow: bool = False) -> None:
        self._region = PixelRgn(drawable, 0, 0, -1, -1, True, shadow)

    def __getitem__(self, key: tuple[int, int]) -> bytes:
        try:
            return self._region[key]
        except IndexError:
            return bytes(self._region.bpp)

    def __setitem__(self, key: tuple[int, int], value: bytes) -> None:
        self._region[key] = value

    def get_pixel(self, x: int, y: int) -> bytes:
        """Return a pixel's bytes."""
        return self[x, y]

    def put_pixel(self, x: int, y: int, value: bytes) -> None:
        """Write a pixel's bytes."""
        self[x, y] = value
