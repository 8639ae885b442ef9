"""Probes of colour management: profiles of images, conversion, and refusals."""

from __future__ import absolute_import

import struct

from gimpfu import *

from .kit import Undo, about, octets, probe, raised, raw
from .layers import one_layer
from .pixels import painted, read


def adobe_like(gamma=2.19921875):
    """Return a small matrix profile that is not GIMP's sRGB, as numbers."""

    def fixed(value):
        return struct.pack(">i", int(round(value * 65536)))

    def xyz(*values):
        return b"XYZ \0\0\0\0" + b"".join(fixed(value) for value in values)

    text = "wide".encode("utf-16-be")
    curve = b"para" + b"\0" * 8 + fixed(gamma)
    tags = [
        (b"desc", b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text),
        (b"cprt", b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text),
        (b"wtpt", xyz(0.9642, 1.0, 0.8249)),
        (b"rXYZ", xyz(0.60974, 0.31111, 0.01947)),
        (b"gXYZ", xyz(0.20528, 0.62567, 0.06087)),
        (b"bXYZ", xyz(0.14919, 0.06322, 0.74457)),
        (b"rTRC", curve),
        (b"gTRC", curve),
        (b"bTRC", curve),
    ]
    place, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">II", place + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", place + len(body), b"test", 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    return tuple(bytearray(header.ljust(128, b"\0") + table + body))


@probe
def a_profile_of_its_own():
    image, layer = one_layer()
    profile = adobe_like()
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    count, data = pdb.gimp_image_get_color_profile(image)
    copy = pdb.gimp_image_duplicate(image)
    return [
        count == len(profile),
        tuple(value % 256 for value in data) == profile,
        "icc-profile" in image.parasite_list(),
        pdb.gimp_image_get_color_profile(copy)[0] == count,
        pdb.gimp_image_get_effective_color_profile(image)[0] == count,
    ]


@probe
def converting_colours_into_a_wide_profile():
    image, layer = painted()
    pdb.gimp_image_convert_precision(image, PRECISION_U16_GAMMA)
    profile = adobe_like()
    pdb.gimp_image_convert_color_profile(
        image, len(profile), profile, COLOR_RENDERING_INTENT_RELATIVE_COLORIMETRIC, True
    )
    data = raw(read(image.layers[0]))
    return about(struct.unpack("=%dH" % (len(data) // 2), data), 40)


@probe
def steps_of_colour_management():
    image, layer = painted()
    undo = Undo(image)
    profile = adobe_like()
    depths = [undo.depth()]
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    depths.append(undo.depth())
    pdb.gimp_image_convert_color_profile(
        image, len(srgb()), srgb(), COLOR_RENDERING_INTENT_RELATIVE_COLORIMETRIC, True
    )
    depths.append(undo.depth())
    undo.undo()
    undo.undo()
    return [[depth - depths[0] for depth in depths], pdb.gimp_image_get_color_profile(image)[0]]


@probe
def profiles_and_linear_precision():
    image, layer = painted()
    profile = adobe_like()
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    pdb.gimp_image_convert_precision(image, PRECISION_FLOAT_LINEAR)
    linear = pdb.gimp_image_get_color_profile(image)[0] > 0
    pdb.gimp_image_convert_precision(image, PRECISION_U8_GAMMA)
    # the curve comes back as sRGB's, so the numbers differ a little from what they were
    return [linear, pdb.gimp_image_get_color_profile(image)[0] > 0]


@probe
def layers_carried_between_profiles():
    image, layer = painted()
    other = gimp.Image(4, 3, RGB)
    profile = adobe_like()
    pdb.gimp_image_set_color_profile(other, len(profile), profile)
    copy = pdb.gimp_layer_new_from_drawable(layer, other)
    pdb.gimp_image_insert_layer(other, copy, None, 0)
    return about(read(copy))


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
    return [
        count == len(data),
        type(data).__name__,
        bytes(bytearray(value % 256 for value in data[36:40])) == b"acsp",
    ]


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
    return [
        raised(pdb.gimp_image_set_color_profile, image, len(profile), profile)[0],
        pdb.gimp_image_get_color_profile(image)[0],
    ]


@probe
def converting_to_the_same_profile_changes_nothing():
    image, layer = painted()
    before = read(layer)
    profile = srgb()
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    pdb.gimp_image_convert_color_profile(
        image, len(profile), profile, COLOR_RENDERING_INTENT_RELATIVE_COLORIMETRIC, True
    )
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
    return [
        list(colour),
        colour.r,
        colour.g,
        colour.b,
        colour.a,
        len(colour),
        tuple(colour)[1],
        gimpcolor.RGB(0.5, 0.25, 1.0).r,
        colour == gimpcolor.RGB(255, 128, 0),
        repr(colour),
    ]


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
