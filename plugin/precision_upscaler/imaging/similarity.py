"""Look at a PNG's pixels without an imaging library: a small likeness of it, to recognise a picture by.

Pure Python and slow where it must be (a few seconds for a large picture), because GIMP's Python has
no imaging library; it is needed only when the answer to a paid request was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import mul, sub
from pathlib import Path

from .base import NotAPicture, PngHeader, png_rows, sniff

GRID = 32
"""A likeness has this many cells on each side, whatever the picture's shape."""
_OPAQUE = 250.0
_ENOUGH_CELLS = GRID * GRID // 4
_CLOSE = 14.0
_FLAT = 6.0
_ALIKE = 0.85


class CannotCompare(ValueError):
    """The picture's kind cannot be looked at here; the message says which it is."""


@dataclass(frozen=True)
class Likeness:
    """Mean colours of GRID x GRID cells, row by row: (red, green, blue) in 0..255, None where transparent."""

    cells: tuple[tuple[float, float, float] | None, ...]


def likeness(path: Path) -> Likeness:
    """Return the likeness of a PNG; CannotCompare for other formats and for interlaced ones.

    Raises NotAPicture when the file is damaged.
    """
    with path.open("rb") as stream:
        head = stream.read(12)
        if sniff(head) != "png":
            raise CannotCompare(f"{(sniff(head) or 'unknown').upper()} pictures cannot be compared here")
        stream.seek(0)
        parts = png_rows(stream)
        header = next(parts)
        assert isinstance(header, PngHeader)
        if header.interlaced:
            raise CannotCompare("interlaced PNG pictures cannot be compared here")
        return _Averager(header).read(parts)


def resembles(one: Likeness, other: Likeness) -> bool:
    """Whether both may show the same picture: close in colour, and alike in structure where there is any."""
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

    def __init__(self, header: PngHeader) -> None:
        self._header = header
        self._palette: list[tuple[int, int, int]] = []
        self._alphas = b""
        self._columns = [
            (x * header.width // GRID, max((x + 1) * header.width // GRID, x * header.width // GRID + 1))
            for x in range(GRID)
        ]

    def read(self, parts: Iterator[PngHeader | tuple[bytes, bytes] | bytes]) -> Likeness:
        header = self._header
        # of each line of cells, for each plane
        sums = [[[0] * GRID for _ in range(4)] for _ in range(GRID)]
        counts = [0] * GRID
        # eight rows of a cell tell its colour; every row has to be unpacked all the same
        step = max(1, header.height // (GRID * 8))
        for y, row in enumerate(self._rows(parts)):
            line = min(y * GRID // header.height, GRID - 1)
            if y % step and counts[line]:
                continue
            counts[line] += 1
            for total, plane in zip(sums[line], self._planes(row), strict=True):
                for x, (start, end) in enumerate(self._columns):
                    total[x] += sum(plane[start:end])
        for line in range(1, GRID):  # a picture lower than the grid repeats its rows
            if not counts[line]:
                counts[line], sums[line] = counts[line - 1], sums[line - 1]
        cells: list[tuple[float, float, float] | None] = []
        for planes, count in zip(sums, counts, strict=True):
            for (start, end), red, green, blue, alpha in zip(self._columns, *planes, strict=True):
                area = max(1, count * (end - start))
                opaque = alpha / area > _OPAQUE
                cells.append((red / area, green / area, blue / area) if opaque else None)
        return Likeness(tuple(cells))

    def _rows(self, parts: Iterator[PngHeader | tuple[bytes, bytes] | bytes]) -> Iterator[bytes]:
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
                    previous = unfilter(kind, row, previous, distance)
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
        if header.colour == 3:  # noqa: PLR2004 - PNG's palette type
            if max(row) >= len(self._palette):
                raise NotAPicture("its palette is too short")
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
        scale = 1 if self._header.colour == 3 else 255 // mask  # noqa: PLR2004 - PNG's palette type
        samples = bytes(
            ((byte >> shift) & mask) * scale for byte in row for shift in range(8 - depth, -1, -depth)
        )
        return samples[: self._header.width]


def unfilter(kind: int, row: bytes, above: bytes, distance: int) -> bytes:
    """Undo PNG filter ``kind`` (0 none, 1 sub, 2 up, 3 average, 4 Paeth) of a row.

    ``above`` is the row before, unfiltered; ``distance`` the bytes from a sample to its left neighbour.
    """
    if kind == 0:
        return row
    if kind == 1:
        out = bytearray(len(row))
        for channel in range(distance):
            out[channel::distance] = bytes(map((255).__and__, accumulate(row[channel::distance])))
        return bytes(out)
    if kind == 2:  # noqa: PLR2004 - PNG's filter number
        return _add(row, above)
    if kind not in (3, 4):
        raise NotAPicture("its pixel data is damaged")
    out = bytearray(len(row))
    undo = _average if kind == 3 else _paeth  # noqa: PLR2004 - PNG's filter number
    for channel in range(distance):
        out[channel::distance] = undo(row[channel::distance], above[channel::distance])
    return bytes(out)


def _add(row: bytes, above: bytes) -> bytes:
    """Add two rows byte by byte modulo 256, as two big numbers whose bytes cannot carry into each other."""
    low = int.from_bytes(b"\x7f" * len(row), "big")
    a, b = int.from_bytes(row, "big"), int.from_bytes(above, "big")
    return (((a & low) + (b & low)) ^ ((a ^ b) & ~low & ((1 << 8 * len(row)) - 1))).to_bytes(len(row), "big")


def _average(row: bytes, above: bytes) -> bytes:
    out = bytearray(len(row))
    left = 0
    for index, (value, up) in enumerate(zip(row, above, strict=True)):
        left = out[index] = (value + (left + up >> 1)) & 255
    return bytes(out)


def _paeth(row: bytes, above: bytes) -> bytes:
    out = bytearray(len(row))
    left = corner = 0
    for index, (value, up) in enumerate(zip(row, above, strict=True)):
        to_left, to_up = abs(up - corner), abs(left - corner)
        to_corner = abs(left + up - 2 * corner)
        if to_left <= to_up and to_left <= to_corner:
            guess = left
        elif to_up <= to_corner:
            guess = up
        else:
            guess = corner
        left = out[index] = (value + guess) & 255
        corner = up
    return bytes(out)
