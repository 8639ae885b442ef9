"""Write a PNG from rows of raw pixels on several cores.

Written by hand because GIMP's Python has no library for it, and GIMP's own exporter takes 4 to 15 seconds
for 24 megapixels, most of it in one thread of zlib. Here the image comes in strips. Each is filtered and
deflated while the next is read; the parts form one valid stream because each part ends with a sync flush.
Python 2.7 in GIMP 2.10 writes the same files, one strip after the other.
"""

from __future__ import absolute_import

import os
import struct
import zlib
from collections import deque

try:
    from concurrent.futures import ThreadPoolExecutor
except ImportError:  # Python 2.7
    ThreadPoolExecutor = None  # type: ignore[assignment,misc]  # then one strip after the other

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future
    from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STRIP_ROWS = 128
"""Rows a strip should have: two of GIMP's tiles, so that no tile is fetched twice."""

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
_FILTER_NONE, _FILTER_UP = b"\x00", b"\x02"


_MOST_THREADS = 6
"""The thread that reads and filters the strips does so about five times as fast as one deflates them."""


def threads_for(cores):
    # type: (int | None) -> int
    """Return how many threads deflate on a machine of so many ``cores``; None when that is not known."""
    return min(cores or 2, _MOST_THREADS)


def write(path, width, height, strips, channels=3, level=1, threads=None):
    # type: (str, int, int, Iterable[bytes], int, int, int | None) -> int
    """Write ``strips`` (raw 8-bit rows, top to bottom, no padding) to ``path``; returns its bytes.

    ``channels`` is 1 (grey), 3 (RGB) or 4 (RGBA); the file says sRGB. The strips may be an
    iterator: they are taken one at a time in the calling thread, so it may talk to GIMP. ``threads``
    deflate them (default: by the machine's cores). ValueError when they hold fewer or more rows than
    ``height``, OSError when the file cannot be written.
    """
    if threads is None:
        threads = threads_for(getattr(os, "cpu_count", lambda: None)())
    stride = width * channels
    with open(path, "wb") as stream:
        stream.write(SIGNATURE)
        header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
        stream.write(chunk(b"IHDR", header))
        stream.write(chunk(b"sRGB", b"\x00"))
        rows = _write_pixels(stream, strips, stride, level, threads)
        if rows != height:
            raise ValueError("the strips hold %d rows of the picture's %d" % (rows, height))
        stream.write(chunk(b"IEND", b""))
        return stream.tell()


def chunk(name, data):
    # type: (bytes, bytes) -> bytes
    """Return one PNG chunk: length, name, data, checksum."""
    check = zlib.crc32(data, zlib.crc32(name)) & 0xFFFFFFFF
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def _write_pixels(stream, strips, stride, level, threads):
    # type: (BinaryIO, Iterable[bytes], int, int, int) -> int
    pool = ThreadPoolExecutor(threads) if ThreadPoolExecutor is not None and threads > 1 else None
    running = deque()  # type: deque[Future[bytes]]
    rows, adler, above = 0, 1, None
    try:
        stream.write(chunk(b"IDAT", b"\x78\x01"))
        for strip in strips:
            raw = filtered(strip, above, stride)
            above = strip[-stride:]
            rows += len(strip) // stride
            adler = zlib.adler32(raw, adler)
            if pool is None:
                stream.write(_deflated(raw, level))
                continue
            running.append(pool.submit(_deflated, raw, level))
            # bounded, so that memory holds a few strips and not the picture
            if len(running) > 2 * threads:
                stream.write(running.popleft().result())
        while running:
            stream.write(running.popleft().result())
    finally:
        if pool is not None:
            pool.shutdown()
    # an empty final block ends the stream whatever came before it
    stream.write(chunk(b"IDAT", b"\x03\x00" + struct.pack(">I", adler & 0xFFFFFFFF)))
    return rows


def _deflated(raw, level):
    # type: (bytes, int) -> bytes
    squeezer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return chunk(b"IDAT", squeezer.compress(raw) + squeezer.flush(zlib.Z_SYNC_FLUSH))


def filtered(strip, above, stride):
    # type: (bytes, bytes | None, int) -> bytes
    """Return ``strip`` with a filter byte before each row: "up" where Python can subtract bytes in bulk.

    "Up" stores each byte less the one above it, which zlib's fastest level shrinks by about a third
    more than the plain bytes of a photograph. ``above`` is the last row of the strip before, if any.
    """
    count = len(strip) // stride
    if len(strip) != count * stride:
        raise ValueError("a strip of %d bytes does not hold whole rows of %d" % (len(strip), stride))
    if hasattr(int, "from_bytes"):
        kind = _FILTER_UP
        data = _subtracted(strip, (above or bytes(stride)) + strip[:-stride])
    else:
        kind, data = _FILTER_NONE, strip
    out = bytearray(kind) * (len(strip) + count)
    view = memoryview(data)
    for row in range(count):
        start = row * (stride + 1) + 1
        out[start : start + stride] = view[row * stride : (row + 1) * stride]
    return bytes(out)


_CHUNK = 1 << 16
_HIGH = int("80" * _CHUNK, 16)
_LOW = int("7f" * _CHUNK, 16)


def _subtracted(left, right):
    # type: (bytes, bytes) -> bytes
    """Return ``left`` less ``right``, byte by byte modulo 256, as one subtraction of large numbers.

    The high bit of every byte is set before subtracting so that no borrow leaves its byte, and
    corrected after; pieces of 64 KB stay in the processor's cache.
    """
    pieces = []
    for start in range(0, len(left), _CHUNK):
        a = int.from_bytes(left[start : start + _CHUNK], "little")
        b = int.from_bytes(right[start : start + _CHUNK], "little")
        size = min(_CHUNK, len(left) - start)
        high, low = (
            (_HIGH, _LOW) if size == _CHUNK else (_HIGH >> 8 * (_CHUNK - size), _LOW >> 8 * (_CHUNK - size))
        )
        difference = ((a | high) - (b & low)) ^ ((a ^ b ^ high) & high)
        pieces.append(difference.to_bytes(size, "little"))
    return b"".join(pieces)
