"""WebP files: check them, leave out their metadata, take it out and put it in.

Hand-written, because GIMP's Python has no imaging library.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from . import exif, png
from .base import Chunk, ImageFile, InvalidImage, Piece, is_rgb, names_srgb, span

_ICC_FLAG, _ALPHA_FLAG, _EXIF_FLAG, _XMP_FLAG = 0x20, 0x10, 0x08, 0x04
_SENT = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_IMAGE_DATA = frozenset({b"VP8 ", b"VP8L", b"ANMF"})
_EXIF_HEAD = b"Exif\x00\x00"


def chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, end) of each chunk, whose data, without head and padding, is start:end."""
    head = stream.read(12)
    declared = int.from_bytes(head[4:8], "little") + 8
    if stream.seek(0, 2) < declared:
        raise InvalidImage("it is shorter than its header says: the WebP is cut off")
    at = 12
    while at + 8 <= declared:
        stream.seek(at)
        kind, length = struct.unpack("<4sI", stream.read(8))
        if at + 8 + length > declared:
            raise InvalidImage("its chunks are damaged")
        yield kind, at + 8, at + 8 + length
        at += 8 + length + (length & 1)


def verify(stream: BinaryIO) -> None:
    """Raise InvalidImage unless the stream is one whole WebP: the container's and every chunk's length."""
    if not {kind for kind, _, _ in chunks(stream)} & _IMAGE_DATA:
        raise InvalidImage("it holds no image data")


def strip(stream: BinaryIO) -> list[Piece]:
    """Return the pieces of a WebP without its metadata."""
    found = list(chunks(stream))
    profiles = [span(stream, start, end) for kind, start, end in found if kind == b"ICCP"]
    keep_profile = bool(profiles) and not is_rgb(profiles[0])
    kept = _SENT | {b"ICCP"} if keep_profile else _SENT
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
    gone = _EXIF_FLAG | _XMP_FLAG | (0 if b"ICCP" in kept else _ICC_FLAG)
    return flags & ~gone


def extract(stream: BinaryIO) -> list[Chunk]:
    """Return the metadata of a WebP as PNG chunks: RGB profile, resolution, EXIF and XMP."""
    found = {kind: span(stream, start, end) for kind, start, end in chunks(stream) if kind not in _SENT}
    profile, packet = found.get(b"ICCP", b""), found.get(b"XMP ", b"")
    exif_data = found.get(b"EXIF", b"").removeprefix(_EXIF_HEAD)
    density = exif.resolution(exif_data)
    metadata = [png.profile_chunk(profile)] if is_rgb(profile) else []
    metadata += [png.density_chunk(*density)] if density else []
    metadata += [(png.EXIF, exif_data)] if exif_data else []
    return metadata + ([png.xmp_chunk(packet)] if packet else [])


def embed(stream: BinaryIO, metadata: Sequence[Chunk], result: ImageFile) -> list[Piece] | None:
    """Return the pieces of a WebP with ``metadata`` in it, None when nothing changes.

    A WebP states its resolution in EXIF alone, and has no place for IPTC.
    """
    found = list(chunks(stream))
    own = {
        kind: span(stream, start, end) for kind, start, end in found if kind in (b"ICCP", b"EXIF", b"XMP ")
    }
    given = dict(metadata)
    new: dict[bytes, bytes] = {}
    density = png.density_of(given.get(png.DENSITY, b""))
    if b"EXIF" not in own and (
        exif_data := given.get(png.EXIF) or (exif.minimal(density=density) if density else b"")
    ):
        new[b"EXIF"] = exif_data
    if packet := png.xmp_of(metadata):
        new[b"XMP "] = packet
    if png.ICC in given and (b"ICCP" not in own or names_srgb(own[b"ICCP"])):
        new[b"ICCP"] = png.profile_of(given[png.ICC])
    if not new:
        return None
    header = next((span(stream, start, end) for kind, start, end in found if kind == b"VP8X"), b"")
    flags = header[0] if header else _alpha_flag(stream, found)
    for kind, flag in ((b"ICCP", _ICC_FLAG), (b"EXIF", _EXIF_FLAG), (b"XMP ", _XMP_FLAG)):
        flags |= flag if kind in new else 0
    size = (result.width - 1).to_bytes(3, "little") + (result.height - 1).to_bytes(3, "little")
    pieces: list[Piece] = [_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + (header[4:] or size))]
    pieces += [_chunk(kind, new[kind]) for kind in new if kind == b"ICCP"]
    for kind, start, end in found:
        if kind != b"VP8X" and kind not in new:
            pieces += [(start - 8, end), bytes(end - start & 1)]
    pieces += [_chunk(kind, new[kind]) for kind in (b"EXIF", b"XMP ") if kind in new]
    return [b"RIFF" + struct.pack("<I", 4 + sum(map(_size, pieces))) + b"WEBP", *pieces]


def _alpha_flag(stream: BinaryIO, found: Sequence[tuple[bytes, int, int]]) -> int:
    """Return VP8X's alpha flag for a file without a VP8X chunk: a lossless image's header states it."""
    kind, start, _ = found[0]
    return _ALPHA_FLAG if kind == b"VP8L" and span(stream, start + 4, start + 5)[0] & 0x10 else 0


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)
