"""Of an image file only the pixels are sent; its metadata is put into the result."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image, ImageCms, PngImagePlugin
from precision_upscaler.imaging import png
from precision_upscaler.imaging.base import ImageFile, file_blocks, inspect
from precision_upscaler.imaging.exif import resized
from precision_upscaler.imaging.metadata import (
    embed,
    essential,
    extract,
    pack,
    sent_digest,
    strip,
    unpack,
    verify,
)
from precision_upscaler.imaging.xmp import marked

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


def photo(kind: str, folder: Path, mode: str = "RGB", profile: bytes | None = WIDE) -> ImageFile:
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


def sent(source: ImageFile, folder: Path) -> Path:
    """Write what is sent of a picture into a file."""
    pieces = strip(source)
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
    assert strip(inspect(path)) is None


@pytest.mark.parametrize("name", FILES)
def test_a_picture_without_metadata_is_sent_as_it_is(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(FILES[name])
    pieces = strip(inspect(path))
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
    assert b"iCCP" not in dict(extract(source))


def test_a_thumbnail_in_the_jfif_header_is_left_out(tmp_path: Path) -> None:
    plain = FILES["jpeg"]
    path = tmp_path / "thumb.jpg"
    head = plain[6:20]
    thumb = b"\xff\xe0" + (2 + len(head) + 3).to_bytes(2, "big") + head[:12] + b"\x01\x01" + b"abc"
    path.write_bytes(plain[:2] + thumb + plain[20:])
    assert sent(inspect(path), tmp_path).read_bytes() == plain


def named(picture: ImageFile) -> str:
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


def xmp(text: str) -> bytes:
    """Return an XMP packet as a program writes it, with room for editors behind it."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="uuid:1" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'tiff:ImageWidth="40" {text}</rdf:Description></rdf:RDF></x:xmpmeta>'
        + " " * 2048
        + '<?xpacket end="w"?>'
    ).encode()


CREDIT = "<dc:creator>Ana</dc:creator><exif:PixelYDimension>30</exif:PixelYDimension>"
IPTC = b"\x1c\x02\x50\x00\x03Ana\x1c\x02\x69\x00\x04Home"
LENGTH = len(IPTC).to_bytes(4, "big")
RESOURCES = b"8BIM\x03\xed\x00\x00\x00\x00\x00\x00" + b"8BIM\x04\x04\x03abc" + LENGTH + IPTC + b"\x00"


def described(kind: str, folder: Path) -> ImageFile:
    """Write a photograph with a resolution of 300 dpi, IPTC and XMP as far as its format has them."""
    path = folder / f"described.{kind}"
    options: dict[str, object] = {"dpi": (300, 300), "xmp": xmp(">" + CREDIT)}
    if kind == "png":
        note = PngImagePlugin.PngInfo()
        note.add_itxt("XML:com.adobe.xmp", xmp(">" + CREDIT).decode(), zip=True)
        digits = (b"8BIM\x04\x04\x00\x00" + LENGTH + IPTC).hex()
        note.add_text("Raw profile type iptc", f"\niptc\n{len(digits) // 2:8}\n{digits}\n", zip=True)
        options = {"dpi": (300, 300), "pnginfo": note}
    if kind == "webp":
        made = Image.Exif()
        made[0x011A], made[0x011B], made[0x0128] = 300, 300, 2
        options = {"xmp": xmp(">" + CREDIT), "exif": made}
    stream = io.BytesIO()
    picture().save(stream, kind, **options)
    content = stream.getvalue()
    if kind == "jpeg":
        data = b"Photoshop 3.0\x00" + RESOURCES
        content = content[:20] + b"\xff\xed" + (len(data) + 2).to_bytes(2, "big") + data + content[20:]
    path.write_bytes(content)
    return inspect(path)


def result(folder: Path, kind: str = "png", mode: str = "RGB", **options: object) -> ImageFile:
    path = folder / f"result.{kind}"
    picture(80, 60, mode).save(path, kind, **options)
    return inspect(path)


def dressed(answer: ImageFile, source: ImageFile) -> Image.Image:
    """Return the result with what the source has to give, decoded."""
    chunks = unpack(pack(extract(source)))
    pieces = embed(answer, chunks)
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
    assert embed(result(tmp_path), extract(inspect(plain))) is None


@pytest.mark.parametrize("damaged", [b"", b"II", b"II*\x00\xff\xff\xff\xff", b"no exif at all"])
def test_damaged_exif_is_left_behind(damaged: bytes, tmp_path: Path) -> None:
    assert resized(damaged, 80, 60) == b""


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
    assert png.profile_of(b"name\x00\x00no deflate") == b""


def test_a_picture_that_became_shorter_is_not_sent_as_if_it_were_whole(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(b"abc")
    with pytest.raises(OSError, match="became shorter"):
        list(file_blocks(path, [b"head", (0, 10)]))


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_result_that_says_its_own_colours_keeps_them(kind: str, tmp_path: Path) -> None:
    chunks = [chunk for chunk in extract(photo("png", tmp_path)) if chunk[0] == b"iCCP"]
    assert chunks
    assert embed(result(tmp_path, kind), chunks) is not None
    own = WIDE.replace("sRGB".encode("utf-16-be"), "Wide".encode("utf-16-be"))
    assert embed(result(tmp_path, kind, icc_profile=own), chunks) is None


def xmp_in(image: Image.Image) -> str:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return packet.decode() if isinstance(packet, bytes) else str(packet)


def iptc_in(image: Image.Image) -> bytes:
    """Return the IPTC data of a decoded image, wherever its format has it."""
    if image.format == "PNG":
        digits = str(image.info.get("Raw profile type iptc", "")).split()[2:]
        resource = bytes.fromhex("".join(digits))
        assert resource.startswith(b"8BIM\x04\x04")
        return resource[12 : 12 + int.from_bytes(resource[8:12], "big")]
    resources: dict[int, bytes] = image.info["photoshop"]
    return resources[0x0404]


KINDS = ["png", "jpeg", "webp"]


@pytest.mark.parametrize("answer", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_resolution_comes_back(kind: str, answer: str, tmp_path: Path) -> None:
    found = dressed(result(tmp_path, answer), described(kind, tmp_path))
    if answer == "webp":
        assert (found.getexif()[0x011A], found.getexif()[0x0128]) == (300, 2)
    else:
        assert tuple(map(round, found.info["dpi"])) == (300, 300)


@pytest.mark.parametrize("answer", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_xmp_comes_back_marked_as_enhanced_by_an_algorithm(kind: str, answer: str, tmp_path: Path) -> None:
    packet = xmp_in(dressed(result(tmp_path, answer), described(kind, tmp_path)))
    root = ET.fromstring(packet)
    marks = [
        each.text for each in root.iter("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    ]
    assert marks == ["http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"]
    assert [each.text for each in root.iter("{http://purl.org/dc/elements/1.1/}creator")] == ["Ana"]
    assert 'tiff:ImageWidth="80"' in packet
    assert "<exif:PixelYDimension>60</exif:PixelYDimension>" in packet
    assert len(packet) < 1500, "the room behind a packet is not kept"


@pytest.mark.parametrize("answer", ["png", "jpeg"])
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_iptc_comes_back(kind: str, answer: str, tmp_path: Path) -> None:
    assert iptc_in(dressed(result(tmp_path, answer), described(kind, tmp_path))) == IPTC


@pytest.mark.parametrize(
    "old",
    [
        'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture">',
        "><Iptc4xmpExt:DigitalSourceType>digitalCapture</Iptc4xmpExt:DigitalSourceType>",
        '><Iptc4xmpExt:DigitalSourceType rdf:resource="digitalCapture"/>',
    ],
)
def test_an_image_has_one_digital_source_type(old: str) -> None:
    packet = marked(xmp(old), 80, 60)
    assert packet.count(b"digitalCapture") == 0
    assert packet.count(b"algorithmicallyEnhanced") == 1
    ET.fromstring(packet)
    assert marked(packet, 80, 60).count(b"algorithmicallyEnhanced") == 1


def test_the_mark_is_about_the_same_resource_as_the_packet() -> None:
    root = ET.fromstring(marked(xmp(">" + CREDIT), 80, 60))
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    assert {each.get(rdf + "about") for each in root.iter(rdf + "Description")} == {"uuid:1"}


@pytest.mark.parametrize("damaged", [b"", b"Ana's home", b"\xff\xfe\x00", b"<x:xmpmeta/>"])
def test_xmp_that_cannot_be_read_becomes_the_mark_alone(damaged: bytes) -> None:
    root = ET.fromstring(marked(damaged, 80, 60))
    assert "algorithmicallyEnhanced" in "".join(root.itertext())


def test_an_image_without_xmp_and_iptc_gets_no_mark(tmp_path: Path) -> None:
    source = tmp_path / "plain.jpg"
    picture().save(source, "JPEG", exif=exif())
    assert not xmp_in(dressed(result(tmp_path), inspect(source)))


def test_xmp_and_resolution_of_the_result_are_replaced_and_not_doubled(tmp_path: Path) -> None:
    own = PngImagePlugin.PngInfo()
    own.add_itxt("XML:com.adobe.xmp", xmp("><dc:creator>the service</dc:creator>").decode())
    answer = result(tmp_path, pnginfo=own, dpi=(72, 72))
    found = dressed(answer, described("jpeg", tmp_path))
    assert "the service" not in xmp_in(found)
    assert (tmp_path / "dressed").read_bytes().count(b"XML:com.adobe.xmp") == 1
    assert (tmp_path / "dressed").read_bytes().count(b"pHYs") == 1


@pytest.mark.parametrize("answer", KINDS)
def test_what_is_essential_is_color_resolution_and_orientation(answer: str, tmp_path: Path) -> None:
    source = tmp_path / "source.jpg"
    picture().save(source, "JPEG", exif=exif(), xmp=xmp(">" + CREDIT), icc_profile=WIDE, dpi=(300, 300))
    pieces = embed(result(tmp_path, answer), essential(extract(inspect(source))))
    assert pieces is not None
    path = tmp_path / "essential"
    path.write_bytes(b"".join(file_blocks(tmp_path / f"result.{answer}", pieces)))
    verify(path)
    with Image.open(path) as found:
        assert found.info["icc_profile"] == WIDE
        assert found.getexif()[ORIENTATION] == 6
        assert 0x010E not in found.getexif()
        assert not xmp_in(found)
        dpi = found.getexif()[0x011A] if answer == "webp" else found.info["dpi"][0]
        assert round(float(dpi)) == 300


def test_a_resolution_that_exif_alone_states_comes_back(tmp_path: Path) -> None:
    made = exif()
    made[0x011A], made[0x011B], made[0x0128] = 118.11, 118.11, 3
    source = tmp_path / "camera.jpg"
    picture().save(source, "JPEG", exif=made)
    content = source.read_bytes()
    source.write_bytes(content[:2] + content[20:])  # as cameras write it: without a JFIF header
    assert tuple(map(round, dressed(result(tmp_path), inspect(source)).info["dpi"])) == (300, 300)


def test_a_jpeg_without_a_jfif_header_states_the_resolution_in_exif(tmp_path: Path) -> None:
    answer = result(tmp_path, "jpeg")
    content = answer.path.read_bytes()
    answer.path.write_bytes(content[:2] + content[20:])
    found = dressed(answer, described("png", tmp_path))
    assert found.getexif()[0x011A] == 300


def test_a_shape_of_pixels_is_no_resolution(tmp_path: Path) -> None:
    path = tmp_path / "shape.png"
    picture().save(path)
    content = path.read_bytes()
    ratio = png.chunk_bytes(b"pHYs", b"\x00\x00\x00\x01\x00\x00\x00\x02\x00")
    path.write_bytes(content[:33] + ratio + content[33:])
    assert extract(inspect(path)) == []


@pytest.mark.parametrize(
    "resources",
    [b"", b"8BIM", b"8BIM\x04\x04", b"8BIM\x04\x04\xff\x00\x00\x00\x00\x00", b"no resources at all"],
)
def test_damaged_image_resources_hold_no_iptc(resources: bytes, tmp_path: Path) -> None:
    data = b"Photoshop 3.0\x00" + resources
    content = FILES["jpeg"]
    path = tmp_path / "damaged.jpg"
    path.write_bytes(content[:2] + b"\xff\xed" + (len(data) + 2).to_bytes(2, "big") + data + content[2:])
    assert not any(map(png.is_iptc, extract(inspect(path))))


@pytest.mark.parametrize("transparent", [True, False])
@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_keeps_its_transparency(transparent: bool, lossless: bool, tmp_path: Path) -> None:
    image = picture(80, 60)
    if transparent:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(tmp_path / "result.webp", lossless=lossless)
    found = dressed(inspect(tmp_path / "result.webp"), described("jpeg", tmp_path))
    assert found.mode == ("RGBA" if transparent else "RGB")
    assert bool((tmp_path / "dressed").read_bytes()[20] & 0x10) == transparent, "the header's alpha flag"


def test_texts_of_a_png_come_back_unless_they_are_huge(tmp_path: Path) -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("Copyright", "Ana")
    note.add_text("Comment", "x" * (2 << 20))
    path = tmp_path / "texts.png"
    picture().save(path, pnginfo=note)
    found = dressed(result(tmp_path), inspect(path))
    assert (found.info["Copyright"], "Comment" in found.info) == ("Ana", False)


def test_centimeters_are_no_inches(tmp_path: Path) -> None:
    source = described("jpeg", tmp_path)
    content = bytearray(source.path.read_bytes())
    content[13:18] = b"\x02" + (118).to_bytes(2, "big") * 2
    source.path.write_bytes(content)
    assert round(dressed(result(tmp_path), source).info["dpi"][0]) == 300
