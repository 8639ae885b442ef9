"""Probes of pixels: regions, tiles, single pixels, scaling without interpolation, precisions, files."""

from __future__ import absolute_import

import struct

from gimpfu import *

from .kit import about, octets, probe, raised, raw, temporary
from .layers import one_layer


def ramp(width=4, height=3, channels=4):
    return [
        (x * 40 + y * 7 + c * 11) % 256 for y in range(height) for x in range(width) for c in range(channels)
    ]


def painted(width=4, height=3, kind=RGBA_IMAGE, base=RGB):
    image, layer = one_layer(width, height, kind, base)
    region = layer.get_pixel_rgn(0, 0, width, height, True, False)
    region[0:width, 0:height] = raw(ramp(width, height, layer.bpp))
    layer.flush()
    layer.update(0, 0, width, height)
    return image, layer


def read(layer):
    """Return every byte of ``layer``, through a fresh object for it.

    The real object remembers size and depth from its first pixel access on; after a scaling or conversion
    the old one reads beyond its memory.
    """
    layer = gimp._id2drawable(layer.ID)
    return octets(
        layer.get_pixel_rgn(0, 0, layer.width, layer.height, False, False)[0 : layer.width, 0 : layer.height]
    )


@probe
def region_attributes():
    image, layer = one_layer()
    region = layer.get_pixel_rgn(1, 2, 5, 3, False, False)
    return [
        region.x,
        region.y,
        region.w,
        region.h,
        region.bpp,
        region.rowstride,
        region.dirty,
        region.shadow,
        region.drawable == layer,
    ]


@probe
def region_reads():
    image, layer = painted()
    region = layer.get_pixel_rgn(0, 0, 4, 3, False, False)
    return [
        octets(region[1, 2]),
        octets(region[0:4, 1]),
        octets(region[2, 0:3]),
        octets(region[1:3, 0:2]),
        octets(region[:, 0]),
        octets(region[0, :]),
    ]


@probe
def region_writes():
    image, layer = painted()
    region = layer.get_pixel_rgn(0, 0, 4, 3, True, False)
    region[0, 0] = raw([1, 2, 3, 4])
    region[1:3, 1] = raw(range(10, 18))
    region[3, 0:2] = raw(range(20, 28))
    layer.flush()
    return read(layer)


@probe
def region_errors():
    image, layer = painted()
    region = layer.get_pixel_rgn(0, 0, 4, 3, True, False)
    return [
        raised(lambda: region[9, 0]),
        raised(lambda: region[0, 9]),
        raised(lambda: region["a", 0]),
        raised(region.__setitem__, (0, 0), raw([1, 2])),
        raised(region.__setitem__, (9, 0), raw([1, 2, 3, 4])),
        raised(region.__setitem__, (0, 0), 7),
    ]


@probe
def region_without_a_pair():
    return raised(lambda: painted()[1].get_pixel_rgn(0, 0, 4, 3, True, False)[0])


@probe
def region_written_through_a_window():
    image, layer = painted()
    region = layer.get_pixel_rgn(1, 1, 2, 2, True, False)
    region[1:3, 1:3] = raw(range(16))
    layer.flush()
    return read(layer)


@probe
def single_pixels():
    image, layer = painted()
    layer.set_pixel(2, 1, (9, 8, 7, 6))
    return [
        list(layer.get_pixel(2, 1)),
        type(layer.get_pixel(0, 0)).__name__,
        raised(layer.get_pixel, 40, 0),
        raised(layer.set_pixel, 0, 0, (1, 2)),
        raised(layer.set_pixel, 0, 0, (1, 2, 3, 999)),
        raised(layer.set_pixel, 0, 0, 5),
    ]


@probe
def pixels_by_procedure():
    image, layer = painted()
    found = pdb.gimp_drawable_get_pixel(layer, 1, 1)
    pdb.gimp_drawable_set_pixel(layer, 0, 0, 4, (5, 6, 7, 8))
    return [
        found,
        pdb.gimp_drawable_get_pixel(layer, 0, 0),
        raised(pdb.gimp_drawable_get_pixel, layer, 100, 100),
        raised(pdb.gimp_drawable_set_pixel, layer, 0, 0, 3, (5, 6, 7)),
    ]


@probe
def tiles():
    image, layer = one_layer(70, 6)
    tile = layer.get_tile2(False, 66, 2)
    found = [gimp.tile_width(), gimp.tile_height(), tile.ewidth, tile.eheight, tile.bpp, tile.tile_num]
    del tile  # a tile that outlives its drawable corrupts the real one's memory
    return found


@probe
def tile_pixels():
    image, layer = painted()
    tile = layer.get_tile(False, 0, 0)
    before = [octets(tile[1, 2]), octets(tile[0])]
    tile[0, 0] = raw([4, 3, 2, 1])
    tile.flush()
    layer.flush()
    after = octets(tile[0, 0])
    del tile  # a tile that outlives its drawable corrupts the real one's memory
    return before + [after]


@probe
def nearest_scaling_up():
    image, layer = painted()
    pdb.gimp_context_set_interpolation(INTERPOLATION_NONE)
    layer.scale(8, 6, False)
    return read(layer)


@probe
def nearest_scaling_by_odd_ratios():
    image, layer = painted(5, 4, GRAY_IMAGE, GRAY)
    pdb.gimp_context_set_interpolation(INTERPOLATION_NONE)
    layer.scale(13, 9, False)
    grown = read(layer)
    layer.scale(3, 2, False)
    return [grown, read(layer)]


@probe
def flat_colours_survive_every_interpolation():
    found = []
    for kind in (
        INTERPOLATION_NONE,
        INTERPOLATION_LINEAR,
        INTERPOLATION_CUBIC,
        INTERPOLATION_NOHALO,
        INTERPOLATION_LOHALO,
    ):
        image, layer = one_layer(12, 10)
        gimp.set_foreground(90, 160, 30)
        layer.fill(FOREGROUND_FILL)
        pdb.gimp_context_set_interpolation(kind)
        layer.scale(30, 25, False)
        found.append([octets(layer.get_pixel(15, 12)), octets(layer.get_pixel(0, 0))])
    return found


@probe
def interpolation_is_part_of_the_context():
    before = pdb.gimp_context_get_interpolation()
    pdb.gimp_context_push()
    pdb.gimp_context_set_interpolation(INTERPOLATION_NONE)
    inside = pdb.gimp_context_get_interpolation()
    pdb.gimp_context_pop()
    return [before, inside, pdb.gimp_context_get_interpolation()]


@probe
def offset_wraps():
    image, layer = painted()
    layer.offset(True, OFFSET_BACKGROUND, 1, 1)
    return read(layer)


@probe
def translation_keeps_pixels():
    image, layer = painted()
    layer.translate(3, 3)
    return read(layer)[:8]


@probe
def layer_resize_keeps_pixels():
    image, layer = painted()
    layer.resize(6, 5, 1, 1)
    return read(layer)


@probe
def canvas_crop_cuts_pixels():
    image, layer = painted()
    image.crop(2, 2, 1, 1)
    return read(image.layers[0])


@probe
def copy_between_layers():
    image, layer = painted()
    copy = layer.copy()
    image.add_layer(copy, 0)
    layer.fill(WHITE_FILL)
    return [read(copy)[:8], read(layer)[:8]]


@probe
def edit_copy_and_paste():
    image, layer = painted()
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 1, 0, 2, 2)
    copied = pdb.gimp_edit_copy(layer)
    pdb.gimp_selection_none(image)
    new = pdb.gimp_edit_paste_as_new_image()
    return [copied, new.width, new.height, read(new.layers[0])]


@probe
def edit_clear_leaves_transparency():
    image, layer = painted()
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 0, 0, 2, 1)
    pdb.gimp_drawable_edit_clear(layer)
    return [octets(layer.get_pixel(0, 0))[3], octets(layer.get_pixel(2, 0))]


@probe
def fill_keeps_to_the_selection():
    image, layer = painted()
    gimp.set_foreground(1, 2, 3)
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 0, 0, 2, 1)
    pdb.gimp_drawable_edit_fill(layer, FOREGROUND_FILL)
    return [octets(layer.get_pixel(1, 0)), octets(layer.get_pixel(2, 0))]


@probe
def gray_fill_of_rgb_colours():
    image, layer = one_layer(2, 2, GRAY_IMAGE, GRAY)
    found = []
    for colour in ((255, 0, 0), (0, 255, 0), (10, 20, 30)):
        gimp.set_foreground(*colour)
        layer.fill(FOREGROUND_FILL)
        found.append(octets(layer.get_pixel(0, 0)))
    return found


@probe
def gray_conversion():
    image, layer = painted()
    pdb.gimp_image_convert_grayscale(image)
    return read(layer)


@probe
def rgb_conversion_of_gray():
    image, layer = painted(4, 3, GRAYA_IMAGE, GRAY)
    pdb.gimp_image_convert_rgb(image)
    return read(layer)


@probe
def deep_pixels_are_read_in_their_own_format():
    found = []
    for precision in (PRECISION_U16_GAMMA, PRECISION_U32_GAMMA, PRECISION_FLOAT_GAMMA, PRECISION_HALF_GAMMA):
        image = painted()[0]
        pdb.gimp_image_convert_precision(image, precision)
        layer = gimp._id2drawable(image.layers[0].ID)
        found.append(
            [
                layer.bpp,
                octets(layer.get_pixel(1, 1)),
                read(layer)[:8],
                layer.get_pixel_rgn(0, 0, 1, 1, False, False).bpp,
            ]
        )
    return found


@probe
def linear_precisions_hold_linear_light():
    found = []
    for precision, letter in ((PRECISION_U16_LINEAR, "H"), (PRECISION_FLOAT_LINEAR, "f")):
        image, layer = painted()
        pdb.gimp_image_convert_precision(image, precision)
        data = raw(read(layer))
        numbers = struct.unpack("=%d%s" % (len(data) // struct.calcsize(letter), letter), data)
        found.append([image.precision, ["%.5g" % number for number in numbers]])
    return found


@probe
def precision_there_and_back():
    image, layer = painted()
    before = read(layer)
    for precision in (PRECISION_U16_GAMMA, PRECISION_FLOAT_LINEAR, PRECISION_U32_GAMMA, PRECISION_U8_GAMMA):
        pdb.gimp_image_convert_precision(image, precision)
    return read(layer) == before


@probe
def precision_twice():
    image, layer = painted()
    return raised(pdb.gimp_image_convert_precision, image, PRECISION_U8_GAMMA)


@probe
def mask_pixels_in_linear_light():
    image, layer = painted()
    pdb.gimp_image_convert_precision(image, PRECISION_FLOAT_LINEAR)
    mask = layer.create_mask(ADD_WHITE_MASK)
    layer.add_mask(mask)
    return [raised(mask.set_pixel, 0, 0, (100,)), octets(mask.get_pixel(0, 0)), mask.bpp, mask.type]


@probe
def colormap():
    image = gimp.Image(2, 2, INDEXED)
    image.colormap = raw([0, 0, 0, 255, 128, 64, 9, 9, 9])
    layer = gimp.Layer(image, "i", 2, 2, INDEXED_IMAGE, 100, NORMAL_MODE)
    image.add_layer(layer, 0)
    region = layer.get_pixel_rgn(0, 0, 2, 2, True, False)
    region[0:2, 0:2] = raw([0, 1, 2, 1])
    layer.flush()
    pdb.gimp_image_convert_rgb(image)
    return [read(layer), layer.type]


@probe
def png_out_and_in():
    image, layer = painted()
    path = temporary("round.png")
    pdb.file_png_save(image, layer, path, path, 0, 1, 0, 0, 0, 0, 0)
    loaded = pdb.gimp_file_load(path, path)
    return [
        loaded.width,
        loaded.height,
        loaded.base_type,
        loaded.precision,
        loaded.layers[0].name,
        loaded.layers[0].type,
        read(loaded.layers[0]),
        loaded.filename == path,
        loaded.dirty,
    ]


@probe
def png_of_sixteen_bits():
    image, layer = painted(4, 3, RGB_IMAGE)
    pdb.gimp_image_convert_precision(image, PRECISION_U16_GAMMA)
    path = temporary("deep.png")
    pdb.file_png_save(image, layer, path, path, 0, 1, 0, 0, 0, 0, 0)
    loaded = pdb.gimp_file_load(path, path)
    return [loaded.precision, loaded.layers[0].type, read(loaded.layers[0])]


@probe
def png_of_gray():
    image, layer = painted(4, 3, GRAYA_IMAGE, GRAY)
    path = temporary("gray.png")
    pdb.file_png_save(image, layer, path, path, 0, 1, 0, 0, 0, 0, 0)
    loaded = pdb.gimp_file_load(path, path)
    return [loaded.base_type, loaded.layers[0].type, read(loaded.layers[0])]


@probe
def file_loaded_as_layer():
    image, layer = painted()
    path = temporary("one layer.png")
    pdb.file_png_save(image, layer, path, path, 0, 1, 0, 0, 0, 0, 0)
    other = gimp.Image(9, 9, RGB)
    new = pdb.gimp_file_load_layer(other, path)
    return [new.name, new.image == other, other.layers, new.width, new.offsets, read(new)[:8], new.type]


@probe
def file_loaded_as_layer_of_a_deep_image():
    image, layer = painted()
    path = temporary("deep layer.png")
    pdb.file_png_save(image, layer, path, path, 0, 1, 0, 0, 0, 0, 0)
    other = pdb.gimp_image_new_with_precision(9, 9, RGB, PRECISION_FLOAT_LINEAR)
    new = pdb.gimp_file_load_layer(other, path)
    # GEGL chooses among conversions that differ in the last bits
    return [new.bpp, ["%.4g" % number for number in struct.unpack("=2f", raw(read(new)[:8]))]]


@probe
def loading_what_is_not_there():
    return raised(pdb.gimp_file_load, "/nowhere/x.png", "/nowhere/x.png")[0]


@probe
def loading_garbage():
    path = temporary("garbage.png")
    with open(path, "wb") as stream:
        stream.write(b"this is no picture")
    return raised(pdb.gimp_file_load, path, path)[0]


@probe
def saving_into_nowhere():
    image, layer = painted()
    return raised(pdb.file_png_save, image, layer, "/nowhere/x.png", "x", 0, 1, 0, 0, 0, 0, 0)[0]


@probe
def xcf_keeps_what_it_holds():
    image, layer = painted()
    layer.name, layer.opacity, layer.mode = "kept", 44.0, MULTIPLY_MODE
    layer.add_mask(layer.create_mask(ADD_BLACK_MASK))
    layer.attach_new_parasite("note", 1, "stays")
    layer.attach_new_parasite("fleeting", 0, "goes")
    path = temporary("kept.xcf")
    pdb.gimp_file_save(image, layer, path, path)
    loaded = pdb.gimp_file_load(path, path)
    found = loaded.layers[0]
    return [
        found.name,
        "%.1f" % found.opacity,
        found.mode,
        found.mask is not None,
        found.parasite_list(),
        read(found),
    ]


@probe
def pixel_fetcher():
    image, layer = painted()
    fetcher = gimp.PixelFetcher(layer, False)
    return [octets(fetcher[1, 1]), octets(fetcher.get_pixel(0, 0))]


@probe
def histogram_of_flat_colour():
    image, layer = one_layer()
    gimp.set_foreground(100, 100, 100)
    layer.fill(FOREGROUND_FILL)
    return [round(value, 3) for value in pdb.gimp_histogram(layer, HISTOGRAM_VALUE, 0, 255)]


@probe
def inverting():
    image, layer = painted()
    pdb.gimp_drawable_invert(layer, False)
    return read(layer)[:8]


@probe
def merging_opaque_layers_down():
    image, layer = painted(4, 3, RGB_IMAGE)
    over = gimp.Layer(image, "over", 2, 2, RGB_IMAGE, 100, NORMAL_MODE)
    image.add_layer(over, 0)
    over.fill(WHITE_FILL)
    merged = image.merge_down(over, EXPAND_AS_NECESSARY)
    return [merged.name, len(image.layers), read(merged)[:12], merged.has_alpha]


@probe
def pixel_region_of_a_mask():
    image, layer = painted()
    mask = layer.create_mask(ADD_BLACK_MASK)
    layer.add_mask(mask)
    region = mask.get_pixel_rgn(0, 0, 4, 3, True, False)
    region[0:4, 0:3] = raw(range(12))
    mask.flush()
    return [read(mask), region.bpp]


@probe
def foreground_and_background():
    gimp.set_foreground(1, 2, 3)
    gimp.set_background((250, 240, 230))
    return [list(gimp.get_foreground()), list(gimp.get_background()), type(gimp.get_foreground()).__name__]


@probe
def linear_enlargement():
    image, layer = painted(4, 3, RGB_IMAGE)
    pdb.gimp_context_set_interpolation(INTERPOLATION_LINEAR)
    layer.scale(8, 6, False)
    return about(read(layer), 2)


@probe
def cubic_enlargement():
    image, layer = painted(4, 3, RGBA_IMAGE)
    pdb.gimp_context_set_interpolation(INTERPOLATION_CUBIC)
    layer.scale(8, 6, False)
    return about(read(layer), 3)


@probe
def blurring_spreads_from_the_middle():
    image, layer = one_layer(9, 9, GRAY_IMAGE, GRAY)
    layer.fill(TRANSPARENT_FILL)
    gimp.set_foreground(0, 0, 0)
    layer.fill(FOREGROUND_FILL)
    layer.set_pixel(4, 4, (255,))
    pdb.plug_in_gauss(image, layer, 5.0, 5.0, 0)
    middle = octets(layer.get_pixel(4, 4))[0]
    return [
        middle > octets(layer.get_pixel(3, 4))[0] > octets(layer.get_pixel(2, 4))[0],
        90 < middle < 140,
        octets(layer.get_pixel(3, 4)) == octets(layer.get_pixel(4, 3)),
    ]


@probe
def blurring_flat_colour_changes_nothing():
    image, layer = one_layer(20, 16)
    gimp.set_foreground(90, 160, 30)
    layer.fill(FOREGROUND_FILL)
    pdb.plug_in_gauss(image, layer, 12.0, 12.0, 0)
    return [octets(layer.get_pixel(x, 8)) for x in (0, 10, 19)]


@probe
def threshold_of_alpha():
    image, layer = one_layer(3, 1)
    for x, alpha in enumerate((0, 1, 200)):
        layer.set_pixel(x, 0, (10, 20, 30, alpha))
    pdb.plug_in_threshold_alpha(image, layer, 0)
    return [octets(layer.get_pixel(x, 0))[3] for x in range(3)]


def merged_with(mode):
    image, layer = one_layer(1, 1, RGB_IMAGE)
    layer.set_pixel(0, 0, (100, 200, 30))
    over = gimp.Layer(image, "over", 1, 1, RGB_IMAGE, 100.0, NORMAL_MODE)
    image.add_layer(over, 0)
    over.set_pixel(0, 0, (150, 90, 60))
    over.mode = mode
    pdb.gimp_image_convert_precision(image, PRECISION_FLOAT_GAMMA)
    image.flatten()
    pdb.gimp_image_convert_precision(image, PRECISION_U8_GAMMA)
    return read(image.layers[0])


@probe
def flattening_with_modes():
    return [
        [mode, about(merged_with(mode))]
        for mode in (
            LAYER_MODE_NORMAL_LEGACY,
            LAYER_MODE_NORMAL,
            LAYER_MODE_MULTIPLY_LEGACY,
            LAYER_MODE_SCREEN_LEGACY,
            LAYER_MODE_DIFFERENCE_LEGACY,
            LAYER_MODE_ADDITION_LEGACY,
            LAYER_MODE_SUBTRACT_LEGACY,
            LAYER_MODE_DARKEN_ONLY_LEGACY,
            LAYER_MODE_LIGHTEN_ONLY_LEGACY,
            LAYER_MODE_GRAIN_EXTRACT,
            LAYER_MODE_GRAIN_MERGE,
        )
    ]


@probe
def flattening_through_a_mask():
    image, layer = painted(4, 3, RGB_IMAGE)
    over = gimp.Layer(image, "over", 4, 3, RGB_IMAGE, 100.0, LAYER_MODE_NORMAL_LEGACY)
    image.add_layer(over, 0)
    over.fill(WHITE_FILL)
    over.add_mask(over.create_mask(ADD_BLACK_MASK))
    over.mask.set_pixel(1, 1, (255,))
    over.mask.set_pixel(2, 1, (128,))
    image.flatten()
    return about(read(image.layers[0]))


@probe
def alpha_histograms():
    image, layer = one_layer(4, 1)
    for x, alpha in enumerate((0, 0, 128, 255)):
        layer.set_pixel(x, 0, (10, 20, 30, alpha))
    return [
        ["%.4g" % value for value in pdb.gimp_drawable_histogram(layer, HISTOGRAM_ALPHA, low, high)[3:]]
        for low, high in ((0.0, 1.0), (0.0, 0.0), (1.0, 1.0))
    ]


@probe
def histograms_of_what_is_not_there():
    image, layer = one_layer(4, 3, GRAYA_IMAGE, GRAY)
    plain = one_layer(4, 3, RGB_IMAGE)[1]
    return [
        raised(pdb.gimp_drawable_histogram, layer, HISTOGRAM_RED, 0.0, 1.0)[0],
        raised(pdb.gimp_drawable_histogram, layer, HISTOGRAM_VALUE, 0.0, 1.0)[0],
        raised(pdb.gimp_drawable_histogram, plain, HISTOGRAM_ALPHA, 0.0, 1.0)[0],
    ]


@probe
def merging_a_group():
    image, layer = painted()
    group = pdb.gimp_layer_group_new(image)
    image.insert_layer(group, position=0)
    group.opacity, group.mode = 40.0, MULTIPLY_MODE
    pdb.gimp_image_reorder_item(image, layer, group, 0)
    merged = pdb.gimp_image_merge_layer_group(image, group)
    return [merged.name, merged.opacity, merged.mode, type(merged).__name__, read(merged)]


@probe
def scaling_to_the_same_size_is_a_step():
    from .kit import Undo

    image, layer = painted()
    undo = Undo(image)
    before = undo.depth()
    layer.scale(4, 3, False)
    same = gimp._id2drawable(layer.ID)
    region = same.get_pixel_rgn(0, 0, 4, 3, True, False)
    region[0:4, 0:3] = raw([5] * 48)
    same.flush()
    depth = undo.depth() - before
    undo.undo()
    return [depth, read(layer) == ramp()]


@probe
def a_mask_made_for_another_layer():
    image, layer = painted()
    other = gimp.Layer(image, "other", 4, 3, RGB_IMAGE, 100.0, NORMAL_MODE)
    image.add_layer(other, 0)
    other.add_alpha()
    other.add_mask(layer.create_mask(ADD_ALPHA_MASK))
    other.remove_mask(MASK_APPLY)
    return [octets(other.get_pixel(x, y))[3] for y in range(3) for x in range(4)]
