"""A picture file is taken when it is whole, and refused however little of it is missing or damaged."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from precision_upscaler.contract import LIMITS
from precision_upscaler.imaging import jpeg, png
from precision_upscaler.imaging.base import InvalidImage, inspect, sniff
from precision_upscaler.imaging.metadata import verify
from precision_upscaler.jobs.service import size_problem

from contract_tests.support.image_files import FILES, encoded, picture


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images") / "picture"


@pytest.mark.parametrize("name", FILES)
def test_a_whole_picture_is_taken_whatever_it_is_called(name: str, file: Path) -> None:
    file.write_bytes(FILES[name])
    found = verify(file)
    assert (found.format, found.width, found.height) == (name.split("-", maxsplit=1)[0], 40, 30)


@pytest.mark.parametrize("name", FILES)
def test_a_picture_cut_off_anywhere_is_refused(name: str, file: Path) -> None:
    content = FILES[name]
    # a WebP container is padded to an even length, and that byte says nothing
    last = len(content) - (2 if name.startswith("webp") else 1)
    for length in [*range(0, last, 7), last]:
        file.write_bytes(content[:length])
        with pytest.raises(InvalidImage):
            verify(file)


@given(data=st.data())
def test_a_flipped_bit_in_a_png_is_noticed(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(FILES["png"])
    at = data.draw(st.integers(0, len(content) * 8 - 1))
    content[at // 8] ^= 1 << at % 8
    path = tmp_path_factory.getbasetemp() / "flipped.png"
    path.write_bytes(content)
    with pytest.raises(InvalidImage):
        verify(path)


@given(content=st.binary(max_size=300))
def test_bytes_that_are_no_picture_are_refused_and_nothing_else_happens(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise"
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x20\0\0\0WEBPVP8 "):
        path.write_bytes(head + content)
        with pytest.raises(InvalidImage):
            verify(path)


def test_a_page_of_html_is_no_picture(file: Path) -> None:
    file.write_bytes(b"<!doctype html><title>Not found</title>")
    with pytest.raises(InvalidImage, match="none of PNG, JPEG and WebP"):
        verify(file)


def test_a_jpeg_with_something_after_its_end_is_taken(file: Path) -> None:
    file.write_bytes(FILES["jpeg"] + b"camera makers append things")
    assert verify(file).format == "jpeg"


def test_the_stored_size_counts_not_the_one_a_viewer_would_turn_it_to(file: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file.write_bytes(encoded("JPEG", exif=exif.tobytes()))
    assert (inspect(file).width, inspect(file).height) == (40, 30)


def test_a_png_with_more_pixels_than_its_header_says_is_refused(file: Path) -> None:
    tall = io.BytesIO()
    picture(40, 60).save(tall, "PNG")
    # the header of the small one before the pixels of the large one
    file.write_bytes(FILES["png"][:33] + tall.getvalue()[33:])
    with pytest.raises(InvalidImage, match="more pixel data"):
        verify(file)


def pixel_digest(path: Path) -> str:
    digest = hashlib.sha256()
    verify(path, digest)
    return digest.hexdigest()


def test_the_same_pixels_have_the_same_digest_however_they_are_packed(tmp_path: Path) -> None:
    for level in (1, 9):
        (tmp_path / f"{level}.png").write_bytes(encoded("PNG", compress_level=level))
    assert pixel_digest(tmp_path / "1.png") == pixel_digest(tmp_path / "9.png")
    other = picture()
    other.putpixel((3, 3), (1, 2, 3))
    other.save(tmp_path / "other.png")
    assert pixel_digest(tmp_path / "other.png") != pixel_digest(tmp_path / "9.png")


def test_pixels_that_look_different_have_another_digest(tmp_path: Path) -> None:
    plain, tagged = tmp_path / "plain.png", tmp_path / "tagged.png"
    plain.write_bytes(FILES["png"])
    # the same rows under another gamma
    gamma = b"gAMA" + (100_000).to_bytes(4, "big")
    tagged.write_bytes(
        FILES["png"][:33] + b"\0\0\0\4" + gamma + zlib.crc32(gamma).to_bytes(4, "big") + FILES["png"][33:]
    )
    assert pixel_digest(plain) != pixel_digest(tagged)


def test_other_formats_count_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(FILES["jpeg"])
    assert pixel_digest(path) == hashlib.sha256(FILES["jpeg"]).hexdigest()


def test_the_digest_of_a_png_is_that_of_what_earlier_journals_hold(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(FILES["png"])
    with Image.open(path) as opened:
        width, height = opened.size
    header = b"IHDR" + FILES["png"][16:29]
    at = FILES["png"].index(b"IDAT")
    length = int.from_bytes(FILES["png"][at - 4 : at], "big")
    unpacked = zlib.decompress(FILES["png"][at + 4 : at + 4 + length])
    assert len(unpacked) == height * (1 + 3 * width)
    assert pixel_digest(path) == hashlib.sha256(header + unpacked).hexdigest()


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xdb", "jpeg"),
        (b"RIFF0000WEBP", "webp"),
        (b"RIFF0000WAVE", None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_the_bytes_decide_the_format(head: bytes, found: str | None) -> None:
    assert sniff(head) == found


@pytest.mark.parametrize(
    ("read", "content", "says"),
    [
        (png.spans, b"\x89PNG\r\n\x1a\n\x00\x00", "ends before its end chunk"),
        (jpeg.segments, b"GIF89a", "no JPEG"),
        (jpeg.segments, b"\xff\xd8\xff\xd8\xff\xd9", "segments are damaged"),
    ],
)
def test_what_is_no_file_of_its_kind_has_no_parts(
    read: Callable[[io.BytesIO], Iterator[object]], content: bytes, says: str
) -> None:
    with pytest.raises(InvalidImage, match=says):
        list(read(io.BytesIO(content)))


def test_a_scan_before_its_frame_is_no_picture() -> None:
    whole = encoded("JPEG")
    scan = next(start for marker, start, _ in jpeg.segments(io.BytesIO(whole)) if marker == 0xDA)
    with pytest.raises(InvalidImage, match="segments are damaged"):
        jpeg.verify(io.BytesIO(whole[:2] + whole[scan:]))


def test_a_picture_too_large_for_every_factor_is_told_how_large_it_may_be() -> None:
    most = LIMITS["maximum_output_side"]
    told = size_problem(most, most, 2)
    assert told is not None
    assert f"even with factor 2 the longer side may have at most {most // 2} pixels" in told
