"""JPEG files: check them, leave out their metadata, take it out and put it in.

Hand-written, because GIMP's Python has no imaging library.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from . import exif, png
from .base import BLOCK, Chunk, InvalidImage, Piece, is_rgb, names_srgb, span

Segment = tuple[int, int, int]
"""Marker, start and end of a segment, whose bytes are start:end."""

_ICC, _EXIF, _XMP = b"ICC_PROFILE\x00", b"Exif\x00\x00", b"http://ns.adobe.com/xap/1.0/\x00"
_JFIF, _ADOBE, _PHOTOSHOP = b"JFIF\x00", b"Adobe", b"Photoshop 3.0\x00"
_APP0, _APP1, _APP2, _APP13, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF, 0xFE
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_LARGEST_SEGMENT = 65533
_DENSITY = slice(11, 16)
"""Where a JFIF segment states its resolution: the unit, then across and down."""
_PER_INCH, _PER_CENTIMETER = 1, 2
_IPTC_RESOURCE = 0x0404


# reading and checking ---------------------------------------------------------------------------


def segments(stream: BinaryIO) -> Iterator[Segment]:
    """Yield (marker, start, end) of each segment up to the end marker, whose bytes are start:end.

    A scan's coded data belongs to its segment. The stream must not be moved meanwhile.
    """
    if stream.read(2) != b"\xff\xd8":
        raise InvalidImage("it is no JPEG")
    cut_off = InvalidImage("it ends before its end marker: the JPEG is cut off")
    marker = _next_marker(stream)
    while marker is not None:
        start = stream.tell() - 2
        if marker == _EOI:
            yield marker, start, start + 2
            return
        if marker == _SOI:
            raise InvalidImage("its segments are damaged")
        if marker not in _WITHOUT_LENGTH:
            size = stream.read(2)
            length = int.from_bytes(size, "big")
            if len(size) < 2 or length < 2 or len(stream.read(length - 2)) < length - 2:  # noqa: PLR2004 - a length's bytes
                raise cut_off
        following = _skip_entropy(stream) if marker == _SOS else None
        yield marker, start, stream.tell() - (2 if following is not None else 0)
        marker = following if marker == _SOS else _next_marker(stream)
    raise cut_off


def verify(stream: BinaryIO) -> None:
    """Raise InvalidImage unless the stream is one whole JPEG: segments, a frame, a scan, the end marker."""
    frame = scan = False
    for marker, _, _ in segments(stream):
        frame = frame or marker in _FRAMES
        if marker == _SOS and not frame:
            raise InvalidImage("its segments are damaged")
        scan = scan or marker == _SOS
    if not scan:
        raise InvalidImage("it holds no image data")


def _next_marker(stream: BinaryIO) -> int | None:
    if stream.read(1) != b"\xff":
        return None
    byte = stream.read(1)
    while byte == b"\xff":
        byte = stream.read(1)
    return byte[0] if byte else None


def _skip_entropy(stream: BinaryIO) -> int | None:
    """Skip a scan's coded data; return the marker that ends it, None at the end of the file."""
    while True:
        start = stream.tell()
        block = stream.read(BLOCK)
        if not block:
            return None
        at = block.find(b"\xff")
        while at >= 0:
            if at + 1 == len(block):
                extra = stream.read(1)
                if not extra:
                    return None
                block += extra
            following = block[at + 1]
            # a stuffed zero, a restart marker or a fill byte does not end the scan
            if following not in (0x00, 0xFF) and following not in _WITHOUT_LENGTH:
                stream.seek(start + at + 2)
                return following
            at = block.find(b"\xff", at + 1)


# metadata ---------------------------------------------------------------------------------------


def profile_of(stream: BinaryIO, found: Iterable[Segment]) -> bytes:
    """Return the ICC profile that the segments ``found`` hold in parts, b"" when there is no whole one."""
    parts: dict[int, bytes] = {}
    count = 0
    for marker, start, end in found:
        data = span(stream, start + 4, end) if marker == _APP2 else b""
        if data.startswith(_ICC) and len(data) > len(_ICC) + 2:
            number, count = data[len(_ICC)], data[len(_ICC) + 1]
            parts[number] = data[len(_ICC) + 2 :]
    return b"".join(parts[number] for number in sorted(parts)) if len(parts) == count else b""


def strip(stream: BinaryIO) -> list[Piece]:
    """Return the pieces of a JPEG without its metadata."""
    found = list(segments(stream))
    profile = profile_of(stream, found)
    keep_profile = bool(profile) and not is_rgb(profile)
    pieces: list[Piece] = [(0, 2)]
    for marker, start, end in found:
        head = span(stream, start + 4, min(end, start + 4 + len(_ICC)))
        if marker == _APP0 and head.startswith(_JFIF):
            pieces.append(_without_thumbnail(span(stream, start, end)) or (start, end))
        elif not (_APP0 <= marker <= _APP15 or marker == _COM) or (
            # Adobe's segment says how the colors are coded; without it they come out wrong
            (marker == _APP14 and head.startswith(_ADOBE))
            or (marker == _APP2 and head == _ICC and keep_profile)
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


def extract(stream: BinaryIO) -> list[Chunk]:
    """Return the metadata of a JPEG as PNG chunks: RGB profile, resolution, EXIF, XMP and IPTC."""
    found = list(segments(stream))
    profile = profile_of(stream, found)
    exif_data = _first(stream, found, _APP1, _EXIF)
    density = _density(_first(stream, found, _APP0, _JFIF)) or exif.resolution(exif_data)
    packet = _first(stream, found, _APP1, _XMP)
    iptc = b"".join(
        _iptc_of(span(stream, start + 4 + len(_PHOTOSHOP), end))
        for marker, start, end in found
        if _begins(stream, (marker, start, end), _APP13, _PHOTOSHOP)
    )
    chunks = [png.profile_chunk(profile)] if is_rgb(profile) else []
    chunks += [png.density_chunk(*density)] if density else []
    chunks += [(png.EXIF, exif_data)] if exif_data else []
    chunks += [png.xmp_chunk(packet)] if packet else []
    return chunks + ([png.iptc_chunk(iptc)] if iptc else [])


def _first(stream: BinaryIO, found: Iterable[Segment], marker: int, head: bytes) -> bytes:
    """Return what follows ``head`` in the first segment of ``marker`` that begins so, b"" without one."""
    segment = next((segment for segment in found if _begins(stream, segment, marker, head)), None)
    return b"" if segment is None else span(stream, segment[1] + 4 + len(head), segment[2])


def _density(jfif: bytes) -> tuple[float, float] | None:
    """Return the pixels per inch that a JFIF header states, None when it states none."""
    if len(jfif) < 7 or jfif[2] not in (_PER_INCH, _PER_CENTIMETER):  # noqa: PLR2004 - up to the resolution
        return None
    across, down = struct.unpack(">HH", jfif[3:7])
    factor = 2.54 if jfif[2] == _PER_CENTIMETER else 1.0
    return (across * factor, down * factor) if across and down else None


def _iptc_of(resources: bytes) -> bytes:
    """Return the IPTC data among Photoshop's image resources, b"" without any."""
    at = 0
    while resources[at : at + 4] == b"8BIM" and len(resources) >= at + 12:
        (kind,) = struct.unpack_from(">H", resources, at + 4)
        at += 6 + (resources[at + 6] + 2 & ~1)  # the name and its length, padded to an even number
        if at + 4 > len(resources):
            break
        (length,) = struct.unpack_from(">I", resources, at)
        if kind == _IPTC_RESOURCE:
            return resources[at + 4 : at + 4 + length]
        at += 4 + length + (length & 1)
    return b""


def embed(stream: BinaryIO, metadata: Sequence[Chunk]) -> list[Piece] | None:
    """Return the pieces of a JPEG with ``metadata`` in it, None when nothing changes."""
    found = list(segments(stream))
    own = profile_of(stream, found)
    chunks = dict(metadata)
    density = png.density_of(chunks.get(png.DENSITY, b""))
    jfif = span(stream, found[0][1], found[0][2]) if _begins(stream, found[0], _APP0, _JFIF) else b""
    exif_data = chunks.get(png.EXIF) or (exif.minimal(density=density) if density and not jfif else b"")
    if _first(stream, found, _APP1, _EXIF):
        exif_data = b""
    parts: list[bytes] = []
    replaced: set[tuple[int, bytes]] = set()
    for marker, head, data in (
        (_APP1, _EXIF, exif_data),
        (_APP1, _XMP, png.xmp_of(metadata)),
        (_APP13, _PHOTOSHOP, png.iptc_resource(metadata)),
    ):
        if data and len(head + data) <= _LARGEST_SEGMENT:
            parts.append(_segment(marker, head + data))
            replaced.add((marker, head))
    if png.ICC in chunks and (not own or names_srgb(own)):
        parts.append(_profile_segments(png.profile_of(chunks[png.ICC])))
        replaced.add((_APP2, _ICC))
    if not replaced and not (jfif and density):
        return None
    if jfif and density:
        stated = struct.pack(">BHH", _PER_INCH, *(min(side, 0xFFFF) for side in density))
        jfif = jfif[: _DENSITY.start] + stated + jfif[_DENSITY.stop :]
    return [
        b"\xff\xd8" + jfif + b"".join(parts),
        *(
            segment[1:]
            for segment in found[1 if jfif else 0 :]
            if not any(_begins(stream, segment, *one) for one in replaced)
        ),
    ]


def _begins(stream: BinaryIO, segment: Segment, marker: int, head: bytes) -> bool:
    """Return whether a segment is one of ``marker`` whose data begins with ``head``."""
    found, start, _ = segment
    return found == marker and span(stream, start + 4, start + 4 + len(head)) == head


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def _profile_segments(profile: bytes) -> bytes:
    room = _LARGEST_SEGMENT - len(_ICC) - 2
    parts = [profile[at : at + room] for at in range(0, len(profile), room)]
    return b"".join(
        _segment(_APP2, _ICC + bytes([number, len(parts)]) + part)
        for number, part in enumerate(parts, start=1)
    )
