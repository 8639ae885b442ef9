"""Compare two PNG images by a small grid of their colors.

Pure Python, because GIMP's Python has no imaging library, and slow (a few seconds for a large image). It is
needed only when the answer to a paid request was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import mul, sub
from pathlib import Path

from . import png
from .base import InvalidImage, sniff

GRID = 32
"""A color grid has this many cells on each side, whatever the image's shape."""
_OPAQUE = 250.0
_ENOUGH_CELLS = GRID * GRID // 4
_CLOSE = 14.0
_FLAT = 6.0
_ALIKE = 0.85


class CannotCompare(ValueError):
    """Images of this kind cannot be compared; the message names the kind."""


@dataclass(frozen=True)
class ColorGrid:
    """Mean colors of GRID x GRID cells, row by row: (red, green, blue) in 0..255, None where transparent."""

    cells: tuple[tuple[float, float, float] | None, ...]


def color_grid(path: Path) -> ColorGrid:
    """Return the color grid of a PNG; CannotCompare for other formats and for interlaced ones.

    Raises InvalidImage when the file is damaged.
    """
    with path.open("rb") as stream:
        head = stream.read(12)
        if sniff(head) != "png":
            raise CannotCompare(f"{(sniff(head) or 'unknown').upper()} pictures cannot be compared here")
        stream.seek(0)
        parts = png.rows(stream)
        header = next(parts)
        assert isinstance(header, png.Header)
        if header.interlaced:
            raise CannotCompare("interlaced PNG pictures cannot be compared here")
        return _Averager(header).read(parts)


def similar(one: ColorGrid, other: ColorGrid) -> bool:
    """Return whether both may show the same image: close in color, alike in structure if they have any."""
    pairs = [(a, b) for a, b in zip(one.cells, other.cells, strict=True) if a is not None and b is not None]
    if len(pairs) < _ENOUGH_CELLS:
        return False
    left = [channel for a, _ in pairs for channel in a]
    right = [channel for _, b in pairs for channel in b]
    if _mean(map(abs, map(sub, left, right)), len(left)) > _CLOSE:
        return False
    left, right = _centred(left), _centred(right)
    spread = (_covariance(left, left) * _covariance(right, right)) ** 0.5
    return bool(spread < _FLAT**2 or _covariance(left, right) / spread > _ALIKE)


def _centred(values: list[float]) -> list[float]:
    mean = _mean(values, len(values))
    return [value - mean for value in values]


def _covariance(left: list[float], right: list[float]) -> float:
    """Return the covariance of values whose means are 0."""
    return _mean(map(mul, left, right), len(left))


def _mean(values: Iterable[float], count: int) -> float:
    return sum(values) / count


class _Averager:
    """Sums up the rows of one PNG into cells."""

    def __init__(self, header: png.Header) -> None:
        self._header = header
        self._palette: list[tuple[int, int, int]] = []
        self._alphas = b""
        self._columns = [
            (x * header.width // GRID, max((x + 1) * header.width // GRID, x * header.width // GRID + 1))
            for x in range(GRID)
        ]

    def read(self, parts: Iterator[png.Header | tuple[bytes, bytes] | bytes]) -> ColorGrid:
        header = self._header
        # of each line of cells, for each plane
        sums = [[[0] * GRID for _ in range(4)] for _ in range(GRID)]
        counts = [0] * GRID
        # eight rows of a cell are enough for its color; every row has to be unpacked all the same
        step = max(1, header.height // (GRID * 8))
        for y, row in enumerate(self._rows(parts)):
            line = min(y * GRID // header.height, GRID - 1)
            if y % step and counts[line]:
                continue
            counts[line] += 1
            for total, plane in zip(sums[line], self._planes(row), strict=True):
                for x, (start, end) in enumerate(self._columns):
                    total[x] += sum(plane[start:end])
        for line in range(1, GRID):  # an image lower than the grid repeats its rows
            if not counts[line]:
                counts[line], sums[line] = counts[line - 1], sums[line - 1]
        cells: list[tuple[float, float, float] | None] = []
        for planes, count in zip(sums, counts, strict=True):
            for (start, end), red, green, blue, alpha in zip(self._columns, *planes, strict=True):
                area = max(1, count * (end - start))
                opaque = alpha / area > _OPAQUE
                cells.append((red / area, green / area, blue / area) if opaque else None)
        return ColorGrid(tuple(cells))

    def _rows(self, parts: Iterator[png.Header | tuple[bytes, bytes] | bytes]) -> Iterator[bytes]:
        """Yield each row's bytes with the PNG filter undone."""
        header = self._header
        size = header.row_bytes(header.width)
        distance = max(1, header.depth * header.samples // 8)
        previous = bytes(size)
        pending = bytearray()
        for part in parts:
            if isinstance(part, tuple):
                if part[0] == b"PLTE":
                    data = part[1]
                    self._palette = [(data[i], data[i + 1], data[i + 2]) for i in range(0, len(data) - 2, 3)]
                else:
                    self._alphas = part[1]
            elif isinstance(part, bytes):
                pending += part
                start = 0
                while len(pending) - start > size:
                    kind = pending[start]
                    row = bytes(pending[start + 1 : start + 1 + size])
                    previous = png.unfilter(kind, row, previous, distance)
                    yield previous
                    start += 1 + size
                del pending[:start]

    def _planes(self, row: bytes) -> tuple[bytes, bytes, bytes, bytes]:
        """Return a row's red, green, blue and alpha, eight bits each."""
        header = self._header
        if header.depth == 16:  # noqa: PLR2004 - PNG's depth; its high bytes are enough
            row = row[::2]
        elif header.depth < 8:  # noqa: PLR2004 - PNG's depth
            row = self._widened(row)
        full = b"\xff" * header.width
        if header.color == 3:  # noqa: PLR2004 - PNG's palette type
            if max(row) >= len(self._palette):
                raise InvalidImage("its palette is too short")
            red, green, blue = (bytes(self._palette[i][c] for i in row) for c in range(3))
            alphas = self._alphas.ljust(256, b"\xff")
            return red, green, blue, row.translate(alphas)
        samples = header.samples
        planes = [row[index::samples] for index in range(samples)]
        if samples < 3:  # noqa: PLR2004 - gray, with or without alpha
            return planes[0], planes[0], planes[0], planes[1] if samples == 2 else full  # noqa: PLR2004 - as above
        return planes[0], planes[1], planes[2], planes[3] if samples == 4 else full  # noqa: PLR2004 - as above

    def _widened(self, row: bytes) -> bytes:
        """Return one byte a sample for depths of 1, 2 and 4 bits."""
        depth = self._header.depth
        mask = (1 << depth) - 1
        scale = 1 if self._header.color == 3 else 255 // mask  # noqa: PLR2004 - PNG's palette type
        samples = bytes(
            ((byte >> shift) & mask) * scale for byte in row for shift in range(8 - depth, -1, -depth)
        )
        return samples[: self._header.width]
