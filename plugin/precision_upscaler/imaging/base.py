"""What every image format has in common: the kind and size of a file, and pieces of files to write.

GIMP's Python has no imaging library, so the package reads the formats itself. It decodes no more than
it must, and streams everything.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import imagesize

Format = Literal["png", "jpeg", "webp"]
EXTENSIONS: dict[Format, str] = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
BLOCK = 1 << 20
"""How many bytes are read at a time."""
ICC_SPACE = slice(16, 20)
"""Where an ICC profile names the space of its numbers."""

Piece = bytes | tuple[int, int]
"""Bytes to write, or the (start, end) of bytes of a file."""
Chunk = tuple[bytes, bytes]
"""Kind and data of a PNG chunk: the form in which metadata is kept, whatever format it comes from."""


class InvalidImage(ValueError):
    """The bytes are no whole PNG, JPEG or WebP; the message says what is wrong with them."""


@dataclass(frozen=True)
class ImageFile:
    """An image file: its real format and its stored size in pixels (before any EXIF rotation)."""

    path: Path
    format: Format
    width: int
    height: int


def sniff(head: bytes) -> Format | None:
    """Return the format that a file's first 12 bytes show, whatever its name says."""
    if head.startswith(PNG_SIGNATURE):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return None


def inspect(path: Path) -> ImageFile:
    """Read format and size from the header of ``path``.

    Raises InvalidImage for anything but PNG, JPEG and WebP, OSError when the file cannot be read.
    """
    with path.open("rb") as stream:
        found = sniff(stream.read(12))
        if found is None:
            raise InvalidImage("it is none of PNG, JPEG and WebP")
        stream.seek(0)
        try:
            info = imagesize.get_info(stream, dpi=False, colors=False, channels=False, exif_rotation=False)
        except (ValueError, struct.error, IndexError, TypeError, KeyError) as error:
            raise InvalidImage(f"its {found.upper()} header is damaged") from error
    if info.width <= 0 or info.height <= 0:
        raise InvalidImage(f"its {found.upper()} header gives no size")
    return ImageFile(path, found, info.width, info.height)


def blocks(stream: BinaryIO, pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield the bytes that ``pieces`` of the file ``stream`` stand for, a mebibyte at a time."""
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        start, end = piece
        while start < end:
            stream.seek(start)
            block = stream.read(min(BLOCK, end - start))
            if not block:
                raise OSError("the picture became shorter while it was read")
            yield block
            start += len(block)


def file_blocks(path: Path, pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield the bytes that ``pieces`` of the file at ``path`` stand for."""
    with path.open("rb") as stream:
        yield from blocks(stream, pieces)


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Join spans of the file that follow each other."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else b""
        if isinstance(piece, tuple) and isinstance(last, tuple) and last[1] == piece[0]:
            joined[-1] = (last[0], piece[1])
        else:
            joined.append(piece)
    return joined


def span(stream: BinaryIO, start: int, end: int) -> bytes:
    """Return the bytes start:end of the file ``stream``."""
    stream.seek(start)
    return stream.read(max(0, end - start))


def is_rgb(profile: bytes) -> bool:
    """Return whether an ICC profile (its first 20 bytes are enough) is one for RGB numbers."""
    return profile[ICC_SPACE] == b"RGB "


def names_srgb(profile: bytes) -> bool:
    """Return whether a profile calls itself sRGB, in either of the encodings such names have."""
    return b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile
