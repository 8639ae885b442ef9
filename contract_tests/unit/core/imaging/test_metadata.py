"""Of a picture file only the pixels are sent; EXIF and colour profile find their way into the result."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin
from precision_upscaler.imaging.base import Picture, inspect, verify
from precision_upscaler.imaging.carrying import carried, packed, put_in, resized, unpacked
from precision_upscaler.imaging.metadata import file_blocks, pieces_to_send, png_profile, sent_digest

from contract_tests.support.image_files import FILES, picture

SECRET = b"Ana's home"
ORIENTATION, SIZE = 0x0112, (0xA002, 0xA003)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
WIDE = SRGB.replace(b"sRGB", b"wide")
GRAY = WIDE[:16] + b"GRAY" + WIDE[20:]


def exif(orientation: int = 6) -> Image.Exif:
    """Return EXIF data with a place, a size of 40 x 30 and an orientation."""
    made = Image.Exif()
    made[0x010E] = SECRET.decode()
    made[ORIENTATION] = orientation
    made[0x0100], made[0x0101] = 40, 30
    made.get_ifd(0x8769).update({SIZE[0]: 40, SIZE[1]: 30, 0x9003: "2026:11:26 10:00:00"})
    made.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.5)})
    return made


def photo(kind: str, folder: Path, mode: str = "RGB", profile: bytes | None = WIDE) -> Picture:
    """Write a picture with everything in it that may be in one."""
    path = folder / f"photo-{mode}.{kind}"
    extra: dict[str, object] = {"exif": exif(), "icc_profile": profile}
    if kind == "png":
        note = PngImagePlugin.PngInfo()
        note.add_text("Comment", SECRET.decode())
        note.add_itxt("XML:com.adobe.xmp", SECRET.decode(), zip=True)
        extra["pnginfo"] = note
    else:
        extra["xmp"] = SECRET
    if kind == "jpeg":
        extra["comment"] = SECRET
    picture(mode=mode).save(path, kind, **extra)
    with path.open("ab") as stream:
        stream.write(SECRET)  # as the videos that telephones put behind a photo
    return inspect(path)


def sent(source: Picture, folder: Path) -> Path:
    """Write what is sent of a picture into a file."""
    pieces = pieces_to_send(source)
    assert pieces is not None
    path = folder / "sent"
    path.write_bytes(b"".join(file_blocks(source.path, pieces)))
    return path


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_the_pixels_are_sent_and_nothing_else(kind: str, tmp_path: Path) -> None:
    source = photo(kind, tmp_path)
    path = sent(source, tmp_path)
    verify(path)
    for trace in (SECRET, b"2026:11:26", b"Exif", b"eXIf", b"EXIF", b"XMP", b"ICC", b"iCCP"):
        assert trace not in path.read_bytes()
    with Image.open(path) as found, Image.open(source.path) as original:
        assert found.tobytes() == original.tobytes()
        assert (found.mode, found.info.get("icc_profile"), dict(found.getexif())) == ("RGB", None, {})
    # what was stripped once has nothing more to strip
    assert pieces_to_send(inspect(path)) is None


@pytest.mark.parametrize("name", FILES)
def test_a_picture_without_metadata_is_sent_as_it_is(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(FILES[name])
    pieces = pieces_to_send(inspect(path))
    kept = FILES[name] if pieces is None else b"".join(file_blocks(path, pieces))
    (tmp_path / "sent").write_bytes(kept)
    with Image.open(tmp_path / "sent") as found, Image.open(path) as original:
        assert found.tobytes() == original.tobytes()
    assert len(FILES[name]) - len(kept) < 32  # a density at most


@pytest.mark.parametrize(("kind", "mode"), [("png", "L"), ("jpeg", "L"), ("jpeg", "CMYK")])
def test_a_profile_for_other_numbers_than_rgb_is_sent_and_not_put_back(
    kind: str, mode: str, tmp_path: Path
) -> None:
    source = photo(kind, tmp_path, mode, GRAY)
    with Image.open(sent(source, tmp_path)) as found, Image.open(source.path) as original:
        assert found.info["icc_profile"] == GRAY
        assert found.tobytes() == original.tobytes()
    assert [name for name, _ in carried(source)] == [b"eXIf"]


def test_a_thumbnail_in_the_jfif_header_is_left_out(tmp_path: Path) -> None:
    plain = FILES["jpeg"]
    path = tmp_path / "thumb.jpg"
    head = plain[6:20]
    thumb = b"\xff\xe0" + (2 + len(head) + 3).to_bytes(2, "big") + head[:12] + b"\x01\x01" + b"abc"
    path.write_bytes(plain[:2] + thumb + plain[20:])
    assert sent(inspect(path), tmp_path).read_bytes() == plain


def named(picture: Picture) -> str:
    pixels = hashlib.sha256()
    verify(picture.path, pixels)
    return sent_digest(picture, pixels.hexdigest())


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_pictures_that_differ_in_metadata_alone_are_one_request(kind: str, tmp_path: Path) -> None:
    one = photo(kind, tmp_path)
    digest = named(one)
    other = tmp_path / "other"
    other.write_bytes(sent(one, tmp_path).read_bytes())
    assert named(inspect(other)) == digest
    other.write_bytes(FILES["jpeg-gray"])
    assert named(inspect(other)) != digest


def result(folder: Path, kind: str = "png", mode: str = "RGB", **options: object) -> Picture:
    path = folder / f"result.{kind}"
    picture(80, 60, mode).save(path, kind, **options)
    return inspect(path)


def dressed(answer: Picture, source: Picture) -> Image.Image:
    """Return the result with what the source has to give, decoded."""
    chunks = unpacked(packed(carried(source)))
    pieces = put_in(answer, chunks)
    if pieces is None:
        return Image.open(io.BytesIO(answer.path.read_bytes()))
    path = answer.path.with_name("dressed")
    path.write_bytes(b"".join(file_blocks(answer.path, pieces)))
    verify(path)
    with Image.open(path) as found, Image.open(answer.path) as original:
        assert found.tobytes() == original.tobytes()
    return Image.open(io.BytesIO(path.read_bytes()))


@pytest.mark.parametrize("answer", ["png", "jpeg"])
@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_exif_and_profile_come_back(kind: str, answer: str, tmp_path: Path) -> None:
    found = dressed(result(tmp_path, answer), photo(kind, tmp_path))
    assert found.info["icc_profile"] == WIDE
    read = found.getexif()
    assert (read[0x010E], read[ORIENTATION], read[0x0100], read[0x0101]) == (SECRET.decode(), 6, 80, 60)
    assert [read.get_ifd(0x8769)[tag] for tag in SIZE] == [80, 60]
    assert read.get_ifd(0x8825)[1] == "N"


def test_a_long_profile_takes_several_segments_of_a_jpeg(tmp_path: Path) -> None:
    long = WIDE + bytes(range(256)) * 600
    found = dressed(result(tmp_path, "jpeg"), photo("png", tmp_path, profile=long))
    assert found.info["icc_profile"] == long
    again = photo("jpeg", tmp_path, profile=long)
    assert dressed(result(tmp_path), again).info["icc_profile"] == long


def test_what_the_result_says_itself_goes_first_but_for_srgb(tmp_path: Path) -> None:
    source = photo("jpeg", tmp_path)
    other = WIDE.replace(b"wide", b"else")
    own = Image.Exif()
    own[0x010E] = "the service's"
    found = dressed(result(tmp_path, icc_profile=other, exif=own), source)
    assert found.info["icc_profile"] == other
    assert found.getexif()[0x010E] == "the service's"
    assert dressed(result(tmp_path, icc_profile=SRGB), source).info["icc_profile"] == WIDE
    assert dressed(result(tmp_path, "jpeg", icc_profile=SRGB), source).info["icc_profile"] == WIDE
    assert "icc_profile" not in dressed(result(tmp_path, mode="L"), source).info


def test_a_source_without_metadata_changes_nothing(tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    plain.write_bytes(FILES["png"])
    assert put_in(result(tmp_path), carried(inspect(plain))) is None


@pytest.mark.parametrize("damaged", [b"", b"II", b"II*\x00\xff\xff\xff\xff", b"no exif at all"])
def test_damaged_exif_is_left_behind(damaged: bytes, tmp_path: Path) -> None:
    assert resized(damaged, result(tmp_path)) == b""


def test_big_endian_exif_is_read_too(tmp_path: Path) -> None:
    stream = io.BytesIO()
    made = exif()
    made.endian = ">"
    picture().save(stream, "JPEG", exif=made.tobytes())
    path = tmp_path / "big.jpg"
    path.write_bytes(stream.getvalue())
    assert b"MM\x00*" in stream.getvalue()
    assert dressed(result(tmp_path), inspect(path)).getexif()[0x0100] == 80


def test_a_damaged_profile_is_none() -> None:
    assert png_profile(b"name\x00\x00no deflate") == b""


def test_a_picture_that_became_shorter_is_not_sent_as_if_it_were_whole(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(b"abc")
    with pytest.raises(OSError, match="became shorter"):
        list(file_blocks(path, [b"head", (0, 10)]))


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_result_that_says_its_own_colours_keeps_them(kind: str, tmp_path: Path) -> None:
    chunks = [chunk for chunk in carried(photo("png", tmp_path)) if chunk[0] == b"iCCP"]
    assert chunks
    assert put_in(result(tmp_path, kind), chunks) is not None
    own = WIDE.replace("sRGB".encode("utf-16-be"), "Wide".encode("utf-16-be"))
    assert put_in(result(tmp_path, kind, icc_profile=own), chunks) is None
