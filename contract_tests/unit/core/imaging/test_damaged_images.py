"""Each way a picture file can be broken has its own words, whichever part of the file is at fault."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from precision_upscaler.imaging import png
from precision_upscaler.imaging.base import InvalidImage, inspect
from precision_upscaler.imaging.metadata import verify
from precision_upscaler.imaging.similarity import CannotCompare, color_grid

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ihdr(width: int = 2, height: int = 2, depth: int = 8, colour: int = 0, interlace: int = 0) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)


def png_of(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND")


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


FRAME = segment(0xC0, struct.pack(">BHHB", 8, 4, 4, 1) + b"\x01\x11\x00")
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34"
START, END = b"\xff\xd8", b"\xff\xd9"


def webp_of(*parts: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in parts
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


VP8X = (b"VP8X", bytes(4) + b"\x09\x00\x00\x09\x00\x00")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (png_of(chunk(b"IHDR", ihdr()), chunk(b"IDAT", zlib.compress(bytes(3)))), "less pixel data"),
        (png_of(chunk(b"IHDR", ihdr()), chunk(b"IDAT", zlib.compress(bytes(9)))), "more pixel data"),
        (png_of(chunk(b"IHDR", ihdr()), chunk(b"IDAT", b"no zlib")), "pixel data is damaged"),
        (png_of(chunk(b"IHDR", ihdr(interlace=2))), "header is damaged"),
        (png_of(chunk(b"IHDR", ihdr(depth=3))), "header is damaged"),
        (png_of(chunk(b"IHDR", ihdr(colour=5))), "header is damaged"),
        (png_of(chunk(b"IHDR", ihdr()), struct.pack(">I", 1 << 31) + b"IDAT"), "chunks are damaged"),
        (png_of(chunk(b"IHDR", ihdr()), chunk(b"1234")), "chunks are damaged"),
        (START + segment(0xE0, b"x") + FRAME + START + END, "segments are damaged"),
        (START + FRAME + END, "no image data"),
        (START + FRAME + b"\xff\xff" + segment(0xFE, b"a comment after a fill byte") + END, "no image data"),
        (START + FRAME + SCAN, "cut off"),
        (START + FRAME + SCAN + b"\xff", "cut off"),
        (webp_of(VP8X), "no image data"),
        (
            webp_of(VP8X, (b"VP8L", b"\x2f" + bytes(5)))[:-10] + struct.pack("<I", 99) + bytes(6),
            "chunks are damaged",
        ),
    ],
)
def test_what_is_wrong_with_a_picture(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(content)
    with pytest.raises(InvalidImage, match=words):
        verify(path)


@pytest.mark.parametrize("data", [b"", ihdr()[:-1], ihdr(width=0), ihdr(height=0)])
def test_a_png_header_that_says_nothing(data: bytes) -> None:
    with pytest.raises(InvalidImage, match="header is damaged"):
        png.header_of(data)


@pytest.mark.parametrize(
    ("content", "words"), [(b"GIF89a..", "no PNG"), (png_of(chunk(b"IDAT")), "header is missing")]
)
def test_rows_are_read_of_nothing_but_a_png(content: bytes, words: str) -> None:
    with pytest.raises(InvalidImage, match=words):
        list(png.rows(io.BytesIO(content)))


def test_a_scan_may_end_anywhere_in_what_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    # the marker's two bytes lie in two blocks of a mebibyte
    for fill in ((1 << 20) - 1, (1 << 20) - 2, 1 << 20):
        path.write_bytes(START + FRAME + SCAN[:-2] + bytes(fill) + END)
        assert verify(path).format == "jpeg", fill
        path.write_bytes(START + FRAME + SCAN[:-2] + bytes(fill) + b"\xff")
        with pytest.raises(InvalidImage, match="cut off"):
            verify(path)


@pytest.mark.parametrize(
    ("size", "passes"),
    [
        ((8, 8), [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)]),
        ((1, 1), [(1, 1)]),
        ((5, 3), [(1, 1), (1, 1), (1, 1), (3, 1), (2, 2), (5, 1)]),
    ],
)
def test_the_seven_passes_of_an_interlaced_png(size: tuple[int, int], passes: list[tuple[int, int]]) -> None:
    header = png.Header(*size, 8, 2, interlaced=True)
    assert header.passes() == passes
    assert sum(width * height for width, height in passes) == size[0] * size[1]
    assert png.Header(*size, 8, 2, interlaced=False).passes() == [size]


def test_an_interlaced_png_is_whole_when_all_passes_are(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    rows = sum(height * (1 + width) for width, height in png.Header(5, 3, 8, 0, interlaced=True).passes())
    header = chunk(b"IHDR", ihdr(5, 3, interlace=1))
    path.write_bytes(png_of(header, chunk(b"IDAT", zlib.compress(bytes(rows)))))
    assert (verify(path).width, verify(path).height) == (5, 3)
    with pytest.raises(CannotCompare, match="interlaced"):
        color_grid(path)
    path.write_bytes(png_of(header, chunk(b"IDAT", zlib.compress(bytes(rows - 1)))))
    with pytest.raises(InvalidImage, match="less pixel data"):
        verify(path)


def test_a_picture_lower_than_the_grid_is_compared_by_its_rows(tmp_path: Path) -> None:
    path, twin = tmp_path / "low.png", tmp_path / "twin.png"
    stripes = Image.new("RGB", (64, 3), (200, 30, 30))
    stripes.paste((30, 30, 200), (0, 2, 64, 3))
    stripes.save(path)
    stripes.resize((64, 96), Image.Resampling.NEAREST).save(twin)
    assert None not in color_grid(path).cells
    assert color_grid(path).cells[0] == color_grid(twin).cells[0] == (200, 30, 30)
    assert color_grid(path).cells[-1] == color_grid(twin).cells[-1] == (30, 30, 200)


def test_transparent_entries_of_a_palette_are_no_colour(tmp_path: Path) -> None:
    path = tmp_path / "palette.png"
    rows = b"".join(b"\0" + bytes([0] * 32 + [1] * 32) for _ in range(64))
    palette = chunk(b"PLTE", bytes([9, 8, 7, 200, 100, 50])) + chunk(b"tRNS", b"\0")
    header = chunk(b"IHDR", ihdr(64, 64, colour=3))
    path.write_bytes(png_of(header, palette, chunk(b"IDAT", zlib.compress(rows))))
    assert (color_grid(path).cells[0], color_grid(path).cells[-1]) == (None, (200, 100, 50))
    path.write_bytes(png_of(header, chunk(b"PLTE", bytes(3)), chunk(b"IDAT", zlib.compress(rows))))
    with pytest.raises(InvalidImage, match="palette is too short"):
        color_grid(path)


def test_a_filter_that_png_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "filter.png"
    rows = (b"\x07" + bytes(64)) * 64
    path.write_bytes(png_of(chunk(b"IHDR", ihdr(64, 64)), chunk(b"IDAT", zlib.compress(rows))))
    assert inspect(path).width == 64
    with pytest.raises(InvalidImage, match="pixel data is damaged"):
        color_grid(path)
