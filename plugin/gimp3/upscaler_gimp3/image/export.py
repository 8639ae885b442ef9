"""A layer as a PNG ready to send: 8-bit sRGB, no alpha, colours bled under transparent edges."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend import png_writer

from .bleed import Fill
from .buffers import RGB8, RGBA8, read
from .planes import blended, expanded, rgb_of
from .rendering import private_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from precision_upscaler.frontend.placement import Box

_ALPHA_ROWS = bytes([0]) + bytes([255]) * 255


@dataclass
class Exported:
    """What was written, and what is known about the pixels now.

    ``fingerprint`` changes when any pixel or its opacity does (8 bits a channel); ``opaque`` says
    that every pixel is; ``visible`` that at least one can be seen; ``bytes`` is the size of the file
    to send, which is ``smaller`` where there is such a copy.
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
    exported = Exported(area.width, area.height)
    with _readable(drawable) as source:
        rows = _rows(source, area, exported)
        exported.bytes = png_writer.write(path, area.width, area.height, rows)
    return exported


def fingerprint(drawable: Any, area: Box) -> int:
    """Return what :func:`export` would give as fingerprint, without writing anything."""
    exported = Exported(area.width, area.height)
    with _readable(drawable) as source:
        for _ in _pixel_strips(source, area, exported):
            pass
    return exported.fingerprint


def is_opaque(drawable: Any, area: Box) -> bool:
    """Return whether no pixel of ``area`` lets anything through."""
    buffer = drawable.get_buffer()
    for top in range(0, area.height, png_writer.STRIP_ROWS):
        rows = min(png_writer.STRIP_ROWS, area.height - top)
        alpha = read(buffer, RGBA8, area.x, area.y + top, area.width, rows)[3::4]
        if alpha.count(255) != len(alpha):
            return False
    return True


def _rows(source: Any, area: Box, exported: Exported) -> Iterator[bytes]:
    fill = None
    top = 0
    for strip, alpha in _pixel_strips(source, area, exported):
        rows = len(strip) // (area.width * 3)
        if alpha is not None and 0 in alpha:
            fill = fill or Fill(source.get_buffer(), tuple(area))
            strip = blended(  # noqa: PLW2901 - the same strip, its holes filled
                strip, fill.strip(top, rows), expanded(alpha.translate(_ALPHA_ROWS))
            )
        yield strip
        top += rows


def _pixel_strips(source: Any, area: Box, exported: Exported) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield RGB strips, each with its alpha where some of it is not opaque, and note what they hold."""
    buffer = source.get_buffer()
    alpha_channel = source.has_alpha()
    check = 0
    for top in range(0, area.height, png_writer.STRIP_ROWS):
        rows = min(png_writer.STRIP_ROWS, area.height - top)
        place = (area.x, area.y + top, area.width, rows)
        alpha: bytes | None = None
        strip = b""
        if alpha_channel:
            rgba = read(buffer, RGBA8, *place)
            alpha = rgba[3::4]
            check = zlib.adler32(alpha, check)
            if alpha.count(255) == len(alpha):
                alpha = None
            else:
                strip = rgb_of(rgba)
                exported.opaque = False
                exported.visible = exported.visible or alpha.count(0) != len(alpha)
        if alpha is None:
            exported.visible = True
            strip = read(buffer, RGB8, *place)
        check = zlib.adler32(strip, check)
        exported.fingerprint = check
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
    except Exception:  # noqa: BLE001 - GLib.Error, whose import would be the only one of GLib here
        return False
    return True
