"""The small pictures that cases and properties send: real PNGs, made once, the same every time."""

from __future__ import annotations

import base64
import functools
import struct
import zlib


@functools.cache
def png(width: int, height: int, colour: tuple[int, int, int] = (90, 140, 60)) -> bytes:
    """Return an 8-bit RGB PNG: ``colour`` above, half as bright below, so that there is an edge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    light, dark = bytes(colour) * width, bytes(part // 2 for part in colour) * width
    rows = b"".join(b"\0" + (light if y < height // 2 else dark) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def unpacked_png(width: int, height: int) -> bytes:
    """Return the same picture with its rows merely stored, so that the file is large."""
    small = png(width, height)
    rows = zlib.decompress(small[41:-16][: struct.unpack(">I", small[33:37])[0]])
    data = zlib.compress(rows, 0)
    chunk = struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    return small[:33] + chunk + small[-12:]


SIDE = 160
"""The smallest side the service takes."""


@functools.cache
def base64_png(width: int = SIDE, height: int = SIDE) -> str:
    """Return the picture as the create call takes it."""
    return base64.b64encode(png(width, height)).decode()
