"""Procedures about base types, precisions and colour profiles of whole images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import formats, icc
from ..model import Drawable, Failure, Image
from ..pdb import procedure

if TYPE_CHECKING:
    from ..session import Session

_MONO_PALETTE = 3
_BASE_NAMES = ("rgb", "gray", "indexed")


def _refuse_same(image: Image, same: bool, what: str) -> None:
    if same:
        raise Failure(f"Image '{image.name}' ({image.id}) must not be of {what}")


@procedure("gimp-image-convert-rgb")
def convert_rgb(session: Session, image: Image) -> None:
    _convert(image, formats.RGB)


@procedure("gimp-image-convert-grayscale")
def convert_grayscale(session: Session, image: Image) -> None:
    _convert(image, formats.GRAY)


@procedure("gimp-image-convert-indexed")
def convert_indexed(
    session: Session, image: Image, dither: int, palette: int, count: int, alpha: int, unused: int, name: str
) -> None:
    """Convert to black and white or to the image's most frequent colours; nothing is dithered."""
    if image.precision != formats.U8_GAMMA:
        raise Failure("Cannot convert to a palette image with precision other than 8-bit gamma.")
    colormap = b"\0\0\0\xff\xff\xff" if palette == _MONO_PALETTE else _own_palette(image, count)
    _convert(image, formats.INDEXED, colormap)


def _own_palette(image: Image, count: int) -> bytes:
    import numpy as np

    colors = [
        layer.pixels[:, :, :3].reshape(-1, 3) for layer in image.all_layers() if layer.pixels.shape[2] >= 3
    ]
    found, often = np.unique(np.concatenate(colors), axis=0, return_counts=True)
    return found[often.argsort()[::-1][:count]].astype(np.uint8).tobytes()


def _convert(image: Image, base: int, colormap: bytes = b"") -> None:
    _refuse_same(image, image.base_type == base, f"type '{_BASE_NAMES[base]}'")
    image.undo.push()
    before = image.base_type
    if before != formats.GRAY and base == formats.GRAY and image.profile:
        _in_profile(image, b"")
    palette = colormap or image.colormap
    for layer in image.all_layers():
        layer.pixels = formats.change_base(layer.pixels, image.format, before, base, layer.alpha, palette)
        layer.type = base * 2 + (1 if layer.alpha else 0)
    image.base_type = base
    if base != formats.INDEXED or before != formats.INDEXED:
        image.colormap = colormap
    if formats.GRAY in (before, base):
        image.profile = b""


@procedure("gimp-image-convert-precision")
def convert_precision(session: Session, image: Image, precision: int) -> None:
    after = formats.PRECISIONS[precision]
    _refuse_same(image, image.precision == precision, f"precision '{after.name}'")
    if image.base_type == formats.INDEXED:
        raise Failure(f"Image '{image.name}' ({image.id}) must not be of type 'indexed'")
    image.undo.push()
    before = image.format
    for one in image.drawables():
        one.pixels = formats.convert(one.pixels, before, after, one.alpha, value_only=one.value_only)
    image.precision = precision
    if image.profile and before.linear != after.linear:
        _swap_light(image, linear=after.linear)


def _swap_light(image: Image, *, linear: bool) -> None:
    """Keep the profile's colours when the values become linear light, or gamma again."""
    new = icc.in_light(image.profile, linear=linear)
    old = image.profile
    for layer in image.all_layers():
        # the values went through sRGB's curve; undo that, and go through the profile's own
        values = layer.values()
        colors = values[:, :, :-1] if layer.alpha else values
        plain = formats.linear_to_srgb(colors) if linear else formats.srgb_to_linear(colors)
        converted = icc.between(plain, old, new, linear=linear)
        if layer.alpha:
            values[:, :, :-1] = converted
        else:
            values = converted
        layer.set_values(values)
    image.profile = new


# ----- profiles


@procedure("gimp-image-get-color-profile")
def color_profile(session: Session, image: Image) -> tuple[int, Iterable[int]]:
    return len(image.profile), image.profile


@procedure("gimp-image-get-effective-color-profile")
def effective_profile(session: Session, image: Image) -> tuple[int, Iterable[int]]:
    space = "GRAY" if image.base_type == formats.GRAY else "RGB "
    data = image.profile or icc.built_in(space, linear=image.format.linear)
    return len(data), data


def _checked(image: Image, count: int, octets: tuple[int, ...]) -> bytes:
    """Return a profile's bytes, empty for GIMP's own; :class:`Failure` when it is none for this image."""
    data = bytes(value % 256 for value in octets[:count])
    if not data:
        return b""
    try:
        profile = icc.parsed(data)
    except icc.BadProfile as problem:
        raise Failure(str(problem)) from None
    wanted = "GRAY" if image.base_type == formats.GRAY else "RGB "
    if profile.space != wanted:
        raise Failure(f"ICC profile validation failed: Color profile is not for {wanted.strip()} color space")
    return b"" if data == icc.built_in(wanted, linear=image.format.linear) else data


@procedure("gimp-image-set-color-profile")
def set_color_profile(session: Session, image: Image, count: int, octets: tuple[int, ...]) -> None:
    data = _checked(image, count, octets)
    if data != image.profile:
        image.undo.push()
        image.profile = data


@procedure("gimp-image-convert-color-profile")
def convert_color_profile(
    session: Session, image: Image, count: int, octets: tuple[int, ...], intent: int, bpc: int
) -> None:
    if not count:
        raise Failure("execution error")
    data = _checked(image, count, octets)
    if data != image.profile:
        image.undo.push()
        _in_profile(image, data)


def _in_profile(image: Image, data: bytes) -> None:
    for layer in image.all_layers():
        _convert_layer(layer, image, data)
    image.profile = data


def _convert_layer(layer: Drawable, image: Image, data: bytes) -> None:
    values = layer.values()
    linear = image.format.linear
    if layer.alpha:
        values[:, :, :-1] = icc.between(values[:, :, :-1], image.profile, data, linear=linear)
    else:
        values = icc.between(values, image.profile, data, linear=linear)
    layer.set_values(values)
