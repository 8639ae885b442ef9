"""What a picture file is, from its own bytes: format, size, wholeness and the digest of its pixels.

GIMP's Python has no Pillow, so nothing here decodes more than it must; all of it streams.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import imagesize

if TYPE_CHECKING:
    import hashlib

Format = Literal["png", "jpeg", "webp"]
EXTENSIONS: dict[Format, str] = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BLOCK = 1 << 20
_TELLING = frozenset({b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"iCCP", b"cICP", b"sRGB"})
"""The chunks besides IDAT that say how a PNG looks."""
_LARGEST_CHUNK = 0x7FFFFFFF


class NotAPicture(ValueError):
    """The bytes are no whole PNG, JPEG or WebP; the message says what is wrong with them."""


@dataclass(frozen=True)
class Picture:
    """A picture file: its real format and its stored size in pixels (before any EXIF rotation)."""

    path: Path
    format: Format
    width: int
    height: int


def sniff(head: bytes) -> Format | None:
    """Return the format that a file's first 12 bytes show, whatever its name says."""
    if head.startswith(_PNG_SIGNATURE):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return None


def inspect(path: Path) -> Picture:
    """Read format and size from the header of ``path``.

    Raises NotAPicture for anything but PNG, JPEG and WebP, OSError when the file cannot be read.
    """
    with path.open("rb") as stream:
        found = sniff(stream.read(12))
        if found is None:
            raise NotAPicture("it is none of PNG, JPEG and WebP")
        stream.seek(0)
        try:
            info = imagesize.get_info(stream, dpi=False, colors=False, channels=False, exif_rotation=False)
        except (ValueError, struct.error, IndexError, TypeError, KeyError) as error:
            raise NotAPicture(f"its {found.upper()} header is damaged") from error
    if info.width <= 0 or info.height <= 0:
        raise NotAPicture(f"its {found.upper()} header gives no size")
    return Picture(path, found, info.width, info.height)


def verify(path: Path, pixels: hashlib._Hash | None = None) -> Picture:
    """Check that ``path`` is one whole picture, to its last byte, and return what it is.

    PNG: every chunk's checksum, the exact amount of pixel data, and the end chunk. JPEG: the
    sequence of segments, a frame, a scan, and the end marker. WebP: the container's and every
    chunk's length. Raises NotAPicture with what is wrong.

    ``pixels`` is fed what two files share when they certainly hold the same pixels. For PNG that is
    the header, palette, transparency and unpacked rows, so that neither compression nor metadata
    matter; other formats count byte for byte.
    """
    picture = inspect(path)
    with path.open("rb") as stream:
        if picture.format == "png":
            _verify_png(stream, pixels)
            return picture
        {"jpeg": _verify_jpeg, "webp": _verify_webp}[picture.format](stream)
        if pixels is not None:
            stream.seek(0)
            while block := stream.read(_BLOCK):
                pixels.update(block)
    return picture


# PNG ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PngHeader:
    """The IHDR chunk: size in pixels, bits a sample, colour type and whether it is interlaced."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    @property
    def samples(self) -> int:
        """How many samples a pixel has."""
        return {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[self.colour]

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


def png_header(data: bytes) -> PngHeader:
    """Read an IHDR chunk's data; NotAPicture when it is not a legal one."""
    try:
        width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", data)
    except struct.error:
        raise NotAPicture("its PNG header is damaged") from None
    legal = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    if not width or not height or depth not in legal.get(colour, ()) or interlace > 1:
        raise NotAPicture("its PNG header is damaged")
    return PngHeader(width, height, depth, colour, bool(interlace))


def png_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, data) of each chunk up to IEND, checksums checked; long IDATs come in pieces."""
    if stream.read(8) != _PNG_SIGNATURE:
        raise NotAPicture("it is no PNG")
    while True:
        head = stream.read(8)
        if len(head) < 8:  # noqa: PLR2004 - a chunk's head
            raise NotAPicture("it ends before its end chunk: the PNG is cut off")
        length, kind = struct.unpack(">I4s", head)
        if length > _LARGEST_CHUNK or not kind.isalpha():
            raise NotAPicture("its chunks are damaged")
        checksum = zlib.crc32(kind)
        pieces = []
        for piece in _read_exactly(stream, length):
            checksum = zlib.crc32(piece, checksum)
            if kind == b"IDAT":
                yield kind, piece
            elif kind in _TELLING:
                pieces.append(piece)
        _check_sum(kind, stream.read(4), checksum)
        if kind != b"IDAT":
            yield kind, b"".join(pieces)
        if kind == b"IEND":
            return


def png_spans(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, end) of each chunk up to IEND; start:end holds its head and checksum too."""
    at = len(_PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:  # noqa: PLR2004 - a chunk's head
            raise NotAPicture("it ends before its end chunk: the PNG is cut off")
        length, kind = struct.unpack(">I4s", head)
        yield kind, at, at + 12 + length
        at += 12 + length


def _check_sum(kind: bytes, stored: bytes, checksum: int) -> None:
    if stored != struct.pack(">I", checksum):
        raise NotAPicture(f"its chunk {kind.decode()} has a wrong checksum")


def _read_exactly(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        piece = stream.read(min(length, _BLOCK))
        if not piece:
            raise NotAPicture("it ends inside a chunk: the PNG is cut off")
        length -= len(piece)
        yield piece


def _unpack(unpacker: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Yield unpacked bytes a mebibyte at a time, so that a bomb of zeros cannot fill the memory."""
    try:
        while data:
            yield unpacker.decompress(data, _BLOCK)
            data = unpacker.unconsumed_tail
    except zlib.error:
        raise NotAPicture("its pixel data is damaged") from None


def png_rows(
    stream: BinaryIO, heard: Callable[[bytes], object] | None = None
) -> Iterator[PngHeader | tuple[bytes, bytes] | bytes]:
    """Yield the header, then ``(b"PLTE" or b"tRNS", data)``, then unpacked pixel data in pieces.

    ``heard`` is called with type and data of each chunk besides IDAT that says how the picture looks.
    Raises NotAPicture unless the pixel data is exactly as long as the header says.
    """
    header: PngHeader | None = None
    unpacker = zlib.decompressobj()
    left = 0
    for kind, data in png_chunks(stream):
        if heard is not None and kind in _TELLING:
            heard(kind + data)
        if header is None:
            if kind != b"IHDR":
                raise NotAPicture("its PNG header is missing")
            header = png_header(data)
            left = header.data_bytes()
            yield header
        elif kind in (b"PLTE", b"tRNS"):
            yield kind, data
        elif kind == b"IDAT":
            for piece in _unpack(unpacker, data):
                left -= len(piece)
                if left < 0:
                    raise NotAPicture("it holds more pixel data than its header says")
                yield piece
    if left:
        raise NotAPicture("it holds less pixel data than its header says")


def _verify_png(stream: BinaryIO, pixels: hashlib._Hash | None) -> None:
    for part in png_rows(stream, None if pixels is None else pixels.update):
        if pixels is not None and isinstance(part, bytes):
            pixels.update(part)


# JPEG and WebP --------------------------------------------------------------------------------

_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA


def jpeg_segments(stream: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of each segment up to the end marker, whose bytes are start:end.

    A scan's coded data belongs to its segment. The stream must not be moved meanwhile.
    """
    if stream.read(2) != b"\xff\xd8":
        raise NotAPicture("it is no JPEG")
    cut_off = NotAPicture("it ends before its end marker: the JPEG is cut off")
    marker = _next_marker(stream)
    while marker is not None:
        start = stream.tell() - 2
        if marker == _EOI:
            yield marker, start, start + 2
            return
        if marker == _SOI:
            raise NotAPicture("its segments are damaged")
        if marker not in _JPEG_ALONE:
            size = stream.read(2)
            length = int.from_bytes(size, "big")
            if len(size) < 2 or length < 2 or len(stream.read(length - 2)) < length - 2:  # noqa: PLR2004 - a length's bytes
                raise cut_off
        following = _skip_entropy(stream) if marker == _SOS else None
        yield marker, start, stream.tell() - (2 if following is not None else 0)
        marker = following if marker == _SOS else _next_marker(stream)
    raise cut_off


def _verify_jpeg(stream: BinaryIO) -> None:
    frame = scan = False
    for marker, _, _ in jpeg_segments(stream):
        frame = frame or marker in _JPEG_FRAMES
        if marker == _SOS and not frame:
            raise NotAPicture("its segments are damaged")
        scan = scan or marker == _SOS
    if not scan:
        raise NotAPicture("it holds no image data")


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
        block = stream.read(_BLOCK)
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
            if following not in (0x00, 0xFF) and following not in _JPEG_ALONE:
                stream.seek(start + at + 2)
                return following
            at = block.find(b"\xff", at + 1)


def webp_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, end) of each chunk, whose data, without head and padding, is start:end."""
    head = stream.read(12)
    declared = int.from_bytes(head[4:8], "little") + 8
    if stream.seek(0, 2) < declared:
        raise NotAPicture("it is shorter than its header says: the WebP is cut off")
    at = 12
    while at + 8 <= declared:
        stream.seek(at)
        kind, length = struct.unpack("<4sI", stream.read(8))
        if at + 8 + length > declared:
            raise NotAPicture("its chunks are damaged")
        yield kind, at + 8, at + 8 + length
        at += 8 + length + (length & 1)


def _verify_webp(stream: BinaryIO) -> None:
    if not {kind for kind, _, _ in webp_chunks(stream)} & {b"VP8 ", b"VP8L", b"ANMF"}:
        raise NotAPicture("it holds no image data")
