"""A layer as the file the service gets: 8-bit sRGB without alpha, its colours bled under what is transparent."""

from __future__ import absolute_import

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
from precision_upscaler.frontend import png_writer, texts

from . import private_images
from .errors import Refused

BLEED_SIGMAS = (1.5, 6.0, 24.0)
"""Standard deviations in pixels of the blurs that carry colours outwards, from the edge to far away."""

GAUSS_FOR_SIGMA = 1 / 0.32
"""What plug-in-gauss wants to be told for a standard deviation of one pixel."""


Exported = namedtuple("Exported", "opaque fingerprint")
"""What is known of the pixels that were sent.

``opaque`` says that every pixel of the whole layer is; ``fingerprint`` is a number that changes when any pixel
of the sent area does, in the image's own depth.
"""


def export(subject, path, translate):
    """Write the subject's area to ``path`` as PNG; returns the :class:`Exported`.

    :class:`Refused` when there is nothing to be seen in it.
    """
    image, layer = private_images.working_copy(subject.layer)
    with private_images.deleted_after(image):
        if private_images.is_transparent(layer):
            raise _refused("transparent", subject, translate)
        opaque = private_images.is_opaque(layer)
        layer = _area_of(image, subject)
        if private_images.is_transparent(layer):
            raise _refused("transparent-area", subject, translate)
        exported = Exported(opaque, private_images.checksum(layer))
        to_srgb(image)
        if not private_images.is_opaque(layer):
            layer = bled(image)
        private_images.to_precision(image, PRECISION_U8_GAMMA)
        flat = image.flatten()
        write_png(flat, path)
    return exported


def as_it_is(subject):
    """Return what :func:`export` would, without writing anything."""
    image, layer = private_images.working_copy(subject.layer)
    with private_images.deleted_after(image):
        opaque = private_images.is_opaque(layer)
        return Exported(opaque, private_images.checksum(_area_of(image, subject)))


def _area_of(image, subject):
    """Crop the private copy of the subject's layer to what is sent; return the layer that remains."""
    if subject.area != subject.box:
        left, top = subject.area.x - subject.box.x, subject.area.y - subject.box.y
        image.crop(subject.area.width, subject.area.height, left, top)
    return private_images.only_layer(image)


def to_srgb(image):
    """Convert a private image to RGB in sRGB, in float as long as there is work to do in it."""
    private_images.to_precision(image, PRECISION_FLOAT_GAMMA)
    private_images.to_base_type(image, RGB)
    if private_images.own_profile(image):
        private_images.to_profile(image, private_images.srgb_profile())


def bled(image):
    """Make the only layer of a private float image opaque and return it.

    What has any opacity keeps its colour. Under the rest lie ever wider blurs of the visible, so that the
    service sees no edge to something black; beyond them lies the average.
    """
    layer = private_images.only_layer(image)
    with private_images.context():
        gimp.set_background(*_average(layer))
        for number, sigma in enumerate(BLEED_SIGMAS):
            wider = layer.copy()
            pdb.gimp_image_insert_layer(image, wider, None, number + 1)
            size = sigma * GAUSS_FOR_SIGMA
            pdb.plug_in_gauss(image, wider, size, size, 0)
            pdb.plug_in_threshold_alpha(image, wider, 0)
        pdb.plug_in_threshold_alpha(image, layer, 0)
        return image.flatten()


def _average(layer):
    """Return the visible pixels' average colour as three numbers from 0 to 255."""
    channels = (HISTOGRAM_RED, HISTOGRAM_GREEN, HISTOGRAM_BLUE) if layer.is_rgb else (HISTOGRAM_VALUE,) * 3
    means = [pdb.gimp_drawable_histogram(layer, channel, 0.0, 1.0)[0] for channel in channels]
    return [min(max(int(round(mean)), 0), 255) for mean in means]


def write_png(layer, path):
    """Write an 8-bit opaque layer to ``path``."""
    layer = private_images.fresh(layer)
    png_writer.write(path, layer.width, layer.height, private_images.strips(layer), channels=layer.bpp)


def _refused(code, subject, translate):
    return Refused(texts.refused(texts.refusal(code, translate, name=subject.name), translate))
