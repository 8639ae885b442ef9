"""The small pictures that cases and properties send: real PNGs, made once, the same every time."""

from __future__ import annotations

import base64
import functools
import struct
import zlib


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _file(width: int, height: int, light: bytes, dark: bytes, *, depth: int, kind: int, effort: int) -> bytes:
    """Return a PNG of ``light`` pixels above and ``dark`` ones below."""
    rows = b"".join(b"\0" + (light if y < height // 2 else dark) * width for y in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows, effort))
        + _chunk(b"IEND", b"")
    )


@functools.cache
def png(width: int, height: int, colour: tuple[int, int, int] = (90, 140, 60)) -> bytes:
    """Return an 8-bit RGB PNG: ``colour`` above, half as bright below, so that there is an edge."""
    dark = bytes(part // 2 for part in colour)
    return _file(width, height, bytes(colour), dark, depth=8, kind=2, effort=9)


def large_png(width: int, height: int) -> bytes:
    """Return a picture of few pixels in a large file: eight bytes for each (16-bit RGBA), not compressed."""
    light, dark = (
        b"".join(bytes((part, part)) for part in pixel) for pixel in ((90, 140, 60, 255), (45, 70, 30, 255))
    )
    return _file(width, height, light, dark, depth=16, kind=6, effort=0)


SIDE = 160
"""The smallest side the service takes."""


@functools.cache
def base64_png(width: int = SIDE, height: int = SIDE) -> str:
    """Return the picture as the create call takes it."""
    return base64.b64encode(png(width, height)).decode()
