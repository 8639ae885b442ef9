"""Private images to work in, and pixels from one drawable to another, so that the user's image stays as it is.

A private image has no undo and no window; whoever makes one deletes it. Pixels cross between images of equal
precision as raw bytes: Python-Fu reads and writes a drawable's own format.
"""

from __future__ import absolute_import

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
    PRECISION_U8_GAMMA,
    RGB,
    gimp,
    pdb,
)

STRIP_ROWS = 128
"""Rows moved at once: a multiple of GIMP's tiles, so that none is fetched twice."""

RELATIVE_COLORIMETRIC = 1


def use_own_formats():
    """Ask GIMP for pixels in the image's own format; call it once, before any pixel is touched.

    Without it the first region of a process is in 8 bits and another curve than all later ones.
    """
    pdb.gimp_plugin_enable_precision()


@contextmanager
def context():
    """Restore the user's colours, interpolation and the like when the block ends."""
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
    """Return the image's own colour profile as tuple of numbers; empty when it has none (sRGB)."""
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
    """Insert a copy of ``layer`` into ``image``, bare of mask, mode, opacity, locks and offsets; return it.

    A group arrives as one layer, as it looks.
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
        copy = pdb.gimp_image_merge_layer_group(image, copy)
    if copy.lock_alpha:
        copy.lock_alpha = False
    copy.set_offsets(0, 0)
    return copy


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
    """Convert unless it is so already, which GIMP takes for an error."""
    if image.precision != precision:
        pdb.gimp_image_convert_precision(image, precision)


def to_profile(image, profile):
    """Convert the colours of ``image`` to ``profile`` (a tuple of numbers)."""
    if tuple(profile) != own_profile(image):
        pdb.gimp_image_convert_color_profile(image, len(profile), profile, RELATIVE_COLORIMETRIC, True)


def to_base_type(image, base_type):
    """Convert to RGB or GRAY; an indexed goal is met as RGB, the palette comes with the last step."""
    if base_type == GRAY and image.base_type != GRAY:
        pdb.gimp_image_convert_grayscale(image)
    if base_type != GRAY and image.base_type != RGB:
        pdb.gimp_image_convert_rgb(image)


def srgb_profile():
    """Return the profile of GIMP's own sRGB as tuple of numbers."""
    with deleted_after(pdb.gimp_image_new_with_precision(1, 1, RGB, PRECISION_U8_GAMMA)) as image:
        return tuple(pdb.gimp_image_get_effective_color_profile(image)[1])


def share_of_alpha(layer, lowest, highest):
    """Return which share of the layer's pixels has its alpha between ``lowest`` and ``highest`` (0 to 1)."""
    return pdb.gimp_drawable_histogram(layer, HISTOGRAM_ALPHA, lowest, highest)[5]


def is_opaque(layer):
    """Return whether no pixel of ``layer`` lets anything through."""
    return not layer.has_alpha or share_of_alpha(layer, 1.0, 1.0) >= 1.0


def is_transparent(layer):
    """Return whether there is nothing to be seen of ``layer``."""
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
