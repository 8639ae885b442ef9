"""What is sent of a picture file: the pixels and what decodes them, and nothing else that the file holds.

Left out are EXIF with its place and camera, XMP, IPTC, comments, thumbnails, and whatever follows the
picture in the file. The orientation is left out too: no service can then turn the picture or leave it
as it is, which nobody could tell afterwards; and a colour profile for RGB, so that the numbers come
back in the space they were sent in. Whoever wants those in the result puts them back (``carrying.py``).
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from .base import Format, Picture, jpeg_segments, png_spans, webp_chunks

Piece = bytes | tuple[int, int]
"""Bytes to write, or the (start, end) of bytes of the file."""

PNG_COLOUR = frozenset({b"iCCP", b"gAMA", b"cHRM", b"cICP", b"sRGB"})
"""The chunks that say what a PNG's numbers mean."""
ICC_HEAD = b"ICC_PROFILE\x00"
_JFIF_HEAD, _ADOBE_HEAD = b"JFIF\x00", b"Adobe"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sBIT", b"sRGB"})
_WEBP_KEPT = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_WEBP_ICC, _WEBP_EXIF, _WEBP_XMP = 0x20, 0x08, 0x04
_APP0, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE2, 0xEE, 0xEF, 0xFE
_BLOCK = 1 << 20
_ICC_SPACE = slice(16, 20)


def is_rgb(profile: bytes) -> bool:
    """Return whether an ICC profile (its first 20 bytes are enough) is one for RGB numbers."""
    return profile[_ICC_SPACE] == b"RGB "


def png_profile(chunk: bytes, most: int = 1 << 24) -> bytes:
    """Return the first ``most`` bytes of the profile in an iCCP chunk's data, b"" when it is damaged."""
    _, _, packed = chunk.partition(b"\x00")
    try:
        return zlib.decompressobj().decompress(packed[1:], most)
    except zlib.error:
        return b""


def pieces_to_send(picture: Picture) -> list[Piece] | None:
    """Return what of a whole picture's file is sent, in order; None when that is all of it."""
    strip: dict[Format, Callable[[BinaryIO], list[Piece]]] = {"png": _png, "jpeg": _jpeg, "webp": _webp}
    with picture.path.open("rb") as stream:
        pieces = _merged(strip[picture.format](stream))
        return None if pieces == [(0, stream.seek(0, 2))] else pieces


def sent_digest(picture: Picture, pixels: str) -> str:
    """Return a hex digest that two pictures share when what is sent of them certainly is the same.

    ``pixels`` is the digest of all that tells how the picture looks, from :func:`.images.verify`.
    """
    pieces = None if picture.format == "png" else pieces_to_send(picture)
    if pieces is None:
        return pixels
    digest = hashlib.sha256()
    for block in file_blocks(picture.path, pieces):
        digest.update(block)
    return digest.hexdigest()


def blocks(stream: BinaryIO, pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield the bytes that ``pieces`` of the file ``stream`` stand for, a mebibyte at a time."""
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        start, end = piece
        while start < end:
            stream.seek(start)
            block = stream.read(min(_BLOCK, end - start))
            if not block:
                raise OSError("the picture became shorter while it was read")
            yield block
            start += len(block)


def file_blocks(path: Path, pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield the bytes that ``pieces`` of the file at ``path`` stand for."""
    with path.open("rb") as stream:
        yield from blocks(stream, pieces)


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Join spans of the file that follow each other."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else b""
        if isinstance(piece, tuple) and isinstance(last, tuple) and last[1] == piece[0]:
            merged[-1] = (last[0], piece[1])
        else:
            merged.append(piece)
    return merged


def span(stream: BinaryIO, start: int, end: int) -> bytes:
    """Return the bytes start:end of the file ``stream``."""
    stream.seek(start)
    return stream.read(max(0, end - start))


# PNG ------------------------------------------------------------------------------------------


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk: length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(stream: BinaryIO) -> list[Piece]:
    found = list(png_spans(stream))
    kept = _PNG_KEPT
    for kind, start, end in found:
        # a profile for gray is of no use to an RGB result: the service may as well heed it
        if kind == b"iCCP" and not is_rgb(png_profile(span(stream, start + 8, end - 4), _ICC_SPACE.stop)):
            kept = _PNG_KEPT | PNG_COLOUR
    return [(0, found[0][1]), *((start, end) for kind, start, end in found if kind in kept)]


# JPEG -----------------------------------------------------------------------------------------


def jpeg_profile(stream: BinaryIO, segments: Iterable[tuple[int, int, int]]) -> bytes:
    """Return the ICC profile that ``segments`` carry in parts, b"" when there is no whole one."""
    parts: dict[int, bytes] = {}
    count = 0
    for marker, start, end in segments:
        data = span(stream, start + 4, end) if marker == _APP2 else b""
        if data.startswith(ICC_HEAD) and len(data) > len(ICC_HEAD) + 2:
            number, count = data[len(ICC_HEAD)], data[len(ICC_HEAD) + 1]
            parts[number] = data[len(ICC_HEAD) + 2 :]
    return b"".join(parts[number] for number in sorted(parts)) if len(parts) == count else b""


def _jpeg(stream: BinaryIO) -> list[Piece]:
    segments = list(jpeg_segments(stream))
    profile = jpeg_profile(stream, segments)
    keep_profile = bool(profile) and not is_rgb(profile)
    pieces: list[Piece] = [(0, 2)]
    for marker, start, end in segments:
        head = span(stream, start + 4, min(end, start + 4 + len(ICC_HEAD)))
        if marker == _APP0 and head.startswith(_JFIF_HEAD):
            pieces.append(_without_thumbnail(span(stream, start, end)) or (start, end))
        elif not (_APP0 <= marker <= _APP15 or marker == _COM) or (
            # Adobe's segment says how the colours are coded; without it they come out wrong
            (marker == _APP14 and head.startswith(_ADOBE_HEAD))
            or (marker == _APP2 and head == ICC_HEAD and keep_profile)
        ):
            pieces.append((start, end))
    return pieces


def _without_thumbnail(segment: bytes) -> bytes | None:
    """Return a JFIF segment without its thumbnail, None when it has none."""
    width_of_it, pixels_of_it = 16, 18
    if len(segment) <= pixels_of_it:
        return None
    data = segment[4:width_of_it] + b"\x00\x00"
    return segment[:2] + struct.pack(">H", len(data) + 2) + data


# WebP -----------------------------------------------------------------------------------------


def _webp(stream: BinaryIO) -> list[Piece]:
    found = list(webp_chunks(stream))
    profiles = [span(stream, start, end) for kind, start, end in found if kind == b"ICCP"]
    keep_profile = bool(profiles) and not is_rgb(profiles[0])
    kept = _WEBP_KEPT | {b"ICCP"} if keep_profile else _WEBP_KEPT
    if all(kind in kept for kind, _, _ in found):
        return [(0, found[-1][2] + (found[-1][2] & 1))]
    pieces: list[Piece] = []
    for kind, start, end in found:
        if kind == b"VP8X":
            flags = _flags(span(stream, start, start + 1)[0], kept)
            pieces += [(start - 8, start), bytes([flags]), (start + 1, end)]
        elif kind in kept:
            pieces += [(start - 8, end), bytes(end - start & 1)]
    size = 4 + sum(map(_size, pieces))
    return [b"RIFF" + struct.pack("<I", size) + b"WEBP", *pieces]


def _size(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]


def _flags(flags: int, kept: frozenset[bytes]) -> int:
    """Return VP8X's flags for a file without what is not ``kept``."""
    gone = _WEBP_EXIF | _WEBP_XMP | (0 if b"ICCP" in kept else _WEBP_ICC)
    return flags & ~gone
