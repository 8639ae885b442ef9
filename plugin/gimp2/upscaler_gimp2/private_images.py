"""Private images to work in, and pixels from one drawable to another: the user's image is not changed here.

A private image has no undo and no window; its maker deletes it. Pixels are copied between images of equal
precision as raw bytes: Python-Fu reads and writes a drawable's own format.
"""

from __future__ import absolute_import

import array
import zlib
from contextlib import contextmanager

from gimpfu import (
    GRAY,
    HISTOGRAM_ALPHA,
    INDEXED,
    INTERPOLATION_LOHALO,
    INTERPOLATION_NOHALO,
    INTERPOLATION_NONE,
    LAYER_MODE_NORMAL_LEGACY,
    MASK_DISCARD,
    NORMAL_MODE,
    PRECISION_DOUBLE_GAMMA,
    PRECISION_DOUBLE_LINEAR,
    PRECISION_FLOAT_GAMMA,
    PRECISION_FLOAT_LINEAR,
    PRECISION_HALF_GAMMA,
    PRECISION_HALF_LINEAR,
    PRECISION_U8_GAMMA,
    RGB,
    RGB_IMAGE,
    gimp,
    pdb,
)

STRIP_ROWS = 128
"""Rows moved at once: a multiple of GIMP's tiles, so that none is fetched twice."""

RELATIVE_COLORIMETRIC = 1

LARGEST_VALUE = 65504.0
"""The largest number of a half float. In 32 bits, a blur of larger ones leaves visible errors far away."""

_SRGB_ROUNDING = 4 / 255.0
"""How far outside sRGB a profile's purest colors may be: every maker of sRGB rounds its numbers differently."""

_FLOATS = (
    PRECISION_HALF_LINEAR,
    PRECISION_HALF_GAMMA,
    PRECISION_FLOAT_LINEAR,
    PRECISION_FLOAT_GAMMA,
    PRECISION_DOUBLE_LINEAR,
    PRECISION_DOUBLE_GAMMA,
)


def use_own_formats():
    """Ask GIMP for pixels in the image's own format; call it once, before any pixel is touched.

    Without it the first region of a process is in 8 bits and another curve than all later ones.
    """
    pdb.gimp_plugin_enable_precision()


@contextmanager
def context():
    """Restore the user's colors, interpolation and the like when the block ends."""
    pdb.gimp_context_push()
    try:
        yield
    finally:
        pdb.gimp_context_pop()


@contextmanager
def deleted_after(image):
    """Delete the private ``image`` when the block ends, whatever happened in it."""
    try:
        yield image
    finally:
        if pdb.gimp_image_is_valid(image):
            pdb.gimp_image_delete(image)


def fresh(item):
    """Return a new Python object for ``item``.

    The old one remembers size and depth from its first pixel access on, and reads beyond its memory after either
    changed.
    """
    return gimp._id2drawable(item.ID)


def own_profile(image):
    """Return the image's own color profile as tuple of numbers; empty when it has none (sRGB)."""
    return tuple(pdb.gimp_image_get_color_profile(image)[1])


def private_image(like, width, height):
    """Return an empty image of the same type, precision, palette, profile and resolution as ``like``."""
    image = pdb.gimp_image_new_with_precision(width, height, like.base_type, like.precision)
    image.disable_undo()
    if like.base_type == INDEXED:
        image.colormap = like.colormap
    profile = own_profile(like)
    if profile:
        pdb.gimp_image_set_color_profile(image, len(profile), profile)
    image.resolution = like.resolution
    return image


def plain_copy(layer, image):
    """Insert a copy of ``layer`` into ``image`` without mask, mode, opacity, locks and offsets; return it.

    A group becomes one layer that shows what the group shows.
    """
    copy = pdb.gimp_layer_new_from_drawable(layer, image)
    pdb.gimp_image_insert_layer(image, copy, None, 0)
    for item in [copy] + list(copy.children):
        # a group refuses to be unlocked where it cannot be locked
        if pdb.gimp_item_get_lock_content(item):
            pdb.gimp_item_set_lock_content(item, False)
        if pdb.gimp_item_get_lock_position(item):
            pdb.gimp_item_set_lock_position(item, False)
    copy.visible = True
    if copy.mask is not None:
        copy.remove_mask(MASK_DISCARD)
    copy.opacity = 100.0
    copy.mode = LAYER_MODE_NORMAL_LEGACY
    if pdb.gimp_item_is_group(copy):
        _restore_texts(layer, copy)
        copy = pdb.gimp_image_merge_layer_group(image, copy)
    elif pdb.gimp_item_is_text_layer(copy):
        copy = _rasterized(layer, copy, image)
    if copy.lock_alpha:
        copy.lock_alpha = False
    copy.set_offsets(0, 0)
    return copy


def _rasterized(text, copy, image):
    """Replace the copy of a text layer in a private image by a layer with the pixels of ``text``; return that.

    GIMP writes the copy anew, and again when the precision changes: in other colors where there is a profile.
    """
    size = (text.width, text.height)
    layer = gimp.Layer(image, text.name, size[0], size[1], text.type, 100.0, LAYER_MODE_NORMAL_LEGACY)
    pdb.gimp_image_insert_layer(image, layer, None, 0)
    copy_pixels(text, layer)
    image.remove_layer(copy)
    return layer


def _restore_texts(group, copy):
    """Give the text layers in a copied group the pixels they have in ``group``."""
    for own, one in zip(group.children, copy.children):
        if pdb.gimp_item_is_group(own):
            _restore_texts(own, one)
        elif pdb.gimp_item_is_text_layer(own):
            copy_pixels(own, one)


def working_copy(layer):
    """Return a private image that holds only what ``layer`` looks like by itself, and that layer in it."""
    image = private_image(layer.image, layer.width, layer.height)
    copy = plain_copy(layer, image)
    if image.base_type == INDEXED:
        pdb.gimp_image_convert_rgb(image)
    return image, fresh(copy)


def only_layer(image):
    """Return the layer of a private image that has one."""
    return fresh(image.layers[0])


def to_precision(image, precision):
    """Convert to ``precision``, unless the image has it already, which would be an error for GIMP."""
    if image.precision != precision:
        pdb.gimp_image_convert_precision(image, precision)


def to_profile(image, profile):
    """Convert the colors of ``image`` to ``profile`` (a tuple of numbers)."""
    if tuple(profile) != own_profile(image):
        pdb.gimp_image_convert_color_profile(image, len(profile), profile, RELATIVE_COLORIMETRIC, True)


def to_base_type(image, base_type):
    """Convert to RGB or GRAY; for INDEXED to RGB, because the palette is applied last."""
    if base_type == GRAY and image.base_type != GRAY:
        pdb.gimp_image_convert_grayscale(image)
    if base_type != GRAY and image.base_type != RGB:
        pdb.gimp_image_convert_rgb(image)


def srgb_profile():
    """Return the profile of GIMP's own sRGB as tuple of numbers."""
    with deleted_after(pdb.gimp_image_new_with_precision(1, 1, RGB, PRECISION_U8_GAMMA)) as image:
        return tuple(pdb.gimp_image_get_effective_color_profile(image)[1])


def exceeds_srgb(image):
    """Return whether the image's profile holds colors that sRGB does not: its purest ones are converted."""
    profile = own_profile(image)
    if not profile or image.base_type != RGB:
        return False
    with deleted_after(pdb.gimp_image_new_with_precision(3, 1, RGB, PRECISION_FLOAT_GAMMA)) as private:
        private.disable_undo()
        pdb.gimp_image_set_color_profile(private, len(profile), profile)
        layer = gimp.Layer(private, "pure", 3, 1, RGB_IMAGE, 100.0, NORMAL_MODE)
        pdb.gimp_image_insert_layer(private, layer, None, 0)
        region = fresh(layer).get_pixel_rgn(0, 0, 3, 1, True, False)
        region[0:3, 0:1] = _raw(array.array("f", (1, 0, 0, 0, 1, 0, 0, 0, 1)))
        to_profile(private, srgb_profile())
        values = array.array("f", b"".join(strips(only_layer(private))))
    return min(values) < -_SRGB_ROUNDING or max(values) > 1 + _SRGB_ROUNDING


def is_float(image):
    """Return whether the image's numbers may be anything: infinite, not a number, far above white."""
    return image.precision in _FLOATS


def replace_outliers(layer):
    """Replace each number of a 32 bit float layer that is not finite or above :data:`LARGEST_VALUE`.

    The same channel of the pixel before takes its place. A blur would carry one such number over the whole layer.
    """
    layer = fresh(layer)
    channels = layer.bpp // array.array("f").itemsize
    region = layer.get_pixel_rgn(0, 0, layer.width, layer.height, True, False)
    for top in range(0, layer.height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, layer.height)
        values = array.array("f", region[0 : layer.width, top:bottom])
        if not _all_ordinary(values):
            last = [0.0] * channels
            for index, value in enumerate(values):
                if -LARGEST_VALUE <= value <= LARGEST_VALUE:
                    last[index % channels] = value
                else:
                    values[index] = last[index % channels]
            region[0 : layer.width, top:bottom] = _raw(values)
    layer.flush()
    layer.update(0, 0, layer.width, layer.height)


def _all_ordinary(values):
    # NaN makes the sum NaN, which is unequal to itself; min and max may pass it over
    total = sum(values)
    return total == total and -LARGEST_VALUE <= min(values) and max(values) <= LARGEST_VALUE


def _raw(values):
    # Python 2.7 has only the older name
    return values.tobytes() if hasattr(values, "tobytes") else values.tostring()


def share_of_alpha(layer, lowest, highest):
    """Return which share of the layer's pixels has its alpha between ``lowest`` and ``highest`` (0 to 1)."""
    return pdb.gimp_drawable_histogram(layer, HISTOGRAM_ALPHA, lowest, highest)[5]


def is_opaque(layer):
    """Return whether every pixel of ``layer`` is opaque."""
    return not layer.has_alpha or share_of_alpha(layer, 1.0, 1.0) >= 1.0


def is_transparent(layer):
    """Return whether no pixel of ``layer`` is visible."""
    return bool(layer.has_alpha) and share_of_alpha(layer, 0.0, 0.0) >= 1.0


def best_interpolation(before, after):
    """Choose GIMP's best interpolation for a change from one size to another, in the present context."""
    if tuple(before) == tuple(after):
        kind = INTERPOLATION_NONE
    elif after[0] < before[0]:
        kind = INTERPOLATION_LOHALO
    else:
        kind = INTERPOLATION_NOHALO
    pdb.gimp_context_set_interpolation(kind)


def scaled(image, width, height):
    """Scale a private image and all in it with the best interpolation."""
    if (image.width, image.height) != (width, height):
        with context():
            best_interpolation((image.width, image.height), (width, height))
            image.scale(width, height)


def strips(drawable):
    """Yield the drawable's raw bytes from top to bottom, some rows at a time."""
    drawable = fresh(drawable)
    region = drawable.get_pixel_rgn(0, 0, drawable.width, drawable.height, False, False)
    for top in range(0, drawable.height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, drawable.height)
        yield region[0 : drawable.width, top:bottom]


def checksum(drawable):
    """Return a number that changes when any pixel of the drawable does."""
    found = 0
    for strip in strips(drawable):
        found = zlib.crc32(strip, found)
    # Python 2.7 gives it a sign
    return found & 0xFFFFFFFF


def copy_pixels(source, target):
    """Write the pixels of ``source`` over those of ``target``; both have the same size and format.

    Leaves no undo step: the operation before it in the same undo group must have stored the pixels, as any
    scaling does, also one to the same size. Selection and locks do not matter here.
    """
    source, target = fresh(source), fresh(target)
    shape = (source.width, source.height, source.bpp)
    if shape != (target.width, target.height, target.bpp):
        other = (target.width, target.height, target.bpp)
        raise ValueError("pixels of %r do not fit a layer of %r" % (shape, other))
    region = target.get_pixel_rgn(0, 0, target.width, target.height, True, False)
    top = 0
    for strip in strips(source):
        bottom = min(top + STRIP_ROWS, target.height)
        region[0 : target.width, top:bottom] = strip
        top = bottom
    target.flush()
    target.update(0, 0, target.width, target.height)


def copy_part(source, target, source_box, target_box):
    """Copy what two drawables share of the canvas; the boxes say where on it they lie. The rest stays as it was."""
    left, top = max(source_box.x, target_box.x), max(source_box.y, target_box.y)
    right = min(source_box.x + source_box.width, target_box.x + target_box.width)
    bottom = min(source_box.y + source_box.height, target_box.y + target_box.height)
    if right <= left or bottom <= top:
        return
    source, target = fresh(source), fresh(target)
    width, height = right - left, bottom - top
    x, y = left - source_box.x, top - source_box.y
    taken = source.get_pixel_rgn(x, y, width, height, False, False)[x : x + width, y : y + height]
    x, y = left - target_box.x, top - target_box.y
    region = target.get_pixel_rgn(x, y, width, height, True, False)
    region[x : x + width, y : y + height] = taken
    target.flush()
    target.update(x, y, width, height)
