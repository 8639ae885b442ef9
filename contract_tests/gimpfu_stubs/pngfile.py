"""PNG files in and out of numpy arrays, in 8 and 16 bits, with their colour profile."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_TYPES = {1: 0, 3: 2, 2: 4, 4: 6}


class BadPicture(ValueError):
    """The file is no PNG this module reads."""


@dataclass
class Picture:
    """A PNG's pixels (height, width, channels; uint8 or uint16), palette and profile (empty without)."""

    pixels: Any
    palette: bytes = b""
    profile: bytes = b""


def write(path: str, picture: Picture, level: int = 6) -> None:
    """Write a file; OSError when that fails."""
    pixels = picture.pixels
    height, width, channels = pixels.shape
    kind = 3 if picture.palette else _TYPES[channels]
    raw = pixels.astype(">u2") if pixels.dtype == np.uint16 else pixels
    rows = raw.reshape(height, -1).view(np.uint8).reshape(height, -1)
    body = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, pixels.dtype.itemsize * 8, kind, 0, 0, 0))]
    if picture.profile:
        chunks.append((b"iCCP", b"icc\0\0" + zlib.compress(picture.profile)))
    if picture.palette:
        chunks.append((b"PLTE", picture.palette))
    chunks += [(b"IDAT", zlib.compress(body, level)), (b"IEND", b"")]
    with Path(path).open("wb") as stream:
        stream.write(SIGNATURE)
        for name, data in chunks:
            check = zlib.crc32(name + data)
            stream.write(struct.pack(">I", len(data)) + name + data + struct.pack(">I", check))


def read(path: str) -> Picture:
    """Read a file; :class:`BadPicture` when it is none, OSError when it cannot be read."""
    data = Path(path).read_bytes()
    if data[:8] != SIGNATURE:
        raise BadPicture("not a PNG file")
    place, parts = 8, {}
    compressed = b""
    while place + 8 <= len(data):
        (size,) = struct.unpack_from(">I", data, place)
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        if name == b"IDAT":
            compressed += body
        parts[name] = body
        place += size + 12
    try:
        width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", parts[b"IHDR"])
        rows = zlib.decompress(compressed)
    except (KeyError, struct.error, zlib.error) as problem:
        raise BadPicture("a damaged PNG file") from problem
    if bits not in (8, 16) or interlaced:
        raise BadPicture("a PNG file of a kind the stubs do not read")
    channels = _CHANNELS[kind]
    if bits == 8:
        quick = _with_pillow(path)
        if quick is not None:
            rows = quick
    pixels = _unfiltered(rows, width * channels * bits // 8, height, max(1, channels * bits // 8))
    dtype = np.dtype(">u2") if bits == 16 else np.dtype(np.uint8)
    shaped = pixels.view(dtype).reshape(height, width, channels).astype(dtype.newbyteorder("="))
    profile = b""
    if b"iCCP" in parts:
        profile = zlib.decompress(parts[b"iCCP"].split(b"\0", 1)[1][1:])
    return Picture(shaped, parts.get(b"PLTE", b"") if kind == 3 else b"", profile)


def _with_pillow(path: str) -> bytes | None:
    """Return the rows of an 8-bit file, each with filter 0, by Pillow (ten times as fast), or None."""
    try:
        from PIL import Image as Pictures
    except ImportError:
        return None
    with Pictures.open(path) as opened:
        pixels = np.asarray(opened)
    rows = pixels.reshape(pixels.shape[0], -1)
    return np.concatenate([np.zeros((len(rows), 1), np.uint8), rows], axis=1).tobytes()


def _unfiltered(rows: bytes, stride: int, height: int, step: int) -> Any:
    lines = np.frombuffer(rows, np.uint8)
    if len(lines) < height * (stride + 1):
        raise BadPicture("a PNG file that ends too early")
    lines = lines[: height * (stride + 1)].reshape(height, stride + 1)
    out = np.zeros((height, stride), np.uint8)
    above = np.zeros(stride, np.uint8)
    for number in range(height):
        kind, line = int(lines[number, 0]), lines[number, 1:]
        if kind == 0:
            above = line
        elif kind == 2:
            above = line + above
        else:
            above = _slow(kind, line, above, step)
        out[number] = above
    return out


def _slow(kind: int, line: Any, above: Any, step: int) -> Any:
    if kind == 1:
        pixels = line.reshape(-1, step).astype(np.uint64).cumsum(axis=0)
        return (pixels % 256).astype(np.uint8).reshape(-1)
    new, up = bytearray(line.tobytes()), above.tobytes()
    for place in range(len(new)):
        left = new[place - step] if place >= step else 0
        if kind == 3:
            guess = (left + up[place]) // 2
        else:
            corner = up[place - step] if place >= step else 0
            guess = min((left, up[place], corner), key=lambda one: abs(left + up[place] - corner - one))
        new[place] = (new[place] + guess) % 256
    return np.frombuffer(bytes(new), np.uint8)
