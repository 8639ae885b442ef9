"""EXIF and colour profile of a source picture, which are never sent, and their way into the result.

They travel as PNG chunks, whatever the source is: a result is a PNG as a rule, and what of it is not
keeps in the journal all the same. XMP and IPTC are not carried.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import BinaryIO

from .base import Picture, jpeg_segments, png_header, png_spans, webp_chunks
from .metadata import ICC_HEAD, PNG_COLOUR, Piece, is_rgb, jpeg_profile, png_chunk, png_profile, span

Chunk = tuple[bytes, bytes]
"""Kind and data of a PNG chunk."""

_EXIF_HEAD = b"Exif\x00\x00"
_EXIF, _ICC = b"eXIf", b"iCCP"
_APP0, _APP1, _APP2 = 0xE0, 0xE1, 0xE2
_SEGMENT = 65533
_SHORT, _LONG = 3, 4
_WIDTHS, _HEIGHTS, _MORE = (0x0100, 0xA002), (0x0101, 0xA003), 0x8769


def carried(picture: Picture) -> list[Chunk]:
    """Return what of a whole picture's file belongs into its result; profiles only for RGB numbers."""
    with picture.path.open("rb") as stream:
        if picture.format == "png":
            return _of_png(stream)
        exif, profile = _of_jpeg(stream) if picture.format == "jpeg" else _of_webp(stream)
    chunks = [(_ICC, b"ICC profile\x00\x00" + zlib.compress(profile))] if is_rgb(profile) else []
    exif = exif.removeprefix(_EXIF_HEAD)
    return [*chunks, (_EXIF, exif)] if exif else chunks


def _of_png(stream: BinaryIO) -> list[Chunk]:
    chunks = [
        (kind, span(stream, start + 8, end - 4))
        for kind, start, end in png_spans(stream)
        if kind == _EXIF or kind in PNG_COLOUR
    ]
    if any(kind == _ICC and not is_rgb(png_profile(data)) for kind, data in chunks):
        return [(kind, data) for kind, data in chunks if kind == _EXIF]
    return chunks


def _of_jpeg(stream: BinaryIO) -> tuple[bytes, bytes]:
    segments = list(jpeg_segments(stream))
    ones = (span(stream, start + 4, end) for marker, start, end in segments if marker == _APP1)
    return next((data for data in ones if data.startswith(_EXIF_HEAD)), b""), jpeg_profile(stream, segments)


def _of_webp(stream: BinaryIO) -> tuple[bytes, bytes]:
    wanted = {b"EXIF": b"", b"ICCP": b""}
    for kind, start, end in webp_chunks(stream):
        if kind in wanted:
            wanted[kind] = span(stream, start, end)
    return wanted[b"EXIF"], wanted[b"ICCP"]


def packed(chunks: Sequence[Chunk]) -> bytes:
    """Return chunks as the bytes that :func:`unpacked` reads."""
    return b"".join(png_chunk(kind, data) for kind, data in chunks)


def unpacked(data: bytes) -> list[Chunk]:
    """Return the chunks in :func:`packed` bytes."""
    chunks = []
    while len(data) >= 12:  # noqa: PLR2004 - an empty chunk's bytes
        length, kind = struct.unpack(">I4s", data[:8])
        chunks.append((kind, data[8 : 8 + length]))
        data = data[12 + length :]
    return chunks


def put_in(result: Picture, chunks: Sequence[Chunk]) -> list[Piece] | None:
    """Return the result's file with ``chunks`` in it, None when there is nothing to change.

    What the result has of its own goes first, but for a statement that it is sRGB: it was made from
    numbers that said nothing of their space. A WebP stays as it is.
    """
    fitted = [(kind, resized(data, result) if kind == _EXIF else data) for kind, data in chunks]
    fitted = [(kind, data) for kind, data in fitted if data]
    with result.path.open("rb") as stream:
        if not fitted or result.format == "webp":
            return None
        return _into_png(stream, fitted) if result.format == "png" else _into_jpeg(stream, fitted)


def _into_png(stream: BinaryIO, chunks: Sequence[Chunk]) -> list[Piece] | None:
    found = list(png_spans(stream))
    own = {
        kind: span(stream, start + 8, end - 4)
        for kind, start, end in found
        if kind in PNG_COLOUR or kind in (b"IHDR", _EXIF)
    }
    says_srgb = b"sRGB" in own or _names_srgb(png_profile(own.get(_ICC, b"")))
    gray = png_header(own[b"IHDR"]).samples < 3 and png_header(own[b"IHDR"]).colour != 3  # noqa: PLR2004 - PNG's
    colour = [chunk for chunk in chunks if chunk[0] in PNG_COLOUR and not (gray and chunk[0] == _ICC)]
    if own.keys() & PNG_COLOUR and not says_srgb:
        colour = []
    exif = [chunk for chunk in chunks if chunk[0] == _EXIF and _EXIF not in own]
    if not colour and not exif:
        return None
    pieces: list[Piece] = [(0, found[0][2]), packed([*colour, *exif])]
    pieces += [(start, end) for kind, start, end in found[1:] if not (colour and kind in PNG_COLOUR)]
    return pieces


def _into_jpeg(stream: BinaryIO, chunks: Sequence[Chunk]) -> list[Piece] | None:
    segments = list(jpeg_segments(stream))
    own = jpeg_profile(stream, segments)
    has_exif = any(_begins(stream, segment, _APP1, _EXIF_HEAD) for segment in segments)
    exif = colour = b""
    for kind, data in chunks:
        if kind == _EXIF and not has_exif and len(_EXIF_HEAD + data) <= _SEGMENT:
            exif = _segment(_APP1, _EXIF_HEAD + data)
        if kind == _ICC and (not own or _names_srgb(own)):
            colour = _profile_segments(png_profile(data))
    if not exif and not colour:
        return None
    first = segments[0][2] if segments[0][0] == _APP0 else 2
    pieces: list[Piece] = [(0, first), exif + colour]
    pieces += [
        segment[1:]
        for segment in segments
        if segment[1] >= first and not (colour and _begins(stream, segment, _APP2, ICC_HEAD))
    ]
    return pieces


def _begins(stream: BinaryIO, segment: tuple[int, int, int], marker: int, head: bytes) -> bool:
    """Return whether a JPEG segment is one of ``marker`` whose data begins with ``head``."""
    found, start, _ = segment
    return found == marker and span(stream, start + 4, start + 4 + len(head)) == head


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def _profile_segments(profile: bytes) -> bytes:
    room = _SEGMENT - len(ICC_HEAD) - 2
    parts = [profile[at : at + room] for at in range(0, len(profile), room)]
    return b"".join(
        _segment(_APP2, ICC_HEAD + bytes([number, len(parts)]) + part)
        for number, part in enumerate(parts, start=1)
    )


def _names_srgb(profile: bytes) -> bool:
    """Return whether a profile calls itself sRGB, in either of the encodings such names have."""
    return b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile


# EXIF -----------------------------------------------------------------------------------------


def resized(exif: bytes, result: Picture) -> bytes:
    """Return EXIF data whose pixel sizes are the result's, b"" when it is damaged beyond reading."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(exif[:4])
    if order is None:
        return b""
    data = bytearray(exif)
    try:
        (first,) = struct.unpack_from(order + "I", data, 4)
        more = _set_sizes(data, order, first, result)
        if more is not None:
            _set_sizes(data, order, more, result)
    except struct.error:
        return b""
    return bytes(data)


def _set_sizes(data: bytearray, order: str, start: int, result: Picture) -> int | None:
    """Set the sizes in the directory at ``start``; return where the one it points to begins."""
    more = None
    (count,) = struct.unpack_from(order + "H", data, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, _, value = struct.unpack_from(order + "HHII", data, at)
        if tag == _MORE:
            more = int(value)
        elif tag in _WIDTHS or tag in _HEIGHTS:
            size = result.width if tag in _WIDTHS else result.height
            if kind in (_SHORT, _LONG):
                struct.pack_into(order + ("H" if kind == _SHORT else "I"), data, at + 8, size)
    return more
