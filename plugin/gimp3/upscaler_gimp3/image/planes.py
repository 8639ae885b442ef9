"""Arithmetic over whole planes of 8-bit pixels: separate channels, repeat pixels, blend two images.

Written by hand, without GEGL and GIMP, because GIMP's Python has no numpy and a loop over the bytes of a
photograph takes minutes. Slices with a step and operations over one large number take milliseconds.
"""

from __future__ import annotations


def enlarged(rgb: bytes, columns: int, rows: int, wide: int, high: int) -> bytes:
    """Return RGB pixels of ``columns`` × ``rows`` repeated to ``wide`` × ``high``."""
    times_x, times_y = -(-wide // columns), -(-high // rows)
    out = []
    for row in range(rows):
        line = repeated(rgb[row * columns * 3 : (row + 1) * columns * 3], times_x)[: wide * 3]
        out.append(line * times_y)
    return b"".join(out)[: wide * high * 3]


def repeated(row: bytes, times: int) -> bytes:
    """Return a row of RGB pixels with every pixel ``times`` times."""
    out = bytearray(len(row) * times)
    for step in range(times):
        for channel in range(3):
            out[step * 3 + channel :: times * 3] = row[channel::3]
    return bytes(out)


def rgb_of(rgba: bytes) -> bytes:
    """Return RGBA pixels without their alpha."""
    out = bytearray(len(rgba) // 4 * 3)
    for channel in range(3):
        out[channel::3] = rgba[channel::4]
    return bytes(out)


def expanded(mask: bytes) -> bytes:
    """Return a mask of one byte a pixel as three bytes a pixel."""
    out = bytearray(len(mask) * 3)
    for channel in range(3):
        out[channel::3] = mask
    return bytes(out)


def blended(above: bytes, below: bytes, mask: bytes) -> bytes:
    """Return ``above`` where ``mask`` is 255 and ``below`` where it is 0; all of one length.

    One operation over large numbers, because a loop over bytes would take minutes.
    """
    size = len(mask)
    chosen = int.from_bytes(mask, "little")
    a, b = int.from_bytes(above, "little"), int.from_bytes(below, "little")
    return (b ^ ((a ^ b) & chosen)).to_bytes(size, "little")
