"""A layer as the file the service gets: 8-bit sRGB without alpha, its colors bled under what is transparent."""

from __future__ import absolute_import

import os
from collections import namedtuple

from gimpfu import (
    HISTOGRAM_BLUE,
    HISTOGRAM_GREEN,
    HISTOGRAM_RED,
    HISTOGRAM_VALUE,
    PRECISION_FLOAT_GAMMA,
    PRECISION_U8_GAMMA,
    RGB,
    gimp,
    pdb,
)
from precision_upscaler.frontend import layer_rules, png_writer
from precision_upscaler.frontend.worker_process import JPEG_QUALITY

from . import private_images
from .layers import refuse

BLEED_SIGMAS = (1.5, 6.0, 24.0)
"""Standard deviations in pixels of the blurs that carry colors outwards, from the edge to far away."""

GAUSS_FOR_SIGMA = 1 / 0.32
"""The size that plug-in-gauss takes for a standard deviation of one pixel."""

JPEG_444 = 2
"""The chroma subsampling of file-jpeg-save that keeps a color for every pixel."""

Exported = namedtuple("Exported", "opaque fingerprint")
"""What is known of the pixels that were sent.

``opaque`` says that every pixel of the whole layer is; ``fingerprint`` is a number that changes when any pixel
of the sent area does, in the image's own depth.
"""


def export(input_layer, path, translate):
    """Write the area of the :class:`layers.InputLayer` to ``path`` as PNG; returns the :class:`Exported`.

    :class:`Refused` when nothing of it is visible.
    """
    image, layer = private_images.working_copy(input_layer.layer)
    with private_images.deleted_after(image):
        opaque, whole = private_images.is_opaque(layer), input_layer.area == input_layer.box
        layer = _cropped(image, input_layer)
        visible = not private_images.is_transparent(layer)
        refuse(layer_rules.visibility_refusal(input_layer.name, visible, whole), translate)
        exported = Exported(opaque, private_images.checksum(layer))
        has_outliers = private_images.is_float(image)
        to_srgb(image)
        if not private_images.is_opaque(layer):
            bled(image, has_outliers)
        private_images.to_precision(image, PRECISION_U8_GAMMA)
        write_png(image.flatten(), path)
    return exported


def as_it_is(input_layer):
    """Return what :func:`export` would, without writing anything."""
    image, layer = private_images.working_copy(input_layer.layer)
    with private_images.deleted_after(image):
        opaque = private_images.is_opaque(layer)
        return Exported(opaque, private_images.checksum(_cropped(image, input_layer)))


def _cropped(image, input_layer):
    """Crop the private copy of the layer to what is sent; return the layer that remains."""
    area, box = input_layer.area, input_layer.box
    if area != box:
        image.crop(area.width, area.height, area.x - box.x, area.y - box.y)
    return private_images.only_layer(image)


def to_srgb(image):
    """Convert a private image to RGB in sRGB, in float as long as there is work to do in it."""
    private_images.to_precision(image, PRECISION_FLOAT_GAMMA)
    private_images.to_base_type(image, RGB)
    if private_images.own_profile(image):
        private_images.to_profile(image, private_images.srgb_profile())


def bled(image, has_outliers):
    """Make the only layer of a private float image opaque and return it.

    What has any opacity keeps its color. Under the rest lie ever wider blurs of the visible, so that the
    service sees no edge to something black; beyond them lies the average. ``has_outliers``: the layer may hold
    numbers that no blur can take; see :func:`private_images.replace_outliers`.
    """
    layer = private_images.only_layer(image)
    with private_images.context():
        visible = layer.copy()
        pdb.gimp_image_insert_layer(image, visible, None, 1)
        if has_outliers:
            private_images.replace_outliers(visible)
        gimp.set_background(*_average(visible))
        for number, sigma in enumerate(BLEED_SIGMAS):
            wider = visible.copy()
            pdb.gimp_image_insert_layer(image, wider, None, number + 2)
            size = sigma * GAUSS_FOR_SIGMA
            pdb.plug_in_gauss(image, wider, size, size, 0)
            pdb.plug_in_threshold_alpha(image, wider, 0)
        image.remove_layer(visible)
        pdb.plug_in_threshold_alpha(image, layer, 0)
        return image.flatten()


def _average(layer):
    """Return the visible pixels' average color as three numbers from 0 to 255."""
    channels = (HISTOGRAM_RED, HISTOGRAM_GREEN, HISTOGRAM_BLUE) if layer.is_rgb else (HISTOGRAM_VALUE,) * 3
    means = [pdb.gimp_drawable_histogram(layer, channel, 0.0, 1.0)[0] for channel in channels]
    return [min(max(int(round(mean)), 0), 255) for mean in means]


def write_png(layer, path):
    """Write an 8-bit opaque layer to ``path``."""
    layer = private_images.fresh(layer)
    png_writer.write(path, layer.width, layer.height, private_images.strips(layer), channels=layer.bpp)


def jpeg_copy(png):
    """Write the picture in ``png`` as JPEG of high quality beside it, for slow connections; return its path.

    RuntimeError when that fails.
    """
    path = os.path.splitext(png)[0] + ".jpg"
    image = pdb.gimp_file_load(png, png)
    with private_images.deleted_after(image):
        drawable = image.active_drawable
        # no smoothing, optimized, not progressive, no comment, baseline, no restarts, integer arithmetic
        pdb.file_jpeg_save(image, drawable, path, path, JPEG_QUALITY, 0, 1, 0, "", JPEG_444, 1, 0, 0)
    return path
