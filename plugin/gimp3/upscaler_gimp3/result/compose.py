"""From the service's picture to the layer's pixels: colours, alpha and the selection's soft edge.

Everything is computed before the user's image is touched, into a buffer in the plug-in's own
memory, so that what can fail has failed before the undo step begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gi.repository import Gimp
from precision_upscaler.frontend.options import COLORS_ORIGINAL, COLORS_SERVICE, SOURCE_RADIUS
from precision_upscaler.frontend.placement import Box

from upscaler_gimp3.image.buffers import (
    RGB8,
    RGB_LINEAR,
    RGB_PERCEPTUAL,
    RGBA8,
    RGBA_LINEAR,
    RGBA_PERCEPTUAL,
    VALUE,
    Graph,
    copied,
    new_buffer,
    retell,
    retold,
    size_of,
)
from upscaler_gimp3.image.export import known_to_babl
from upscaler_gimp3.image.rendering import plain_layer, private_image
from upscaler_gimp3.image.scaling import scaled_layer, scaled_rgb, scaled_values


@dataclass(frozen=True)
class Target:
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


def composed(result: Any, drawable: Any, target: Target) -> Any:
    """Return the new layer's pixels as a buffer: RGB when it is opaque, else with alpha.

    ``result`` is the service's picture (8-bit sRGB), ``drawable`` the layer as it was, rendered.
    """
    rgb = in_profile_of(drawable.get_image(), scaled_rgb(result, target.area.width, target.area.height))
    if target.whole and target.opaque and target.colors == COLORS_SERVICE:
        return rgb
    with local_copy(drawable, target.width, target.height) as local:
        if target.colors == COLORS_ORIGINAL:
            rgb = with_original_colours(rgb, local, target, drawable.get_width())
        if not target.whole:
            rgb = through_selection(rgb, local, target)
        if target.opaque:
            return rgb
        return with_alpha(rgb, local, target)


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
        copied(drawable.get_buffer(), layer.get_buffer())
        layer.update(0, 0, *size)
        scaled_layer(layer, self._width, self._height)
        return layer.get_buffer()

    def __exit__(self, *problem: object) -> None:
        self._private.__exit__(None, None, None)


def with_original_colours(rgb: Any, local: Any, target: Target, source_width: int) -> Any:
    """Return the service's fine detail on the user's own low frequencies (frequency separation).

    ``detail = result - blur(result)`` and ``low = blur(local)``, so their sum is
    ``result + blur(local - result)``: one blur, in perceptual values and 32-bit float. The blur
    weighs by opacity, so that what nobody sees colours nothing.
    """
    x, y, width, height = target.area
    sigma = SOURCE_RADIUS * target.width / source_width
    # GEGL blurs and adds in linear light; told that perceptual values were linear, it does it in those
    mine = retold(local, RGBA_PERCEPTUAL, RGBA_LINEAR, (x, y, width, height))
    theirs = retold(rgb, RGB_PERCEPTUAL, RGB_LINEAR, (0, 0, width, height))
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
    result = new_buffer(target.format(), width, height)
    retell(summed, RGB_LINEAR, result, RGB_PERCEPTUAL)
    return result


def through_selection(rgb: Any, local: Any, target: Target) -> Any:
    """Return the user's own pixels with the result on them, as strong as the selection is."""
    base = new_buffer(target.format(), target.width, target.height)
    copied(local, base)
    graph = Graph()
    placed = graph.node("gegl:translate", rgb, x=float(target.area.x), y=float(target.area.y))
    over: Any = placed
    if target.selection is not None:
        over = graph.node("gegl:opacity", placed, target.selection)
    mixed = graph.cropped(graph.node("svg:src-over", base, over), target.width, target.height)
    return graph.into(mixed, new_buffer(target.format(), target.width, target.height))


def with_alpha(rgb: Any, local: Any, target: Target) -> Any:
    """Return ``rgb`` with the alpha channel of ``local``."""
    width, height = target.width, target.height
    graph = Graph()
    alpha = graph.node("gegl:component-extract", local, linear=True)
    alpha.set_property("component", "alpha")
    values = graph.into(alpha, new_buffer(VALUE, width, height))
    veiled = graph.node("gegl:opacity", rgb, values)
    return graph.into(veiled, new_buffer(target.format(alpha=True), width, height))


def scaled_selection(image: Any, layer_box: Box, width: int, height: int) -> Any:
    """Return the selection over the layer's box, scaled to the new layer's size, as a buffer of values."""
    selection = image.get_selection().get_buffer()
    return scaled_values(selection, tuple(layer_box), width, height)


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
        copied(rgb, layer.get_buffer())
        layer.update(0, 0, width, height)
        private.convert_color_profile(
            image.get_color_profile(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True
        )
        result = new_buffer(RGB_PERCEPTUAL, width, height)
        copied(layer.get_buffer(), result)
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
    from gi.repository import Gio

    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))
    if image is None:
        raise OSError(f"{path} is no picture GIMP can read")
    try:
        image.flatten()
        layer = image.get_layers()[0]
        buffer = new_buffer(RGB8, layer.get_width(), layer.get_height())
        copied(layer.get_buffer(), buffer)
        return buffer
    finally:
        image.delete()
