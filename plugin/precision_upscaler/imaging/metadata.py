"""An image file's metadata: verify the file, strip what is not sent, extract it, embed it in the result.

What is sent are the pixels and what decodes them. Left out are EXIF with its place and camera, XMP, IPTC,
comments, thumbnails, and whatever follows the image in the file. The orientation is left out too: no
service can then turn the image or leave it as it is, which nobody could tell afterwards; and a color
profile for RGB, so that the numbers come back in the space they were sent in.

What is extracted is kept as PNG chunks, whatever the source's format: a result is a PNG as a rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from . import exif, jpeg, png, webp, xmp
from .base import BLOCK, Chunk, Format, ImageFile, Piece, file_blocks, inspect, merged

__all__ = ["embed", "essential", "extract", "pack", "sent_digest", "strip", "unpack", "verify"]

pack, unpack = png.pack, png.unpack

_STRIP: dict[Format, Callable[[BinaryIO], list[Piece]]] = {
    "png": png.strip,
    "jpeg": jpeg.strip,
    "webp": webp.strip,
}
_EXTRACT: dict[Format, Callable[[BinaryIO], list[Chunk]]] = {
    "png": png.extract,
    "jpeg": jpeg.extract,
    "webp": webp.extract,
}


def verify(path: Path, pixels: hashlib._Hash | None = None) -> ImageFile:
    """Check that ``path`` is one whole image, to its last byte, and return what it is.

    PNG: every chunk's checksum, the exact amount of pixel data, and the end chunk. JPEG: the
    sequence of segments, a frame, a scan, and the end marker. WebP: the container's and every
    chunk's length. Raises InvalidImage with what is wrong, OSError when the file cannot be read.

    ``pixels`` is fed what two files share when they certainly hold the same pixels. For PNG that is
    the header, palette, transparency and unpacked rows, so that neither compression nor metadata
    matter; other formats count byte for byte.
    """
    image = inspect(path)
    with path.open("rb") as stream:
        if image.format == "png":
            png.verify(stream, pixels)
            return image
        {"jpeg": jpeg.verify, "webp": webp.verify}[image.format](stream)
        if pixels is not None:
            stream.seek(0)
            while block := stream.read(BLOCK):
                pixels.update(block)
    return image


def strip(image: ImageFile) -> list[Piece] | None:
    """Return the pieces of a whole image's file that are sent, in order; None when that is all of it."""
    with image.path.open("rb") as stream:
        pieces = merged(_STRIP[image.format](stream))
        return None if pieces == [(0, stream.seek(0, 2))] else pieces


def sent_digest(image: ImageFile, pixels: str) -> str:
    """Return a hex digest that two images share when what is sent of them certainly is the same.

    ``pixels`` is the digest of all that says how the image looks, from :func:`verify`.
    """
    pieces = None if image.format == "png" else strip(image)
    if pieces is None:
        return pixels
    digest = hashlib.sha256()
    for block in file_blocks(image.path, pieces):
        digest.update(block)
    return digest.hexdigest()


def extract(image: ImageFile) -> list[Chunk]:
    """Return what of a whole image's file belongs into its result; profiles only for RGB numbers."""
    with image.path.open("rb") as stream:
        return _EXTRACT[image.format](stream)


def essential(metadata: Sequence[Chunk]) -> list[Chunk]:
    """Return the part of ``metadata`` that says how the image looks: color, resolution, orientation."""
    kept = [chunk for chunk in metadata if chunk[0] in png.COLOR or chunk[0] == png.DENSITY]
    turned = exif.orientation(dict(metadata).get(png.EXIF, b""))
    if turned == 1:
        return kept
    density = png.density_of(dict(kept).get(png.DENSITY, b""))
    return [*kept, (png.EXIF, exif.minimal(orientation=turned, density=density))]


def embed(result: ImageFile, metadata: Sequence[Chunk]) -> list[Piece] | None:
    """Return the pieces of the result's file with ``metadata`` in it, None when nothing changes.

    What the result states of EXIF and color goes first, unless it only states that it is sRGB: it was made
    from numbers that stated no space. XMP and IPTC are kept, and the XMP says that an algorithm enhanced the
    image.
    """
    fitted = []
    for kind, data in metadata:
        fitting = exif.resized(data, result.width, result.height) if kind == png.EXIF else data
        if fitting and not png.is_xmp((kind, data)):
            fitted.append((kind, fitting))
    if any(png.is_xmp(chunk) or png.is_iptc(chunk) for chunk in metadata):
        fitted.append(png.xmp_chunk(xmp.marked(png.xmp_of(metadata), result.width, result.height)))
    if not fitted:
        return None
    with result.path.open("rb") as stream:
        if result.format == "png":
            return png.embed(stream, fitted)
        return jpeg.embed(stream, fitted) if result.format == "jpeg" else webp.embed(stream, fitted, result)
