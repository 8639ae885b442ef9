"""Probes of colour management: profiles of images, conversion, and refusals."""

from __future__ import absolute_import

from gimpfu import *

from .kit import octets, probe, raised
from .layers import one_layer
from .pixels import painted, read


def srgb():
    return pdb.gimp_image_get_effective_color_profile(gimp.Image(1, 1, RGB))[1]


@probe
def an_image_has_no_profile_of_its_own():
    image, layer = one_layer()
    return pdb.gimp_image_get_color_profile(image)


@probe
def the_effective_profile_is_srgb():
    image, layer = one_layer()
    count, data = pdb.gimp_image_get_effective_color_profile(image)
    return [count == len(data), type(data).__name__, bytes(bytearray(value % 256 for value in data[36:40])) == b"acsp"]


@probe
def setting_a_profile():
    image, layer = one_layer()
    profile = srgb()
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    count, data = pdb.gimp_image_get_color_profile(image)
    return [count == len(profile), tuple(data) == tuple(profile), "icc-profile" in image.parasite_list()]


@probe
def the_profile_parasite():
    image, layer = one_layer()
    profile = srgb()
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    return [image.parasite_find("icc-profile"), image.parasite_list()]


@probe
def dropping_a_profile():
    image, layer = one_layer()
    profile = srgb()
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    pdb.gimp_image_set_color_profile(image, 0, ())
    return [pdb.gimp_image_get_color_profile(image), image.parasite_list()]


@probe
def garbage_as_profile():
    image, layer = one_layer()
    return raised(pdb.gimp_image_set_color_profile, image, 4, (1, 2, 3, 4))[0]


@probe
def a_gray_profile_is_no_rgb_profile():
    gray = gimp.Image(1, 1, GRAY)
    profile = pdb.gimp_image_get_effective_color_profile(gray)[1]
    image, layer = one_layer()
    return [raised(pdb.gimp_image_set_color_profile, image, len(profile), profile)[0],
            pdb.gimp_image_get_color_profile(image)[0]]


@probe
def converting_to_the_same_profile_changes_nothing():
    image, layer = painted()
    before = read(layer)
    profile = srgb()
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    pdb.gimp_image_convert_color_profile(image, len(profile), profile, COLOR_RENDERING_INTENT_RELATIVE_COLORIMETRIC,
                                         True)
    return read(layer) == before


@probe
def duplicates_carry_the_profile():
    image, layer = one_layer()
    profile = srgb()
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    return pdb.gimp_image_get_color_profile(pdb.gimp_image_duplicate(image))[0] == len(profile)


@probe
def linear_images_have_a_linear_effective_profile():
    image = pdb.gimp_image_new_with_precision(2, 2, RGB, PRECISION_FLOAT_LINEAR)
    plain = pdb.gimp_image_new_with_precision(2, 2, RGB, PRECISION_FLOAT_GAMMA)
    one = pdb.gimp_image_get_effective_color_profile(image)[1]
    two = pdb.gimp_image_get_effective_color_profile(plain)[1]
    return tuple(one) == tuple(two)


@probe
def rgb_values():
    colour = gimpcolor.RGB(255, 128, 0)
    return [list(colour), colour.r, colour.g, colour.b, colour.a, len(colour), tuple(colour)[1],
            gimpcolor.RGB(0.5, 0.25, 1.0).r, colour == gimpcolor.RGB(255, 128, 0), repr(colour)]


@probe
def rgb_of_a_wrong_value():
    return raised(pdb.gimp_context_set_foreground, 5)[0]


@probe
def colours_as_tuples():
    pdb.gimp_context_set_foreground((255, 0, 128))
    found = [list(pdb.gimp_context_get_foreground())]
    pdb.gimp_context_set_foreground((1.0, 0.5, 0.0))
    return found + [list(pdb.gimp_context_get_foreground())[:3]]


@probe
def masks_are_not_converted_with_the_profile():
    image, layer = painted()
    layer.add_mask(layer.create_mask(ADD_WHITE_MASK))
    layer.mask.set_pixel(0, 0, (77,))
    profile = srgb()
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    return octets(layer.mask.get_pixel(0, 0))
