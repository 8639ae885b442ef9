"""From the service's image to the layer's pixels: colors, the selection's soft edge, alpha, depth, palette.

All of it happens in private images: whatever can fail fails before the user's image is changed.
"""

from __future__ import absolute_import

from collections import namedtuple

from gimpfu import (
    ADD_ALPHA_MASK,
    ADD_BLACK_MASK,
    LAYER_MODE_GRAIN_EXTRACT,
    LAYER_MODE_GRAIN_MERGE,
    MASK_APPLY,
    NORMAL_MODE,
    PRECISION_FLOAT_GAMMA,
    PRECISION_FLOAT_LINEAR,
    RGB,
    RGB_IMAGE,
    GRAY_IMAGE,
    gimp,
    pdb,
)
from precision_upscaler.frontend.options import COLORS_ORIGINAL, SOURCE_RADIUS
from precision_upscaler.frontend.placement import Box

from . import export, private_images
from .encoding import native


class Target(namedtuple("Target", "width height area opaque colors selection")):
    """What the layer becomes: its new size, and which part of it the result covers.

    ``area`` is that part as a Box relative to the new layer; ``opaque`` whether every pixel of the layer is
    opaque; ``selection`` a :func:`selection_image` that blends the result into the layer, or None.
    """

    @property
    def whole(self):
        """Whether the result is all of the layer."""
        return self.area == Box(0, 0, self.width, self.height) and self.selection is None


def composed(image, input_layer, target):
    """Return a private image whose only layer is what the input layer becomes, in its image's format.

    ``image`` is the service's image from :func:`loaded` and is used up. The caller deletes the returned one.
    For an indexed image it is RGB; :func:`fitted` applies the palette.
    """
    goal = input_layer.image
    with _Discard() as discard:
        image = _in_format_of(goal, discard.later(image), target)
        private_images.scaled(image, target.area.width, target.area.height)
        if not (target.whole and target.opaque and target.colors != COLORS_ORIGINAL):
            image = _with_own(image, input_layer, target, discard)
        private_images.to_precision(image, goal.precision)
        return discard.keep(image)


def loaded(path):
    """Return the service's image as a private one with one opaque layer; RuntimeError when GIMP cannot read it."""
    name = native(path)
    image = pdb.gimp_file_load(name, name)
    image.disable_undo()
    image.flatten()
    return image


def fitted(image, like):
    """Return the only layer of ``image`` in the format of the layer ``like``, not inserted in its image yet."""
    layer = pdb.gimp_layer_new_from_drawable(private_images.only_layer(image), like.image)
    if like.has_alpha and not layer.has_alpha:
        layer.add_alpha()
    if layer.has_alpha and not like.has_alpha:
        pdb.gimp_layer_flatten(layer)
    return layer


class _Discard(object):
    """Deletes the private images of a computation at its end, except the one it returns."""

    def __init__(self):
        self._images = []

    def __enter__(self):
        return self

    def later(self, image):
        """Delete ``image`` at the end."""
        if image not in self._images:
            self._images.append(image)
        return image

    def keep(self, image):
        """Do not delete ``image``."""
        self._images = [one for one in self._images if one != image]
        return image

    def __exit__(self, *problem):
        for image in self._images:
            pdb.gimp_image_delete(image)


def _in_format_of(goal, image, target):
    """Convert the loaded result to the base type, profile and precision of ``goal``, or to float."""
    private_images.to_base_type(image, goal.base_type)
    # subtracting colors needs numbers below zero, and outliers are replaced in float only
    in_float = target.colors == COLORS_ORIGINAL or private_images.is_float(goal)
    private_images.to_precision(image, PRECISION_FLOAT_GAMMA if in_float else goal.precision)
    profile = _profile_in(goal, image.precision)
    if profile:
        private_images.to_profile(image, profile)
    elif private_images.own_profile(image):
        private_images.to_profile(image, _default_profile(image))
    return image


def _profile_in(goal, precision):
    """Return the own profile of ``goal`` as it is in an image of ``precision``; empty for GIMP's sRGB.

    A linear image has a linear profile; GIMP makes the one from the other when it converts precision.
    """
    if not private_images.own_profile(goal):
        return ()
    with private_images.deleted_after(private_images.private_image(goal, 1, 1)) as image:
        private_images.to_precision(image, precision)
        return private_images.own_profile(image)


def _default_profile(like):
    with private_images.deleted_after(
        pdb.gimp_image_new_with_precision(1, 1, like.base_type, like.precision)
    ) as image:
        return tuple(pdb.gimp_image_get_effective_color_profile(image)[1])


def _with_own(image, input_layer, target, discard):
    """Return the result in ``image`` with what stays of the user's own layer: colors, surroundings, alpha."""
    own = discard.later(private_images.working_copy(input_layer.layer)[0])
    private_images.to_precision(own, image.precision)
    private_images.scaled(own, target.width, target.height)
    alpha = None if target.opaque else discard.later(pdb.gimp_image_duplicate(own))
    if alpha is not None:
        export.bled(own, private_images.is_float(input_layer.image))
    if target.colors == COLORS_ORIGINAL:
        image = discard.later(_own_colors(image, own, input_layer, target, discard))
    if not target.whole:
        _put_onto(own, image, target, discard)
        image = own
    if alpha is not None:
        _set_alpha(image, alpha)
    return image


def _own_colors(image, own, input_layer, target, discard):
    """Return the service's fine detail on the user's own low frequencies: ``result + blur(own - result)``."""
    part = discard.later(pdb.gimp_image_duplicate(own))
    part.disable_undo()
    part.crop(target.area.width, target.area.height, target.area.x, target.area.y)
    if private_images.is_float(input_layer.image):
        private_images.replace_outliers(private_images.only_layer(part))
    # own - result, around the middle gray
    _on_top(part, image).mode = LAYER_MODE_GRAIN_EXTRACT
    shift = part.flatten()
    _blur(part, shift, SOURCE_RADIUS * target.width / float(input_layer.box.width))
    _on_top(image, part).mode = LAYER_MODE_GRAIN_MERGE
    image.flatten()
    return image


def _on_top(image, other):
    """Insert a copy of the only layer of ``other`` above all of ``image``."""
    layer = pdb.gimp_layer_new_from_drawable(private_images.only_layer(other), image)
    pdb.gimp_image_insert_layer(image, layer, None, 0)
    return layer


def _blur(image, layer, sigma):
    """Blur the numbers of a float layer as they are.

    GIMP blurs in linear light, so the numbers are copied into an image whose precision is called linear.
    """
    linear = pdb.gimp_image_new_with_precision(
        layer.width, layer.height, image.base_type, PRECISION_FLOAT_LINEAR
    )
    with private_images.deleted_after(linear):
        linear.disable_undo()
        kind = RGB_IMAGE if image.base_type == RGB else GRAY_IMAGE
        same = gimp.Layer(linear, "numbers", layer.width, layer.height, kind, 100.0, NORMAL_MODE)
        pdb.gimp_image_insert_layer(linear, same, None, 0)
        private_images.copy_pixels(layer, same)
        size = sigma * export.GAUSS_FOR_SIGMA
        pdb.plug_in_gauss(linear, same, size, size, 0)
        private_images.copy_pixels(same, layer)


def _put_onto(own, image, target, discard):
    """Flatten the result onto the user's own layer in ``own``, through the selection where there is one."""
    layer = _on_top(own, image)
    layer.set_offsets(target.area.x, target.area.y)
    if target.selection is not None:
        edge = discard.later(pdb.gimp_image_duplicate(target.selection))
        edge.disable_undo()
        private_images.to_precision(edge, own.precision)
        private_images.scaled(edge, target.width, target.height)
        edge.crop(target.area.width, target.area.height, target.area.x, target.area.y)
        mask = layer.create_mask(ADD_BLACK_MASK)
        layer.add_mask(mask)
        private_images.copy_pixels(private_images.only_layer(edge).mask, mask)
    own.flatten()


def selection_image(input_layer):
    """Return a private image as large as the layer; the mask of its only layer is the selection as it is now."""
    box, goal = input_layer.box, input_layer.image
    image = pdb.gimp_image_new_with_precision(box.width, box.height, RGB, goal.precision)
    image.disable_undo()
    layer = image.new_layer("selection")
    mask = layer.create_mask(ADD_BLACK_MASK)
    layer.add_mask(mask)
    private_images.copy_part(goal.selection, mask, Box(0, 0, goal.width, goal.height), box)
    return image


def _set_alpha(image, alpha):
    """Give the only layer of ``image`` the alpha of that of ``alpha``."""
    own = _on_top(image, alpha)
    layer = image.layers[1]
    if not layer.has_alpha:
        layer.add_alpha()
    layer.add_mask(own.create_mask(ADD_ALPHA_MASK))
    image.remove_layer(own)
    layer.remove_mask(MASK_APPLY)
