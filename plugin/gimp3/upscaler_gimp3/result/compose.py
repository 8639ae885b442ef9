"""From the service's image to the layer's new pixels and mask: colours, alpha, the selection's soft edge.

Everything is computed into buffers in the plug-in's own memory before the user's image is touched, so
that whatever can fail has failed before the undo step begins. That takes seconds in which the user goes
on working, so a :class:`Composition` remembers what it was made for; where it goes is worked out last.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp, Gio
from precision_upscaler.frontend.layer_rules import PIXELS, keeps_layer
from precision_upscaler.frontend.options import COLORS_ORIGINAL, COLORS_SERVICE, SOURCE_RADIUS
from precision_upscaler.frontend.placement import Box, Placed, Size, place, scaled_box

from upscaler_gimp3.image.buffers import (
    RGB8,
    RGB_LINEAR,
    RGB_PERCEPTUAL,
    RGBA8,
    RGBA_LINEAR,
    RGBA_PERCEPTUAL,
    VALUE,
    Graph,
    clear_non_finite,
    copy_pixels,
    new_buffer,
    reinterpret,
    reinterpreted,
    size_of,
    strips,
)
from upscaler_gimp3.image.export import is_opaque, known_to_babl
from upscaler_gimp3.image.layers import box_of
from upscaler_gimp3.image.rendering import plain_layer, private_image, rendered
from upscaler_gimp3.image.scaling import scaled_layer, scaled_rgb, scaled_values

from .models import Composition, Swap

if TYPE_CHECKING:
    from .models import DecodedResult

_ROWS = 256


def compose(image: Any, decoded: DecodedResult, placement: str, colors: str) -> Composition:
    """Return the new pixels and mask of one layer for where it goes now."""
    found = decoded.pending.input
    own = box_of(found.layer)
    with rendered(found.layer) as (drawable, box):
        width, height = _placed(image, decoded, placement, box).layer[2:]
        selection = None
        if found.selection is not None:
            selection = scaled_values(found.selection, (0, 0, box.width, box.height), width, height)
        spec = LayerSpec(
            width,
            height,
            _area_on(found.area_in_layer, box, width, height),
            selection,
            _opaque(decoded, drawable, box),
            is_deep(image),
            colors,
        )
        pixels = composed(decoded.pixels, drawable, spec)
    composition = Composition(
        pixels,
        not spec.opaque,
        (box.x - own.x, box.y - own.y),
        Size(box.width, box.height),
        _format_of(image),
        image.get_color_profile(),
    )
    return with_mask_of_now(decoded, composition)


def is_up_to_date(image: Any, decoded: DecodedResult, placement: str, composition: Composition) -> bool:
    """Return whether image and placement still need these pixels: in format, profile and size.

    One pixel more or less does not count: how a fractional scale is rounded depends on the layer's place.
    """
    wanted = _placed(image, decoded, placement, _box_now(decoded, composition)).layer
    width, height = size_of(composition.pixels)
    if abs(wanted.width - width) > 1 or abs(wanted.height - height) > 1:
        return False
    profile = image.get_color_profile()
    if _format_of(image) != composition.image_format or (profile is None) != (composition.profile is None):
        return False
    return profile is None or bool(profile.is_equal(composition.profile))


def with_mask_of_now(decoded: DecodedResult, composition: Composition) -> Composition:
    """Return the composition with the layer's present mask, scaled; the same one if the mask is unchanged.

    Where the rendered layer is larger than the layer, the mask hides what is outside, as GIMP does.
    """
    layer = decoded.pending.input.layer
    check = _mask_check(layer)
    if check is not None and check == composition.mask_check:
        return composition
    values = None
    if check is not None:
        own, box = box_of(layer), _box_now(decoded, composition)
        over = (box.x - own.x, box.y - own.y, box.width, box.height)
        values = scaled_values(layer.get_mask().get_buffer(), over, *size_of(composition.pixels))
    return replace(composition, mask=values, mask_check=check)


def swap_of(image: Any, decoded: DecodedResult, placement: str, composition: Composition) -> Swap:
    """Return the swap for the places that canvas and layer have now."""
    found = decoded.pending.input
    rendered_box = _box_now(decoded, composition)
    placed = _placed(image, decoded, placement, rendered_box)
    width, height = size_of(composition.pixels)
    return Swap(
        found.layer,
        composition.pixels,
        composition.mask,
        rendered_box,
        placed._replace(layer=placed.layer._replace(width=width, height=height)),
        alpha=composition.alpha,
        keep=keeps_layer(found.kind, placement),
        replace=found.kind != PIXELS or found.effects,
    )


def is_deep(image: Any) -> bool:
    """Return whether the image's pixels can hold more than 8-bit sRGB."""
    profile = image.get_color_profile()
    if image.get_precision() != Gimp.Precision.U8_NON_LINEAR:
        return True
    return profile is not None and not profile.is_equal(Gimp.ColorProfile.new_rgb_srgb())


def _placed(image: Any, decoded: DecodedResult, placement: str, box: Box) -> Placed:
    return place(placement, Size(image.get_width(), image.get_height()), box, decoded.scale)


def _box_now(decoded: DecodedResult, composition: Composition) -> Box:
    own = box_of(decoded.pending.input.layer)
    x, y = composition.reach
    return Box(own.x + x, own.y + y, *composition.rendered_size)


def _format_of(image: Any) -> tuple[Any, Any]:
    return image.get_base_type(), image.get_precision()


def _mask_check(layer: Any) -> int | None:
    mask = layer.get_mask()
    if mask is None:
        return None
    check = 1
    for strip in strips(mask.get_buffer(), VALUE, (0, 0, mask.get_width(), mask.get_height()), _ROWS):
        check = zlib.adler32(strip, check)
    return check


def _area_on(sent: Box, box: Box, width: int, height: int) -> Box:
    """Return the sent area on the new layer, in its own coordinates."""
    if (sent.width, sent.height) == (box.width, box.height):
        return Box(0, 0, width, height)
    return scaled_box(sent, Fraction(width, box.width), Fraction(height, box.height))


def _opaque(decoded: DecodedResult, drawable: Any, box: Box) -> bool:
    if not drawable.has_alpha():
        return True
    if decoded.pending.input.whole:
        return decoded.pending.exported.opaque
    return is_opaque(drawable, Box(0, 0, box.width, box.height))


# ----- the pixels


@dataclass(frozen=True)
class LayerSpec:
    """What the layer becomes: its new size, the sent area on it, and what of the user's shows through.

    ``area`` is relative to the new layer. ``selection`` is a buffer of values as large as the layer,
    or None. ``opaque`` says that no pixel of the layer lets anything through, ``deep`` that 8-bit
    sRGB is too little for the user's own pixels.
    """

    width: int
    height: int
    area: Box
    selection: Any
    opaque: bool
    deep: bool
    colors: str

    def format(self, *, alpha: bool = False) -> str:
        """Return the leanest pixel format that loses nothing of the layer."""
        if self.deep:
            return RGBA_LINEAR if alpha else RGB_LINEAR
        return RGBA8 if alpha else RGB8

    @property
    def whole(self) -> bool:
        """Whether the result covers all of the layer."""
        return self.area == Box(0, 0, self.width, self.height) and self.selection is None


def composed(result: Any, drawable: Any, spec: LayerSpec) -> Any:
    """Return the new layer's pixels as a buffer: RGB when it is opaque, else with alpha.

    ``result`` is the service's picture (8-bit sRGB), ``drawable`` the layer as it was, rendered.
    """
    rgb = in_profile_of(drawable.get_image(), scaled_rgb(result, spec.area.width, spec.area.height))
    if spec.whole and spec.opaque and spec.colors == COLORS_SERVICE:
        return rgb
    with local_copy(drawable, spec.width, spec.height) as local:
        if spec.colors == COLORS_ORIGINAL:
            rgb = with_original_colours(rgb, local, spec, drawable.get_width())
        if not spec.whole:
            rgb = through_selection(rgb, local, spec)
        if spec.opaque:
            return rgb
        return with_alpha(rgb, local, spec)


class local_copy:  # noqa: N801 - used as a function in a with statement
    """Give the layer's own pixels, scaled by GIMP in the image's precision and profile, as a buffer."""

    def __init__(self, drawable: Any, width: int, height: int) -> None:
        self._drawable, self._width, self._height = drawable, width, height
        self._private: Any = None

    def __enter__(self) -> Any:
        drawable = self._drawable
        size = (drawable.get_width(), drawable.get_height())
        self._private = private_image(drawable.get_image(), *size)
        private = self._private.__enter__()
        layer = plain_layer(private, *size, alpha=drawable.has_alpha())
        private.insert_layer(layer, None, 0)
        copy_pixels(drawable.get_buffer(), layer.get_buffer())
        layer.update(0, 0, *size)
        scaled_layer(layer, self._width, self._height)
        return layer.get_buffer()

    def __exit__(self, *problem: object) -> None:
        self._private.__exit__(None, None, None)


def with_original_colours(rgb: Any, local: Any, spec: LayerSpec, source_width: int) -> Any:
    """Return the service's fine detail on the user's own low frequencies (frequency separation).

    ``detail = result - blur(result)`` and ``low = blur(local)``, so their sum is
    ``result + blur(local - result)``: one blur, in perceptual values and 32-bit float. The blur
    weighs by opacity, so that invisible pixels have no influence.
    """
    x, y, width, height = spec.area
    sigma = SOURCE_RADIUS * spec.width / source_width
    # GEGL blurs and adds in linear light, so the perceptual values are declared linear
    mine = reinterpreted(local, RGBA_PERCEPTUAL, RGBA_LINEAR, (x, y, width, height))
    if spec.deep:
        clear_non_finite(mine, RGBA_LINEAR)
    theirs = reinterpreted(rgb, RGB_PERCEPTUAL, RGB_LINEAR, (0, 0, width, height))
    graph = Graph()
    shift = graph.node("gegl:subtract", mine, theirs)
    blurred = graph.cropped(
        graph.node("gegl:gaussian-blur", shift, std_dev_x=sigma, std_dev_y=sigma, clip_extent=False),
        width,
        height,
    )
    # read without its alpha: what the blur weighed is no longer needed
    low = graph.into(blurred, new_buffer(RGB_LINEAR, width, height))
    summed = graph.into(graph.node("gegl:add", theirs, low), new_buffer(RGB_LINEAR, width, height))
    result = new_buffer(spec.format(), width, height)
    reinterpret(summed, RGB_LINEAR, result, RGB_PERCEPTUAL)
    return result


def through_selection(rgb: Any, local: Any, spec: LayerSpec) -> Any:
    """Return the user's own pixels with the result on them, as strong as the selection is."""
    base = new_buffer(spec.format(), spec.width, spec.height)
    copy_pixels(local, base)
    graph = Graph()
    placed = graph.node("gegl:translate", rgb, x=float(spec.area.x), y=float(spec.area.y))
    over: Any = placed
    if spec.selection is not None:
        over = graph.node("gegl:opacity", placed, spec.selection)
    mixed = graph.cropped(graph.node("svg:src-over", base, over), spec.width, spec.height)
    return graph.into(mixed, new_buffer(spec.format(), spec.width, spec.height))


def with_alpha(rgb: Any, local: Any, spec: LayerSpec) -> Any:
    """Return ``rgb`` with the alpha channel of ``local``."""
    width, height = spec.width, spec.height
    graph = Graph()
    alpha = graph.node("gegl:component-extract", local, linear=True)
    alpha.set_property("component", "alpha")
    values = graph.into(alpha, new_buffer(VALUE, width, height))
    veiled = graph.node("gegl:opacity", rgb, values)
    return graph.into(veiled, new_buffer(spec.format(alpha=True), width, height))


def in_profile_of(image: Any, rgb: Any) -> Any:
    """Return ``rgb`` as it is, or converted by GIMP when the image's profile is one babl cannot use.

    babl takes the values of such an image for sRGB, reading and writing alike, so they pass through.
    """
    if known_to_babl(image):
        return rgb
    width, height = size_of(rgb)
    precision = Gimp.Precision.FLOAT_NON_LINEAR
    private = Gimp.Image.new_with_precision(width, height, Gimp.ImageBaseType.RGB, precision)
    try:
        private.undo_disable()
        layer = plain_layer(private, width, height, alpha=False)
        private.insert_layer(layer, None, 0)
        copy_pixels(rgb, layer.get_buffer())
        layer.update(0, 0, width, height)
        private.convert_color_profile(
            image.get_color_profile(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True
        )
        result = new_buffer(RGB_PERCEPTUAL, width, height)
        copy_pixels(layer.get_buffer(), result)
        return result
    finally:
        private.delete()


def decoded(path: str) -> Any:
    """Return a result file as a buffer of 8-bit sRGB; OSError when it is no picture GIMP can read."""
    graph = Graph()
    loader = graph.node("gegl:load", path=path)
    box = loader.get_bounding_box()
    if box.width < 1 or box.height < 1:
        return _decoded_by_gimp(path)
    return graph.into(loader, new_buffer(RGB8, box.width, box.height))


def _decoded_by_gimp(path: str) -> Any:
    """Return the file as GIMP's own loaders read it: for formats GEGL was built without."""
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))
    if image is None:
        raise OSError(f"{path} is no picture GIMP can read")
    try:
        image.flatten()
        layer = image.get_layers()[0]
        buffer = new_buffer(RGB8, layer.get_width(), layer.get_height())
        copy_pixels(layer.get_buffer(), buffer)
        return buffer
    finally:
        image.delete()
