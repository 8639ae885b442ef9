from __future__ import annotations

import base64
import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from contract_tests.support.mock_calls import encoded, picture
from mock_server.imaging import input_image
from mock_server.imaging.input_image import (
    InputImageError,
    check_picture,
    check_size,
    decode_base64,
    read_image,
)


def header_only_png(width: int, height: int) -> bytes:
    """Return a PNG that says it is huge and is a few bytes long."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n\0\0\0\x0d"
        + body
        + struct.pack(">I", zlib.crc32(body))
        + b"\0\0\0\0IDAT5\xaf\x06\x1e"
    )


@given(st.binary(min_size=1))
def test_base64_is_decoded(data: bytes) -> None:
    assert decode_base64(base64.b64encode(data).decode()) == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "=",
        "!!!!",
        "a",
        "ab=c",
        " YWJj",
        "YW Jj",
        "YW\tJj",
        "YWJj=",
        "YWJj====",
        "http://a/b.png",
        "Ä",
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_what_is_no_base64_is_refused(text: str, strict: bool) -> None:
    with pytest.raises(InputImageError, match="Invalid image format"):
        decode_base64(text, strict=strict)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("YWJj\n", b"abc"),
        ("YW\nJj", b"abc"),
        ("YW\r\nJj\r\n", b"abc"),
        ("YWI", b"ab"),
        ("YQ", b"a"),
        ("YW\nI", b"ab"),
    ],
)
def test_line_breaks_and_missing_padding_are_taken_unless_strict(text: str, data: bytes) -> None:
    assert decode_base64(text) == data
    with pytest.raises(InputImageError):
        decode_base64(text, strict=True)


@pytest.mark.parametrize("text", ["YW_j", "-_-_", "YW-j\n"])
def test_the_url_safe_alphabet_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputImageError, match="URL-safe"):
        decode_base64(text)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_the_three_formats_are_taken(file_format: str) -> None:
    source = check_picture(picture(file_format=file_format), "name", 2, limits=True)
    assert (source.digest, source.width, source.height) == ("name", 200, 160)
    assert source.media_type == f"image/{file_format.lower()}"


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a" + bytes(100),
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\xff\xd8\xff" + bytes(50),
        b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20),
        b"<svg/>",
        picture()[:-600],
        picture(file_format="JPEG")[:700],
        picture()[:300] + bytes(40) + picture()[340:],
    ],
    ids=[
        "gif",
        "bare png",
        "zero png",
        "zero jpeg",
        "zero webp",
        "svg",
        "cut png",
        "cut jpeg",
        "damaged png",
    ],
)
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InputImageError, match="Invalid image format"):
        check_picture(data, "", 2, limits=True)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"]),
)
def test_no_bytes_do_more_than_be_refused(data: bytes, start: bytes) -> None:
    with pytest.raises(InputImageError):
        check_picture(start + data, "", 2, limits=False)


@pytest.mark.parametrize("limits", [True, False])
def test_a_decompression_bomb_is_refused_by_its_header(limits: bool) -> None:
    with pytest.raises(InputImageError, match="too large"):
        check_picture(header_only_png(60_000, 60_000), "", 2, limits=limits)


@pytest.mark.parametrize(
    ("width", "height", "factor", "why"),
    [
        (160, 160, 2, ""),
        (159, 160, 2, "too small"),
        (160, 159, 16, "too small"),
        (5030, 5030, 2, ""),
        (5031, 5030, 2, "too large"),
        (628, 628, 16, ""),
        (629, 628, 16, "too large"),
        (480, 160, 2, ""),
        (481, 160, 2, "aspect"),
        (160, 481, 2, "aspect"),
    ],
)
def test_the_limits_are_the_contracts(width: int, height: int, factor: int, why: str) -> None:
    if why:
        with pytest.raises(InputImageError, match=why):
            check_size(width, height, factor, limits=True)
    else:
        check_size(width, height, factor, limits=True)
    check_size(width, height, factor, limits=False)


@pytest.mark.parametrize(
    ("width", "height", "factor"), [(14_000, 14_000, 16), (884, 884, 16), (20_000, 10_001, 2)]
)
def test_no_result_is_without_bounds(width: int, height: int, factor: int) -> None:
    with pytest.raises(InputImageError, match="too large"):
        check_size(width, height, factor, limits=False)
    check_size(width // 17, height // 17, factor, limits=False)


@pytest.mark.parametrize(
    "start", ["image/png", "IMAGE/PNG", "image/png;charset=utf-8", "image/png;name=a.png;x=y"]
)
def test_a_data_uri_is_taken_unless_the_mock_is_strict(start: str) -> None:
    text = f"data:{start};base64," + encoded(picture())
    assert read_image(text, strict=False, fetch=None) == picture()
    with pytest.raises(InputImageError):
        read_image(text, strict=True, fetch=None)


@pytest.mark.parametrize(
    "start",
    ["data:image/png,", "data:;base64,", "data:text/plain;base64,", "data:image/png;base64;x=y,", "data:"],
)
@pytest.mark.parametrize("strict", [False, True])
def test_any_other_data_uri_is_refused_by_name(start: str, strict: bool) -> None:
    with pytest.raises(InputImageError, match="data: URI"):
        read_image(start + encoded(picture()), strict=strict, fetch=None)


def test_an_address_becomes_a_picture_drawn_from_its_text() -> None:
    first = read_image("https://example.org/a.png", strict=True, fetch=None)
    assert first == read_image("https://example.org/a.png", strict=True, fetch=None)
    assert first != read_image("https://example.org/b.png", strict=True, fetch=None)
    assert check_picture(first, "", 2, limits=True).media_type == "image/png"


@pytest.mark.parametrize("factor", [2, 16])
def test_a_drawn_picture_is_within_the_limits_at_every_factor(factor: int) -> None:
    for number in range(60):
        check_picture(input_image.draw_picture(f"https://example.org/{number}"), "", factor, limits=True)


def test_an_address_is_fetched_where_that_is_allowed() -> None:
    assert (
        read_image("HTTPS://example.org/a", strict=True, fetch=lambda url: url.encode())
        == b"HTTPS://example.org/a"
    )


@pytest.mark.parametrize(
    "text", ["http://example.org/a.png", "https://", "ftp://a/b", "file:///etc/passwd", "https:/x"]
)
def test_only_https_addresses_are_addresses(text: str) -> None:
    with pytest.raises(InputImageError):
        read_image(text, strict=False, fetch=lambda url: url.encode())


def test_a_thumbnail_is_no_larger_than_its_side() -> None:
    small = Image.open(io.BytesIO(input_image.thumbnail(picture(file_format="JPEG"), 64)))
    assert (small.format, small.size) == ("PNG", (64, 51))
    assert input_image.thumbnail(picture(), 0) is picture()
    assert Image.open(io.BytesIO(input_image.thumbnail(picture(file_format="WEBP"), 0))).size == (200, 160)
