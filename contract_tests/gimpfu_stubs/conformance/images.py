"""Probes of ``gimp.Image``: what an image says about itself and how its stack changes."""

from __future__ import absolute_import

from gimpfu import *

from .kit import plain, probe, raised


def stack(image):
    def tree(layers):
        return [
            [layer.name, tree(layer.layers)] if isinstance(layer, gimp.GroupLayer) else layer.name
            for layer in layers
        ]

    return tree(image.layers)


def layered(names, width=8, height=6):
    image = gimp.Image(width, height, RGB)
    for name in reversed(names):
        image.add_layer(gimp.Layer(image, name, width, height, RGBA_IMAGE, 100, NORMAL_MODE), 0)
    return image


@probe
def a_new_image():
    image = gimp.Image(8, 6, RGB)
    return [
        image.width,
        image.height,
        image.base_type,
        image.precision,
        image.name,
        image.filename,
        image.uri,
        image.resolution,
        image.unit,
        image.dirty,
        image.layers,
        image.channels,
        image.vectors,
        image.active_layer,
        image.active_drawable,
        image.active_channel,
        image.floating_selection,
    ]


@probe
def image_without_type_is_rgb():
    return gimp.Image(3, 2).base_type


@probe
def image_of_no_width():
    return raised(gimp.Image, 0, 6, RGB)


@probe
def image_repr():
    image = gimp.Image(3, 2, GRAY)
    return repr(image) == "<gimp.Image '%s'>" % image.name


@probe
def images_compare_by_identity():
    one, two = gimp.Image(3, 2, GRAY), gimp.Image(3, 2, GRAY)
    layer = gimp.Layer(one, "x", 3, 2, GRAY_IMAGE, 100, NORMAL_MODE)
    return [one == two, layer.image == one, one in gimp.image_list()]


@probe
def layers_from_top_to_bottom():
    return stack(layered(["top", "middle", "bottom"]))


@probe
def insert_layer_defaults_to_above_the_active_one():
    image = layered(["a", "b"])
    image.active_layer = image.layers[1]
    image.insert_layer(gimp.Layer(image, "new", 4, 4, RGBA_IMAGE, 100, NORMAL_MODE))
    return stack(image)


@probe
def pdb_insert_at_minus_one():
    image = layered(["a", "b", "c"])
    image.active_layer = image.layers[1]
    new = gimp.Layer(image, "new", 4, 4, RGBA_IMAGE, 100, NORMAL_MODE)
    pdb.gimp_image_insert_layer(image, new, None, -1)
    return [stack(image), image.active_layer.name]


@probe
def insert_far_below():
    image = layered(["a", "b"])
    new = gimp.Layer(image, "new", 4, 4, RGBA_IMAGE, 100, NORMAL_MODE)
    pdb.gimp_image_insert_layer(image, new, None, 99)
    return stack(image)


@probe
def names_become_unique():
    image = layered(["sky"])
    for _ in range(2):
        image.add_layer(gimp.Layer(image, "sky", 4, 4, RGBA_IMAGE, 100, NORMAL_MODE), 0)
    return stack(image)


@probe
def renaming_to_a_taken_name():
    image = layered(["one", "two"])
    image.layers[1].name = "one"
    return stack(image)


@probe
def numbered_names_count_on():
    image = layered(["sky #1"])
    image.add_layer(gimp.Layer(image, "sky #1", 4, 4, RGBA_IMAGE, 100, NORMAL_MODE), 0)
    return stack(image)


@probe
def group_and_its_children():
    image = layered(["a", "b"])
    group = pdb.gimp_layer_group_new(image)
    group.name = "folder"
    image.insert_layer(group, position=1)
    inside = gimp.Layer(image, "inside", 4, 3, RGBA_IMAGE, 100, NORMAL_MODE)
    image.insert_layer(inside, group, 0)
    inside.set_offsets(2, 1)
    return [
        stack(image),
        inside.parent.name,
        [child.name for child in group.children],
        group.width,
        group.height,
        group.offsets,
        pdb.gimp_item_is_group(group),
        pdb.gimp_image_get_item_position(image, inside),
        pdb.gimp_image_get_item_position(image, group),
        image.layers[0].parent,
    ]


@probe
def a_new_group():
    image = layered(["a"])
    group = pdb.gimp_layer_group_new(image)
    return [
        group.name,
        type(group).__name__,
        group.mode,
        group.opacity,
        group.layers,
        group.width,
        group.height,
    ]


@probe
def group_class():
    image = layered(["a"])
    group = gimp.GroupLayer(image, "mine", 70.0, MULTIPLY_MODE)
    image.insert_layer(group, position=0)
    return [group.name, group.opacity, group.mode, stack(image)]


@probe
def insert_under_a_layer_that_is_no_group():
    image = layered(["a"])
    new = gimp.Layer(image, "new", 4, 4, RGBA_IMAGE, 100, NORMAL_MODE)
    return raised(pdb.gimp_image_insert_layer, image, new, image.layers[0], 0)


@probe
def insert_twice():
    image = layered(["a"])
    return raised(pdb.gimp_image_insert_layer, image, image.layers[0], None, 0)


@probe
def insert_into_another_image():
    one, two = layered(["a"]), layered(["b"])
    new = gimp.Layer(one, "new", 4, 4, RGBA_IMAGE, 100, NORMAL_MODE)
    return raised(pdb.gimp_image_insert_layer, two, new, None, 0)


@probe
def removing_a_layer():
    image = layered(["a", "b", "c"])
    image.active_layer = image.layers[1]
    gone = image.layers[1]
    image.remove_layer(gone)
    return [stack(image), image.active_layer.name, pdb.gimp_item_is_valid(gone)]


@probe
def removing_the_lowest_and_the_last():
    image = layered(["a", "b"])
    image.active_layer = image.layers[1]
    image.remove_layer(image.layers[1])
    first = image.active_layer.name
    image.remove_layer(image.layers[0])
    return [first, image.active_layer, image.active_drawable]


@probe
def removing_a_layer_that_is_not_there():
    image = layered(["a"])
    return raised(image.remove_layer, gimp.Layer(image, "new", 4, 4, RGBA_IMAGE, 100, NORMAL_MODE))


@probe
def removing_a_group_takes_its_children():
    image = layered(["a"])
    group = pdb.gimp_layer_group_new(image)
    image.insert_layer(group, position=0)
    inside = gimp.Layer(image, "inside", 4, 3, RGBA_IMAGE, 100, NORMAL_MODE)
    image.insert_layer(inside, group, 0)
    image.remove_layer(group)
    return [stack(image), pdb.gimp_item_is_valid(inside)]


@probe
def raising_and_lowering():
    image = layered(["a", "b", "c"])
    image.raise_layer(image.layers[2])
    first = stack(image)
    image.lower_layer_to_bottom(image.layers[0])
    second = stack(image)
    image.raise_layer_to_top(image.layers[2])
    return [first, second, stack(image), raised(image.raise_layer, image.layers[0])]


@probe
def reordering_into_a_group():
    image = layered(["a", "b"])
    group = pdb.gimp_layer_group_new(image)
    group.name = "folder"
    image.insert_layer(group, position=0)
    pdb.gimp_image_reorder_item(image, image.layers[2], group, 0)
    return stack(image)


@probe
def active_layer_wants_a_layer():
    image = layered(["a"])

    def assign():
        image.active_layer = "a"

    return raised(assign)


@probe
def resize_moves_layers():
    image = layered(["a"])
    image.resize(20, 12, 3, -2)
    layer = image.layers[0]
    return [image.width, image.height, layer.width, layer.height, layer.offsets]


@probe
def crop_cuts_layers():
    image = layered(["a"])
    image.crop(4, 3, 2, 1)
    layer = image.layers[0]
    return [image.width, image.height, layer.width, layer.height, layer.offsets]


@probe
def scale_scales_all():
    image = layered(["a", "b"], 10, 6)
    image.layers[0].set_offsets(-3, 5)
    image.layers[1].scale(5, 3, False)
    image.layers[1].set_offsets(1, 1)
    image.add_hguide(3)
    image.scale(25, 15)
    guide = image.find_next_guide(0)
    return [
        image.width,
        image.height,
        [(layer.name, layer.width, layer.height, layer.offsets) for layer in image.layers],
        image.get_guide_position(guide),
    ]


@probe
def scale_by_an_odd_ratio():
    image = layered(["a", "b", "c"], 10, 7)
    for layer, (width, height, x, y) in zip(image.layers, ((3, 5, 1, 1), (7, 3, -1, -2), (1, 1, 9, 6))):
        layer.scale(width, height, False)
        layer.set_offsets(x, y)
    image.scale(23, 16)
    return [(layer.width, layer.height, layer.offsets) for layer in image.layers]


@probe
def scale_to_nothing():
    return raised(layered(["a"]).scale, 0, 5)


@probe
def guides():
    image = gimp.Image(20, 10, RGB)
    one, two = image.add_hguide(4), image.add_vguide(7)
    found = [image.find_next_guide(0)]
    while found[-1]:
        found.append(image.find_next_guide(found[-1]))
    orientations = [image.get_guide_orientation(guide) for guide in (one, two)]
    image.delete_guide(one)
    return [
        found == [one, two, 0],
        orientations,
        image.get_guide_position(two),
        image.find_next_guide(0) == two,
    ]


@probe
def parasites():
    image = gimp.Image(3, 2, RGB)
    image.attach_new_parasite("note", PARASITE_PERSISTENT, "hello")
    found = image.parasite_find("note")
    listed = image.parasite_list()
    image.parasite_detach("note")
    return [
        found.name,
        found.data,
        found.flags,
        found.is_persistent,
        found.is_undoable,
        listed,
        image.parasite_find("note"),
        image.parasite_list(),
    ]


@probe
def parasite_class():
    parasite = gimp.Parasite("note", 3, "data")
    copy = parasite.copy()
    return [
        parasite.name,
        parasite.flags,
        parasite.data,
        parasite.is_type("note"),
        parasite.is_type("other"),
        parasite.has_flag(PARASITE_UNDOABLE),
        copy.data,
        repr(parasite),
    ]


@probe
def filename_and_name():
    image = gimp.Image(3, 2, RGB)
    image.filename = "/tmp/a picture.xcf"
    return [image.filename, image.name, image.uri]


@probe
def dirty_and_clean():
    image = gimp.Image(3, 2, RGB)
    states = [image.dirty]
    image.add_layer(gimp.Layer(image, "x", 3, 2, RGB_IMAGE, 100, NORMAL_MODE), 0)
    states.append(image.dirty)
    image.clean_all()
    return states + [image.dirty]


@probe
def resolution_and_unit():
    image = gimp.Image(3, 2, RGB)
    image.resolution = (300.0, 150.0)
    image.unit = UNIT_MM
    return [image.resolution, image.unit]


@probe
def duplicate_is_another_image():
    image = layered(["a", "b"])
    image.layers[0].opacity = 40.0
    image.attach_new_parasite("note", 1, "x")
    image.active_layer = image.layers[1]
    copy = pdb.gimp_image_duplicate(image)
    copy.layers[0].opacity = 10.0
    return [
        copy == image,
        stack(copy),
        image.layers[0].opacity,
        copy.parasite_list(),
        copy.active_layer.name,
        copy.layers[0].image == copy,
    ]


@probe
def deleted_images_are_gone():
    image = gimp.Image(3, 2, RGB)
    pdb.gimp_image_delete(image)
    return [pdb.gimp_image_is_valid(image), raised(lambda: image.width), raised(pdb.gimp_image_width, image)]


@probe
def tattoos():
    image = layered(["a", "b"])
    numbers = [layer.tattoo for layer in image.layers]
    return [image.get_layer_by_tattoo(numbers[1]).name, len(set(numbers)), image.get_layer_by_tattoo(999)]


@probe
def convert_to_gray():
    image = layered(["a"])
    pdb.gimp_image_convert_grayscale(image)
    return [image.base_type, image.layers[0].type, raised(pdb.gimp_image_convert_grayscale, image)]


@probe
def convert_to_indexed():
    image = layered(["a"])
    image.layers[0].fill(WHITE_FILL)
    image.flatten()
    pdb.gimp_image_convert_indexed(image, NO_DITHER, MONO_PALETTE, 2, False, False, "")
    layer = image.layers[0]
    return [image.base_type, layer.type, layer.bpp, layer.is_indexed]


@probe
def flattening():
    image = layered(["a", "b"])
    gimp.set_background(10, 20, 30)
    flat = image.flatten()
    return [flat.name, flat.has_alpha, len(image.layers), plain(list(flat.get_pixel(0, 0)))]


@probe
def new_layer_method():
    image = gimp.Image(9, 7, RGB)
    layer = image.new_layer("fresh", 5, 4, 2, 1, True, 0, 60.0, MULTIPLY_MODE, TRANSPARENT_FILL)
    default = image.new_layer()
    return [
        layer.name,
        layer.width,
        layer.height,
        layer.offsets,
        layer.has_alpha,
        layer.opacity,
        layer.mode,
        default.name,
        default.width,
        default.height,
        default.has_alpha,
        stack(image),
    ]


@probe
def selected_by_name():
    image = layered(["a", "b"])
    return [pdb.gimp_image_get_layer_by_name(image, "b").name, pdb.gimp_image_get_layer_by_name(image, "zzz")]


@probe
def precision_of_new_images():
    return [gimp.Image(2, 2, RGB).precision] + [
        pdb.gimp_image_new_with_precision(2, 2, RGB, precision).precision
        for precision in (
            PRECISION_U8_LINEAR,
            PRECISION_U16_GAMMA,
            PRECISION_U32_LINEAR,
            PRECISION_HALF_GAMMA,
            PRECISION_FLOAT_LINEAR,
            PRECISION_FLOAT_GAMMA,
            PRECISION_DOUBLE_GAMMA,
        )
    ]


@probe
def no_such_precision():
    return raised(pdb.gimp_image_new_with_precision, 2, 2, RGB, 123)
