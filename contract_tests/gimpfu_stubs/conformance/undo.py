"""Probes of undo: how many steps an operation leaves, and what undoing and redoing brings back."""

from __future__ import absolute_import

from gimpfu import *

from .images import layered, stack
from .kit import Undo, octets, probe, raised, raw


def steps(operation, names=("a", "b")):
    """Return how many undo steps ``operation(image)`` leaves."""
    image = layered(list(names))
    undo = Undo(image)
    before = undo.depth()
    operation(image)
    return undo.depth() - before


@probe
def inserting_layers():
    image = gimp.Image(8, 6, RGB)
    undo = Undo(image)
    depths = [undo.depth()]
    image.add_layer(gimp.Layer(image, "x", 8, 6, RGBA_IMAGE, 100, NORMAL_MODE), 0)
    depths.append(undo.depth())
    left = undo.undo()
    return [depths, left, stack(image), undo.redo(), stack(image)]


@probe
def steps_of_attribute_changes():
    def set_name(image):
        image.layers[0].name = "new"

    def set_same_name(image):
        image.layers[0].name = "a"

    def set_opacity(image):
        image.layers[0].opacity = 5.0

    def set_opacity_twice(image):
        image.layers[0].opacity = 5.0
        image.layers[0].opacity = 6.0

    def set_opacities(image):
        image.layers[0].opacity = 5.0
        image.layers[1].opacity = 6.0

    def set_mode(image):
        image.layers[0].mode = MULTIPLY_MODE

    def set_visible(image):
        image.layers[0].visible = False

    def set_same_opacity(image):
        image.layers[0].opacity = 100.0

    def set_lock(image):
        image.layers[0].lock_alpha = True

    def set_tag(image):
        pdb.gimp_item_set_color_tag(image.layers[0], COLOR_TAG_RED)

    def set_active(image):
        image.active_layer = image.layers[1]

    return [
        [operation.__name__, steps(operation)]
        for operation in (
            set_name,
            set_same_name,
            set_opacity,
            set_opacity_twice,
            set_opacities,
            set_mode,
            set_visible,
            set_same_opacity,
            set_lock,
            set_tag,
            set_active,
        )
    ]


@probe
def steps_of_structure_changes():
    def move(image):
        image.layers[0].set_offsets(3, 4)

    def move_nowhere(image):
        image.layers[0].set_offsets(0, 0)

    def scale_layer(image):
        image.layers[0].scale(4, 3, False)

    def scale_image(image):
        image.scale(16, 12)

    def resize_image(image):
        image.resize(16, 12, 0, 0)

    def add_mask(image):
        image.layers[0].add_mask(image.layers[0].create_mask(ADD_WHITE_MASK))

    def remove(image):
        image.remove_layer(image.layers[0])

    def reorder(image):
        image.raise_layer(image.layers[1])

    def flatten(image):
        image.flatten()

    def precision(image):
        pdb.gimp_image_convert_precision(image, PRECISION_U16_GAMMA)

    def gray(image):
        pdb.gimp_image_convert_grayscale(image)

    def guide(image):
        image.add_hguide(2)

    def alpha(image):
        pdb.gimp_layer_flatten(image.layers[0])

    return [
        [operation.__name__, steps(operation)]
        for operation in (
            move,
            move_nowhere,
            scale_layer,
            scale_image,
            resize_image,
            add_mask,
            remove,
            reorder,
            flatten,
            precision,
            gray,
            guide,
            alpha,
        )
    ]


@probe
def steps_of_pixel_changes():
    def fill(image):
        image.layers[0].fill(WHITE_FILL)

    def edit_fill(image):
        pdb.gimp_drawable_edit_fill(image.layers[0], FOREGROUND_FILL)

    def set_pixel(image):
        image.layers[0].set_pixel(0, 0, (1, 2, 3, 4))

    def region(image):
        image.layers[0].get_pixel_rgn(0, 0, 8, 6, True, False)[0, 0] = raw([1, 2, 3, 4])

    def merged_shadow(image):
        layer = image.layers[0]
        layer.get_pixel_rgn(0, 0, 8, 6, True, True)[0, 0] = raw([1, 2, 3, 4])
        layer.flush()
        layer.merge_shadow(True)

    def select(image):
        pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 1, 1, 2, 2)

    def select_none(image):
        pdb.gimp_selection_none(image)

    def parasite(image):
        image.attach_new_parasite("note", 0, "x")

    def undoable_parasite(image):
        image.attach_new_parasite("note", PARASITE_UNDOABLE, "x")

    def invert(image):
        pdb.gimp_drawable_invert(image.layers[0], False)

    return [
        [operation.__name__, steps(operation)]
        for operation in (
            fill,
            edit_fill,
            set_pixel,
            region,
            merged_shadow,
            select,
            select_none,
            parasite,
            undoable_parasite,
            invert,
        )
    ]


@probe
def a_group_is_one_step():
    image = layered(["a", "b"])
    undo = Undo(image)
    before = undo.depth()
    image.undo_group_start()
    image.layers[0].opacity = 5.0
    image.remove_layer(image.layers[1])
    image.scale(16, 12)
    image.undo_group_end()
    during = [stack(image), image.width, image.layers[0].opacity]
    depth = undo.depth() - before
    undo.undo()
    return [depth, during, stack(image), image.width, image.layers[0].opacity]


@probe
def nested_groups_are_one_step():
    def nested(image):
        image.undo_group_start()
        image.layers[0].opacity = 5.0
        image.undo_group_start()
        image.layers[1].opacity = 5.0
        image.undo_group_end()
        image.undo_group_end()

    return steps(nested)


@probe
def an_empty_group_is_no_step():
    def empty(image):
        image.undo_group_start()
        image.undo_group_end()

    return steps(empty)


@probe
def ending_a_group_that_was_not_started():
    return raised(layered(["a"]).undo_group_end)


@probe
def a_new_change_forgets_what_was_undone():
    image = layered(["a"])
    undo = Undo(image)
    image.layers[0].name = "b"
    undo.undo()
    image.layers[0].visible = False
    return undo.redo()[1]


@probe
def undo_switched_off():
    image = layered(["a"])
    undo = Undo(image)
    before = undo.depth()
    image.disable_undo()
    enabled = image.undo_is_enabled()
    image.layers[0].name = "b"
    image.enable_undo()
    return [before, enabled, image.undo_is_enabled(), undo.depth(), image.layers[0].name]


@probe
def undo_frozen():
    image = layered(["a"])
    undo = Undo(image)
    before = undo.depth()
    image.undo_freeze()
    image.layers[0].name = "b"
    image.undo_thaw()
    return [undo.depth() - before, image.undo_is_enabled()]


@probe
def undo_of_a_removed_layer_brings_the_same_layer_back():
    image = layered(["a", "b", "c"])
    gone = image.layers[1]
    gone.attach_new_parasite("note", 1, "x")
    image.remove_layer(gone)
    Undo(image).undo()
    return [stack(image), image.layers[1] == gone, gone.parasite_list(), pdb.gimp_item_is_valid(gone)]


@probe
def undo_of_scaling_brings_pixels_back():
    image = layered(["a"])
    layer = image.layers[0]
    layer.set_pixel(3, 2, (9, 8, 7, 255))
    layer.add_mask(layer.create_mask(ADD_BLACK_MASK))
    image.scale(16, 12)
    undo = Undo(image)
    undo.undo()
    return [image.width, layer.width, octets(layer.get_pixel(3, 2)), layer.mask.width]


@probe
def undo_of_moving_a_layer_into_a_group():
    image = layered(["a", "b"])
    group = pdb.gimp_layer_group_new(image)
    group.name = "folder"
    image.insert_layer(group, position=0)
    pdb.gimp_image_reorder_item(image, image.layers[2], group, 0)
    moved = stack(image)
    Undo(image).undo()
    return [moved, stack(image)]


@probe
def undo_beyond_the_beginning():
    image = gimp.Image(4, 4, RGB)
    return Undo(image).undo()


@probe
def undo_of_precision_and_mode():
    image = layered(["a"])
    image.layers[0].set_pixel(0, 0, (10, 20, 30, 255))
    pdb.gimp_image_convert_precision(image, PRECISION_FLOAT_LINEAR)
    pdb.gimp_image_convert_grayscale(image)
    undo = Undo(image)
    undo.undo()
    first = [image.base_type, image.precision]
    undo.undo()
    return [first, image.base_type, image.precision, octets(image.layers[0].get_pixel(0, 0))]


@probe
def undo_restores_the_selection():
    image = layered(["a"])
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 1, 1, 2, 2)
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 3, 3, 2, 2)
    Undo(image).undo()
    return pdb.gimp_selection_bounds(image)


@probe
def undo_restores_the_profile():
    image = layered(["a"])
    steps_of = Undo(image)
    before = steps_of.depth()
    profile = pdb.gimp_image_get_effective_color_profile(image)[1]
    pdb.gimp_image_set_color_profile(image, len(profile), profile)
    depth = steps_of.depth() - before
    had = pdb.gimp_image_get_color_profile(image)[0] > 0
    steps_of.undo()
    return [depth, had, pdb.gimp_image_get_color_profile(image)]
