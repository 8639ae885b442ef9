"""A layer as a PNG ready to send: 8-bit sRGB, no alpha, colours bled under transparent edges."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp, Gio, GLib
from precision_upscaler.frontend import png_writer
from precision_upscaler.frontend.worker_process import JPEG_QUALITY

from .bleed import Fill
from .buffers import RGB8, RGBA8, read
from .planes import blended, expanded, rgb_of
from .rendering import private_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from precision_upscaler.frontend.placement import Box

_ALPHA_ROWS = bytes([0]) + bytes([255]) * 255
_JPEG_OPTIONS = {
    "quality": JPEG_QUALITY,
    "sub-sampling": "sub-sampling-1x1",
    "smoothing": 0.0,
    "optimize": True,
    "progressive": False,
    "cmyk": False,
    "include-exif": False,
    "include-iptc": False,
    "include-xmp": False,
    "include-color-profile": False,
    "include-thumbnail": False,
    "include-comment": False,
}


@dataclass(frozen=True)
class Exported:
    """What was written, and what the pixels hold.

    ``fingerprint`` changes when any pixel or its opacity does (8 bits a channel); ``opaque``: every pixel
    is; ``visible``: at least one pixel can be seen; ``bytes`` is the size of the file to send, which is
    ``smaller`` where there is such a copy.
    """

    width: int
    height: int
    fingerprint: int = 0
    opaque: bool = True
    visible: bool = False
    bytes: int = 0
    smaller: Path | None = None


def export(drawable: Any, area: Box, path: str) -> Exported:
    """Write ``area`` (relative to the drawable) to ``path``; OSError when the file cannot be written."""
    with _readable(drawable) as source:
        strips = _PixelStrips(source, area)
        size = png_writer.write(path, area.width, area.height, _rows(source, area, strips))
    width, height = area.width, area.height
    return Exported(width, height, strips.fingerprint, strips.opaque, strips.visible, size)


def jpeg_copy(png: Path) -> Path:
    """Write the picture in ``png`` as JPEG beside it and return its path; OSError when that fails."""
    path = png.with_suffix(".jpg")
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(png)))
    if image is None:  # in spite of what its documentation says of errors
        raise OSError(f"GIMP cannot read {png.name} again")
    try:
        procedure = Gimp.get_pdb().lookup_procedure("file-jpeg-export")
        config = procedure.create_config()
        for name, value in _JPEG_OPTIONS.items():
            config.set_property(name, value)
        config.set_property("image", image)
        config.set_property("file", Gio.File.new_for_path(str(path)))
        values = procedure.run(config)
    finally:
        image.delete()
    if values.index(0) != Gimp.PDBStatusType.SUCCESS:
        path.unlink(missing_ok=True)
        raise OSError(f"GIMP cannot write {path.name}: {values.index(1) if values.length() > 1 else '?'}")
    return path


def fingerprint(drawable: Any, area: Box) -> int:
    """Return what :func:`export` would give as fingerprint, without writing anything."""
    with _readable(drawable) as source:
        strips = _PixelStrips(source, area)
        for _ in strips:
            pass
    return strips.fingerprint


def is_opaque(drawable: Any, area: Box) -> bool:
    """Return whether no pixel of ``area`` lets anything through."""
    buffer = drawable.get_buffer()
    for top in range(0, area.height, png_writer.STRIP_ROWS):
        rows = min(png_writer.STRIP_ROWS, area.height - top)
        alpha = read(buffer, RGBA8, area.x, area.y + top, area.width, rows)[3::4]
        if alpha.count(255) != len(alpha):
            return False
    return True


def _rows(source: Any, area: Box, strips: _PixelStrips) -> Iterator[bytes]:
    fill = None
    top = 0
    for strip, alpha in strips:
        rows = len(strip) // (area.width * 3)
        if alpha is not None and 0 in alpha:
            fill = fill or Fill(source.get_buffer(), tuple(area))
            strip = blended(  # noqa: PLW2901 - the same strip, its holes filled
                strip, fill.strip(top, rows), expanded(alpha.translate(_ALPHA_ROWS))
            )
        yield strip
        top += rows


class _PixelStrips:
    """The pixels of an area as RGB strips, each with its alpha where some of it is not opaque.

    ``fingerprint``, ``opaque`` and ``visible`` are right once all strips were read.
    """

    def __init__(self, source: Any, area: Box) -> None:
        self._source, self._area = source, area
        self.fingerprint = 0
        self.opaque = True
        self.visible = False

    def __iter__(self) -> Iterator[tuple[bytes, bytes | None]]:
        buffer, area = self._source.get_buffer(), self._area
        has_alpha = self._source.has_alpha()
        for top in range(0, area.height, png_writer.STRIP_ROWS):
            rows = min(png_writer.STRIP_ROWS, area.height - top)
            place = (area.x, area.y + top, area.width, rows)
            alpha: bytes | None = None
            strip = b""
            if has_alpha:
                rgba = read(buffer, RGBA8, *place)
                alpha = rgba[3::4]
                self.fingerprint = zlib.adler32(alpha, self.fingerprint)
                if alpha.count(255) == len(alpha):
                    alpha = None
                else:
                    strip = rgb_of(rgba)
                    self.opaque = False
                    self.visible = self.visible or alpha.count(0) != len(alpha)
            if alpha is None:
                self.visible = True
                strip = read(buffer, RGB8, *place)
            self.fingerprint = zlib.adler32(strip, self.fingerprint)
            yield strip, alpha


class _readable:  # noqa: N801 - used as a function in a with statement
    """Give a drawable whose buffer babl can turn into sRGB: the same one, or a converted private copy.

    babl knows profiles made of a matrix and curves. One that holds tables is converted by GIMP, with
    its colour management, in a private image.
    """

    def __init__(self, drawable: Any) -> None:
        self._drawable = drawable
        self._private: Any = None

    def __enter__(self) -> Any:
        image = self._drawable.get_image()
        if known_to_babl(image):
            return self._drawable
        self._private = private_image(image, self._drawable.get_width(), self._drawable.get_height())
        private = self._private.__enter__()
        copy = Gimp.Layer.new_from_drawable(self._drawable, private)
        private.insert_layer(copy, None, 0)
        private.convert_color_profile(
            Gimp.ColorProfile.new_rgb_srgb(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True
        )
        return copy

    def __exit__(self, *problem: object) -> None:
        if self._private is not None:
            self._private.__exit__(None, None, None)


def known_to_babl(image: Any) -> bool:
    """Return whether the image's profile is one babl converts by itself."""
    profile = image.get_color_profile()
    if profile is None:
        return True
    try:
        profile.get_space(Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC)
    except GLib.Error:
        return False
    return True
