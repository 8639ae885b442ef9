"""Read width and height of a PNG from its header, without any library under test."""

from __future__ import annotations

import struct


def size_of(data: bytes) -> tuple[int, int]:
    """Return (width, height) in pixels; AssertionError when ``data`` is no whole PNG."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n"), data[:20]
    assert data.endswith(b"IEND\xaeB`\x82"), "the PNG is cut"
    width, height = struct.unpack(">II", data[16:24])
    return width, height
