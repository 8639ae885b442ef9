"""The picture of a create call: from base64 text, a ``data:`` URI or an address to checked bytes.

Every check that needs only the header comes before any pixel is decoded, so a decompression bomb costs
nothing. Pillow is imported on first use: the mock must start quickly.
"""

from __future__ import annotations

import binascii
import hashlib
import io
import re
from typing import TYPE_CHECKING, NamedTuple

from precision_upscaler.contract import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import ImageFile

MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_PIXELS = 200_000_000  # read or made at any rate, limits or no limits: about 600 MB of memory
_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]+(?:;[a-z0-9._+-]+=[^;,\s]*)*;base64,", re.IGNORECASE)
_ADDRESS = re.compile(r"https://[^\s/?#]+", re.IGNORECASE)


class InputImageError(ValueError):
    """The picture cannot be used; the message is the reason as the sender is to read it."""


class Source(NamedTuple):
    """A picture that was accepted. ``digest`` names it: the SHA-256 of the text it was sent as."""

    digest: str
    media_type: str
    width: int
    height: int
    data: bytes


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def decode_base64(text: str, *, strict: bool = False) -> bytes:
    """Return the bytes of standard base64; :class:`InputImageError` when it is malformed or empty.

    Unless ``strict``, line breaks are skipped and padding may be missing: command line tools write the first,
    and the decoders of most languages take both. The URL-safe alphabet is refused: what a decoder makes of
    it differs, and may be a damaged image.
    """
    if not strict:
        text = text.replace("\r", "").replace("\n", "")
        if "=" not in text:
            text += "=" * (-len(text) % 4)
    if ("-" in text or "_" in text) and not ("+" in text or "/" in text):
        raise InputImageError("Invalid image format: the base64 is in the URL-safe alphabet")
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise InputImageError("Invalid image format: neither base64 nor an https URL") from None
    if len(text) % 4 or text.endswith("==="):  # Python takes more padding than there can be
        raise InputImageError("Invalid image format: the base64 is malformed")
    if not data:
        raise InputImageError("Invalid image format: the image is empty")
    return data


def open_picture(data: bytes) -> ImageFile.ImageFile:
    """Open a PNG, JPEG or WebP without decoding it; :class:`InputImageError` when it is none.

    The format's own class is used and not ``Image.open``, which prints a warning of its own for what
    :func:`check_size` refuses.
    """
    from PIL import JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: PLC0415 - see the module's docstring

    opener: Callable[[io.BytesIO], ImageFile.ImageFile]
    if data.startswith(_PNG):
        opener = PngImagePlugin.PngImageFile
    elif data.startswith(b"\xff\xd8\xff"):
        opener = JpegImagePlugin.JpegImageFile
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        opener = WebPImagePlugin.WebPImageFile
    else:
        raise InputImageError("Invalid image format: only PNG, JPEG and WebP are supported")
    try:
        return opener(io.BytesIO(data))
    except Exception as error:  # noqa: BLE001 - Pillow raises half a dozen kinds for broken headers
        raise InputImageError(f"Invalid image format: the image is damaged ({error})") from None


def check_size(width: int, height: int, scale_factor: int, *, limits: bool) -> None:
    """Raise :class:`InputImageError` unless a picture of this size in pixels may be enlarged so much."""
    if width * height > _MOST_PIXELS:
        raise InputImageError(f"The image is too large: {width}x{height}")
    if width * height * scale_factor**2 > _MOST_PIXELS:
        raise InputImageError(
            f"The result would be too large: {width * scale_factor}x{height * scale_factor}"
        )
    if not limits:
        return
    least, most, aspect = (
        LIMITS["minimum_input_side"],
        LIMITS["maximum_output_side"],
        LIMITS["maximum_aspect"],
    )
    if min(width, height) < least:
        raise InputImageError(f"The image is too small: {width}x{height}, each side must be at least {least}")
    if max(width, height) * scale_factor > most:
        raise InputImageError(
            f"The result would be too large: {width * scale_factor}x{height * scale_factor}, "
            f"each side may be at most {most}"
        )
    if max(width, height) > aspect * min(width, height):
        raise InputImageError(f"The aspect ratio must be between 1:{aspect} and {aspect}:1")


def check_picture(data: bytes, digest: str, scale_factor: int, *, limits: bool) -> Source:
    """Return ``data`` as :class:`Source` when it is a whole picture within the limits, else raise."""
    picture = open_picture(data)
    check_size(picture.width, picture.height, scale_factor, limits=limits)
    source = Source(digest, MEDIA_TYPES[str(picture.format)], picture.width, picture.height, data)
    try:
        picture.load()
    except Exception:  # noqa: BLE001 - as above
        raise InputImageError("Invalid image format: the image is damaged or cut off") from None
    return source


def thumbnail(data: bytes, side: int) -> bytes:
    """Return a picture as PNG, scaled down until its longer side is ``side`` pixels; 0 leaves it as it is."""
    picture = open_picture(data)
    if side:
        picture.draft("RGB", (side, side))
        picture.thumbnail((side, side))
    elif data.startswith(_PNG):
        return data
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def draw_picture(address: str) -> bytes:
    """Return a PNG drawn from nothing but the text of an address: the same text, the same picture."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - see the module's docstring

    seed = hashlib.sha256(address.encode()).digest()
    width, height = 320 + seed[0], 320 + seed[1]  # within the limits at every factor
    low, high = tuple(seed[2:5]), tuple(seed[5:8])
    ramp = Image.linear_gradient("L").resize((width, height))
    picture = Image.composite(
        Image.new("RGB", (width, height), low), Image.new("RGB", (width, height), high), ramp
    )
    draw = ImageDraw.Draw(picture)
    for index in range(8, 29, 3):
        x, y, radius = seed[index] * width // 255, seed[index + 1] * height // 255, 12 + seed[index + 2] // 3
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(seed[index : index + 3]))
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def is_address(text: str) -> bool:
    """Return whether the ``image`` member of a create call is an https address."""
    return _ADDRESS.match(text) is not None


def read_image(text: str, *, strict: bool, fetch: Callable[[str], bytes] | None) -> bytes:
    """Return the bytes that the ``image`` member of a create call stands for.

    ``strict`` refuses ``data:`` URIs and odd base64, which the document does not promise. ``fetch`` gets an
    https address's bytes; without it a picture is drawn from the address.
    """
    if is_address(text):
        return draw_picture(text) if fetch is None else fetch(text)
    prefix = _DATA_URI.match(text)
    if prefix and not strict:
        text = text[prefix.end() :]
    elif text[:5].lower() == "data:":
        raise InputImageError("Invalid image format: this data: URI is not supported")
    return decode_base64(text, strict=strict)
