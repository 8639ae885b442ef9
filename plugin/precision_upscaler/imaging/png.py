"""PNG files: check them, read their rows, leave out their metadata, take it out and put it in.

Hand-written, because GIMP's Python has no imaging library and a decoder that stops at the first
doubtful byte is what a paid result needs.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO

from .base import BLOCK, ICC_SPACE, PNG_SIGNATURE, Chunk, InvalidImage, Piece, is_rgb, names_srgb, span

if TYPE_CHECKING:
    import hashlib

COLOR = frozenset({b"iCCP", b"gAMA", b"cHRM", b"cICP", b"sRGB"})
"""The chunks that say what a PNG's numbers mean."""
EXIF, ICC, DENSITY = b"eXIf", b"iCCP", b"pHYs"
TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_APPEARANCE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"iCCP", b"cICP", b"sRGB"})
"""The chunks besides IDAT that say how a PNG looks."""
_SENT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sBIT", b"sRGB"})
_LARGEST_CHUNK = 0x7FFFFFFF
_LARGEST_TEXT = 1 << 20
_XMP, _IPTC = b"XML:com.adobe.xmp", b"Raw profile type iptc"
_METERS_PER_INCH = 0.0254


# reading and checking ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Header:
    """The IHDR chunk: size in pixels, bits a sample, color type and whether it is interlaced."""

    width: int
    height: int
    depth: int
    color: int
    interlaced: bool

    @property
    def samples(self) -> int:
        """How many samples a pixel has."""
        return {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[self.color]

    def row_bytes(self, width: int) -> int:
        """Return the bytes of a row of ``width`` pixels, without its filter byte."""
        return (width * self.depth * self.samples + 7) // 8

    def passes(self) -> list[tuple[int, int]]:
        """Return width and height of each pass (one unless interlaced), empty ones left out."""
        if not self.interlaced:
            return [(self.width, self.height)]
        adam7 = (
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        )
        sizes = [(-(-(self.width - x) // dx), -(-(self.height - y) // dy)) for x, y, dx, dy in adam7]
        return [(width, height) for width, height in sizes if width > 0 and height > 0]

    def data_bytes(self) -> int:
        """Return how many bytes all rows unpack to, filter bytes included."""
        return sum(height * (1 + self.row_bytes(width)) for width, height in self.passes())


def header_of(data: bytes) -> Header:
    """Read an IHDR chunk's data; InvalidImage when it is not a legal one."""
    try:
        width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", data)
    except struct.error:
        raise InvalidImage("its PNG header is damaged") from None
    legal = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    if not width or not height or depth not in legal.get(color, ()) or interlace > 1:
        raise InvalidImage("its PNG header is damaged")
    return Header(width, height, depth, color, bool(interlace))


def chunks(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, data) of each chunk up to IEND, checksums checked; long IDATs come in pieces."""
    if stream.read(8) != PNG_SIGNATURE:
        raise InvalidImage("it is no PNG")
    while True:
        head = stream.read(8)
        if len(head) < 8:  # noqa: PLR2004 - a chunk's head
            raise InvalidImage("it ends before its end chunk: the PNG is cut off")
        length, kind = struct.unpack(">I4s", head)
        if length > _LARGEST_CHUNK or not kind.isalpha():
            raise InvalidImage("its chunks are damaged")
        checksum = zlib.crc32(kind)
        pieces = []
        for piece in _read_exactly(stream, length):
            checksum = zlib.crc32(piece, checksum)
            if kind == b"IDAT":
                yield kind, piece
            elif kind in _APPEARANCE:
                pieces.append(piece)
        _check_sum(kind, stream.read(4), checksum)
        if kind != b"IDAT":
            yield kind, b"".join(pieces)
        if kind == b"IEND":
            return


def spans(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, end) of each chunk up to IEND; start:end holds its head and checksum too."""
    at = len(PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:  # noqa: PLR2004 - a chunk's head
            raise InvalidImage("it ends before its end chunk: the PNG is cut off")
        length, kind = struct.unpack(">I4s", head)
        yield kind, at, at + 12 + length
        at += 12 + length


def _check_sum(kind: bytes, stored: bytes, checksum: int) -> None:
    if stored != struct.pack(">I", checksum):
        raise InvalidImage(f"its chunk {kind.decode()} has a wrong checksum")


def _read_exactly(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        piece = stream.read(min(length, BLOCK))
        if not piece:
            raise InvalidImage("it ends inside a chunk: the PNG is cut off")
        length -= len(piece)
        yield piece


def _unpack(unpacker: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Yield unpacked bytes a mebibyte at a time, so that a bomb of zeros cannot fill the memory."""
    try:
        while data:
            yield unpacker.decompress(data, BLOCK)
            data = unpacker.unconsumed_tail
    except zlib.error:
        raise InvalidImage("its pixel data is damaged") from None


def rows(
    stream: BinaryIO, feed: Callable[[bytes], object] | None = None
) -> Iterator[Header | tuple[bytes, bytes] | bytes]:
    """Yield the header, then ``(b"PLTE" or b"tRNS", data)``, then unpacked pixel data in pieces.

    ``feed`` is called with type and data of each chunk besides IDAT that says how the picture looks.
    Raises InvalidImage unless the pixel data is exactly as long as the header says.
    """
    header: Header | None = None
    unpacker = zlib.decompressobj()
    left = 0
    for kind, data in chunks(stream):
        if feed is not None and kind in _APPEARANCE:
            feed(kind + data)
        if header is None:
            if kind != b"IHDR":
                raise InvalidImage("its PNG header is missing")
            header = header_of(data)
            left = header.data_bytes()
            yield header
        elif kind in (b"PLTE", b"tRNS"):
            yield kind, data
        elif kind == b"IDAT":
            for piece in _unpack(unpacker, data):
                left -= len(piece)
                if left < 0:
                    raise InvalidImage("it holds more pixel data than its header says")
                yield piece
    if left:
        raise InvalidImage("it holds less pixel data than its header says")


def verify(stream: BinaryIO, pixels: hashlib._Hash | None) -> None:
    """Raise InvalidImage unless the stream is one whole PNG; ``pixels`` is fed all that says how it looks."""
    for part in rows(stream, None if pixels is None else pixels.update):
        if pixels is not None and isinstance(part, bytes):
            pixels.update(part)


def unfilter(kind: int, row: bytes, above: bytes, distance: int) -> bytes:
    """Undo PNG filter ``kind`` (0 none, 1 sub, 2 up, 3 average, 4 Paeth) of a row.

    ``above`` is the row before, unfiltered; ``distance`` the bytes from a sample to its left neighbour.
    """
    if kind == 0:
        return row
    if kind == 1:
        out = bytearray(len(row))
        for channel in range(distance):
            out[channel::distance] = bytes(map((255).__and__, accumulate(row[channel::distance])))
        return bytes(out)
    if kind == 2:  # noqa: PLR2004 - PNG's filter number
        return _add(row, above)
    if kind not in (3, 4):
        raise InvalidImage("its pixel data is damaged")
    out = bytearray(len(row))
    undo = _average if kind == 3 else _paeth  # noqa: PLR2004 - PNG's filter number
    for channel in range(distance):
        out[channel::distance] = undo(row[channel::distance], above[channel::distance])
    return bytes(out)


def _add(row: bytes, above: bytes) -> bytes:
    """Add two rows byte by byte modulo 256, as two big numbers whose bytes cannot carry into each other."""
    low = int.from_bytes(b"\x7f" * len(row), "big")
    a, b = int.from_bytes(row, "big"), int.from_bytes(above, "big")
    return (((a & low) + (b & low)) ^ ((a ^ b) & ~low & ((1 << 8 * len(row)) - 1))).to_bytes(len(row), "big")


def _average(row: bytes, above: bytes) -> bytes:
    out = bytearray(len(row))
    left = 0
    for index, (value, up) in enumerate(zip(row, above, strict=True)):
        left = out[index] = (value + (left + up >> 1)) & 255
    return bytes(out)


def _paeth(row: bytes, above: bytes) -> bytes:
    out = bytearray(len(row))
    left = corner = 0
    for index, (value, up) in enumerate(zip(row, above, strict=True)):
        to_left, to_up = abs(up - corner), abs(left - corner)
        to_corner = abs(left + up - 2 * corner)
        if to_left <= to_up and to_left <= to_corner:
            guess = left
        elif to_up <= to_corner:
            guess = up
        else:
            guess = corner
        left = out[index] = (value + guess) & 255
        corner = up
    return bytes(out)


# metadata ---------------------------------------------------------------------------------------


def chunk_bytes(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk: length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack(metadata: Sequence[Chunk]) -> bytes:
    """Return chunks as the bytes that :func:`unpack` reads."""
    return b"".join(chunk_bytes(kind, data) for kind, data in metadata)


def unpack(data: bytes) -> list[Chunk]:
    """Return the chunks in the bytes of :func:`pack`."""
    found = []
    while len(data) >= 12:  # noqa: PLR2004 - an empty chunk's bytes
        length, kind = struct.unpack(">I4s", data[:8])
        found.append((kind, data[8 : 8 + length]))
        data = data[12 + length :]
    return found


def profile_of(data: bytes, most: int = 1 << 24) -> bytes:
    """Return the first ``most`` bytes of the profile in an iCCP chunk's data, b"" when it is damaged."""
    return _inflated(data.partition(b"\x00")[2][1:], most)


def profile_chunk(profile: bytes) -> Chunk:
    """Return the iCCP chunk of a profile."""
    return ICC, b"ICC profile\x00\x00" + zlib.compress(profile)


def density_chunk(across: float, down: float) -> Chunk:
    """Return the pHYs chunk of a resolution in pixels per inch."""
    return DENSITY, struct.pack(">IIB", round(across / _METERS_PER_INCH), round(down / _METERS_PER_INCH), 1)


def density_of(data: bytes) -> tuple[int, int] | None:
    """Return a pHYs chunk's resolution in pixels per inch, None when it states only a shape of pixels."""
    if len(data) != 9 or data[8] != 1:  # noqa: PLR2004 - a pHYs chunk's bytes
        return None
    across, down = struct.unpack(">II", data[:8])
    return round(across * _METERS_PER_INCH), round(down * _METERS_PER_INCH)


def xmp_chunk(packet: bytes) -> Chunk:
    """Return the iTXt chunk of an XMP packet."""
    return b"iTXt", _XMP + b"\x00\x00\x00\x00\x00" + packet


def iptc_chunk(iptc: bytes) -> Chunk:
    """Return the text chunk that Exiv2 and ExifTool read IPTC from: a Photoshop resource in hexadecimal."""
    resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(iptc)) + iptc + b"\x00" * (len(iptc) & 1)
    digits = resource.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return b"zTXt", _IPTC + b"\x00\x00" + zlib.compress(f"\niptc\n{len(resource):8}\n{lines}\n".encode())


def is_xmp(chunk: Chunk) -> bool:
    """Return whether a chunk holds XMP."""
    return chunk[0] == b"iTXt" and chunk[1].startswith(_XMP + b"\x00")


def is_iptc(chunk: Chunk) -> bool:
    """Return whether a chunk holds IPTC."""
    return chunk[0] in TEXT and chunk[1].startswith(_IPTC + b"\x00")


def xmp_of(metadata: Sequence[Chunk]) -> bytes:
    """Return the XMP packet among chunks, b"" without one."""
    return next((_text(*chunk) for chunk in metadata if is_xmp(chunk)), b"")


def iptc_resource(metadata: Sequence[Chunk]) -> bytes:
    """Return the Photoshop resource with IPTC among chunks, b"" without one."""
    text = next((_text(*chunk) for chunk in metadata if is_iptc(chunk)), b"")
    try:
        resource = bytes.fromhex(b"".join(text.split()[2:]).decode("ascii"))
    except ValueError:
        return b""
    if resource and not resource.startswith(b"8BIM"):  # some programs write it without the resource's head
        return b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(resource)) + resource
    return resource


def _text(kind: bytes, data: bytes) -> bytes:
    """Return the text of a tEXt, zTXt or iTXt chunk, uncompressed; b"" when it is damaged."""
    rest = data.partition(b"\x00")[2]
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return _inflated(rest[1:], _LARGEST_TEXT)
    text = rest[2:].split(b"\x00", 2)[-1]
    return _inflated(text, _LARGEST_TEXT) if rest[:1] == b"\x01" else text


def _inflated(data: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error:
        return b""


def strip(stream: BinaryIO) -> list[Piece]:
    """Return the pieces of a PNG without its metadata."""
    found = list(spans(stream))
    kept = _SENT
    for kind, start, end in found:
        # a profile for gray is of no use to an RGB result: the service may as well use it
        if kind == ICC and not is_rgb(profile_of(span(stream, start + 8, end - 4), ICC_SPACE.stop)):
            kept = _SENT | COLOR
    return [(0, found[0][1]), *((start, end) for kind, start, end in found if kind in kept)]


def extract(stream: BinaryIO) -> list[Chunk]:
    """Return the metadata of a PNG: color, resolution, EXIF and texts, XMP and IPTC among them."""
    found = [
        (kind, span(stream, start + 8, end - 4))
        for kind, start, end in spans(stream)
        if kind in COLOR or kind in (EXIF, DENSITY) or (kind in TEXT and end - start <= _LARGEST_TEXT)
    ]
    if any(kind == ICC and not is_rgb(profile_of(data)) for kind, data in found):
        found = [chunk for chunk in found if chunk[0] not in COLOR]
    densities = [density_of(data) for kind, data in found if kind == DENSITY]
    return [chunk for chunk in found if chunk[0] != DENSITY or all(densities)]


def embed(stream: BinaryIO, metadata: Sequence[Chunk]) -> list[Piece] | None:
    """Return the pieces of a PNG with ``metadata`` in it, None when nothing changes."""
    found = list(spans(stream))
    own = {
        kind: span(stream, start + 8, end - 4)
        for kind, start, end in found
        if kind in COLOR or kind in (b"IHDR", EXIF)
    }
    says_srgb = b"sRGB" in own or names_srgb(profile_of(own.get(ICC, b"")))
    header = header_of(own[b"IHDR"])
    gray = header.samples < 3 and header.color != 3  # noqa: PLR2004 - PNG's numbers
    color = [chunk for chunk in metadata if chunk[0] in COLOR and not (gray and chunk[0] == ICC)]
    if own.keys() & COLOR and not says_srgb:
        color = []
    others = [chunk for chunk in metadata if chunk[0] not in COLOR and not (chunk[0] == EXIF and EXIF in own)]
    if not color and not others:
        return None
    replaced = {kind for kind, _ in others if kind == DENSITY} | (COLOR if color else set())
    new_xmp = any(map(is_xmp, others))
    pieces: list[Piece] = [(0, found[0][2]), pack([*color, *others])]
    for kind, start, end in found[1:]:
        old_xmp = new_xmp and is_xmp((kind, span(stream, start + 8, min(end, start + 64))))
        if kind not in replaced and not old_xmp:
            pieces.append((start, end))
    return pieces
