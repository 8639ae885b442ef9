"""EXIF data: its resolution and orientation, and the pixel sizes it states."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_ORIENTATION, _ACROSS, _DOWN, _UNIT, _MORE = 0x0112, 0x011A, 0x011B, 0x0128, 0x8769
_WIDTHS, _HEIGHTS = (0x0100, 0xA002), (0x0101, 0xA003)
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_INCH, _CENTIMETER = 2, 3


class _Entry(NamedTuple):
    """One entry of a directory: its tag, its type, and where its value, or the value's offset, is."""

    tag: int
    kind: int
    at: int


def resized(exif: bytes, width: int, height: int) -> bytes:
    """Return EXIF data whose pixel sizes are ``width`` and ``height``, b"" when it cannot be read."""
    data = bytearray(exif)
    try:
        order, entries = _entries(exif)
        for entry in entries:
            if entry.tag in _WIDTHS + _HEIGHTS and entry.kind in (_SHORT, _LONG):
                size = width if entry.tag in _WIDTHS else height
                struct.pack_into(order + ("H" if entry.kind == _SHORT else "I"), data, entry.at, size)
    except struct.error:
        return b""
    return bytes(data)


def resolution(exif: bytes) -> tuple[float, float] | None:
    """Return the pixels per inch across and down, None when they are not stated."""
    try:
        order, entries = _entries(exif)
        found = {entry.tag: entry for entry in entries}
        unit = _number(exif, order, found[_UNIT]) if _UNIT in found else _INCH
        across, down = (_number(exif, order, found[tag]) for tag in (_ACROSS, _DOWN))
    except (struct.error, KeyError, ZeroDivisionError):
        return None
    if unit not in (_INCH, _CENTIMETER) or across <= 0 or down <= 0:
        return None
    factor = 2.54 if unit == _CENTIMETER else 1.0
    return across * factor, down * factor


def orientation(exif: bytes) -> int:
    """Return the orientation, 1 (upright) when it is not stated."""
    try:
        order, entries = _entries(exif)
        return next((int(_number(exif, order, entry)) for entry in entries if entry.tag == _ORIENTATION), 1)
    except struct.error:
        return 1


def minimal(*, orientation: int = 1, density: tuple[int, int] | None = None) -> bytes:
    """Return EXIF data with an orientation and perhaps a resolution in pixels per inch, and nothing else."""
    entries = [(_ORIENTATION, _SHORT, 1, orientation << 16)]
    values = b""
    if density is not None:
        values_at = 8 + 2 + 12 * 4 + 4
        entries += [(_ACROSS, _RATIONAL, 1, values_at), (_DOWN, _RATIONAL, 1, values_at + 8)]
        entries += [(_UNIT, _SHORT, 1, _INCH << 16)]
        values = struct.pack(">4I", density[0], 1, density[1], 1)
    packed = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return b"MM\x00*" + struct.pack(">IH", 8, len(entries)) + packed + bytes(4) + values


def _entries(exif: bytes) -> tuple[str, list[_Entry]]:
    """Return the byte order, and the entries of the first directory and of EXIF's own.

    Raises struct.error when the data is damaged.
    """
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(exif[:4])
    if order is None:
        raise struct.error("no EXIF data")
    (first,) = struct.unpack_from(order + "I", exif, 4)
    entries = list(_directory(exif, order, first))
    for entry in list(entries):
        if entry.tag == _MORE:
            (start,) = struct.unpack_from(order + "I", exif, entry.at)
            entries += _directory(exif, order, start)
    return order, entries


def _directory(exif: bytes, order: str, start: int) -> Iterator[_Entry]:
    (count,) = struct.unpack_from(order + "H", exif, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, _, _ = struct.unpack_from(order + "HHII", exif, at)
        yield _Entry(tag, kind, at + 8)


def _number(exif: bytes, order: str, entry: _Entry) -> float:
    """Return an entry's value; ZeroDivisionError for a fraction by 0."""
    if entry.kind == _RATIONAL:
        (at,) = struct.unpack_from(order + "I", exif, entry.at)
        above, below = struct.unpack_from(order + "II", exif, at)
        return float(above / below)
    return float(struct.unpack_from(order + ("H" if entry.kind == _SHORT else "I"), exif, entry.at)[0])
