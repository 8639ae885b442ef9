"""Probes of layers, masks and channels: attributes, their limits, and what changes them."""

from __future__ import absolute_import

from gimpfu import *

from .kit import about, octets, probe, raised, raw


def one_layer(width=8, height=6, kind=RGBA_IMAGE, base=RGB):
    image = gimp.Image(width, height, base)
    layer = gimp.Layer(image, "one", width, height, kind, 100, NORMAL_MODE)
    image.add_layer(layer, 0)
    return image, layer


@probe
def a_new_layer():
    image, layer = one_layer()
    return [
        layer.name,
        layer.width,
        layer.height,
        layer.offsets,
        layer.bpp,
        layer.type,
        layer.type_with_alpha,
        layer.has_alpha,
        layer.is_rgb,
        layer.is_gray,
        layer.is_indexed,
        layer.is_layer_mask,
        layer.visible,
        layer.linked,
        layer.opacity,
        layer.mode,
        layer.mask,
        layer.apply_mask,
        layer.edit_mask,
        layer.show_mask,
        layer.lock_alpha,
        layer.preserve_trans,
        layer.parent,
        layer.children,
        layer.is_floating_sel,
    ]


@probe
def layer_repr():
    return repr(one_layer()[1])


@probe
def layer_defaults():
    image = gimp.Image(8, 6, RGB)
    layer = gimp.Layer(image, "few", 4, 3)
    return [layer.type, layer.opacity, layer.mode]


@probe
def layer_of_another_type():
    image = gimp.Image(8, 6, GRAY)
    return raised(gimp.Layer, image, "x", 4, 3, RGB_IMAGE, 100, NORMAL_MODE)


@probe
def layer_of_no_height():
    image = gimp.Image(8, 6, RGB)
    return raised(gimp.Layer, image, "x", 4, 0, RGB_IMAGE, 100, NORMAL_MODE)


@probe
def layer_before_insertion():
    image = gimp.Image(8, 6, RGB)
    layer = gimp.Layer(image, "x", 4, 3, RGB_IMAGE, 50, MULTIPLY_MODE)
    return [layer.image == image, image.layers, layer.name, layer.opacity, layer.mode, layer.parent]


@probe
def setting_opacity():
    layer = one_layer()[1]
    found = [raised(setattr, layer, "opacity", 50)]
    for value in (0.0, 33.0, 66.6, 100.0):
        layer.opacity = value
        found.append(layer.opacity)
    return found


@probe
def opacity_out_of_range():
    layer = one_layer()[1]
    return [
        raised(pdb.gimp_layer_set_opacity, layer, 101.0),
        raised(pdb.gimp_layer_set_opacity, layer, -1.0),
        raised(setattr, layer, "opacity", 500.0),
        layer.opacity,
    ]


@probe
def opacity_of_a_text():
    return raised(setattr, one_layer()[1], "opacity", "much")[0]


@probe
def every_layer_mode_is_kept():
    layer = one_layer()[1]
    kept = []
    for mode in range(62):
        try:
            pdb.gimp_layer_set_mode(layer, mode)
            kept.append([mode, layer.mode])
        except RuntimeError:
            kept.append([mode, "refused"])
    return kept


@probe
def no_such_mode():
    return raised(pdb.gimp_layer_set_mode, one_layer()[1], 1000)


@probe
def name_of_a_layer_is_text():
    layer = one_layer()[1]
    return [raised(setattr, layer, "name", 5), layer.name]


@probe
def unicode_name():
    layer = one_layer()[1]
    pdb.gimp_item_set_name(layer, "caf\xc3\xa9" if bytes is str else "caf\xe9")
    return len(layer.name if bytes is not str else layer.name.decode("utf-8"))


@probe
def flags_are_booleans():
    layer = one_layer()[1]
    for name in ("visible", "linked", "lock_alpha"):
        setattr(layer, name, not getattr(layer, name))
    return [layer.visible, layer.linked, layer.lock_alpha, layer.preserve_trans]


@probe
def flag_from_a_number():
    layer = one_layer()[1]
    return [raised(setattr, layer, "visible", 0), layer.visible, raised(setattr, layer, "visible", "no")]


@probe
def item_locks_and_colour():
    layer = one_layer()[1]
    before = [
        pdb.gimp_item_get_lock_content(layer),
        pdb.gimp_item_get_lock_position(layer),
        pdb.gimp_item_get_color_tag(layer),
    ]
    pdb.gimp_item_set_lock_content(layer, True)
    pdb.gimp_item_set_lock_position(layer, True)
    pdb.gimp_item_set_color_tag(layer, COLOR_TAG_VIOLET)
    return before + [
        pdb.gimp_item_get_lock_content(layer),
        pdb.gimp_item_get_lock_position(layer),
        pdb.gimp_item_get_color_tag(layer),
    ]


@probe
def blend_and_composite():
    layer = one_layer()[1]
    before = [
        pdb.gimp_layer_get_blend_space(layer),
        pdb.gimp_layer_get_composite_space(layer),
        pdb.gimp_layer_get_composite_mode(layer),
    ]
    pdb.gimp_layer_set_blend_space(layer, LAYER_COLOR_SPACE_RGB_LINEAR)
    pdb.gimp_layer_set_composite_space(layer, LAYER_COLOR_SPACE_RGB_PERCEPTUAL)
    pdb.gimp_layer_set_composite_mode(layer, LAYER_COMPOSITE_CLIP_TO_BACKDROP)
    return before + [
        pdb.gimp_layer_get_blend_space(layer),
        pdb.gimp_layer_get_composite_space(layer),
        pdb.gimp_layer_get_composite_mode(layer),
    ]


@probe
def blend_space_of_a_modern_mode():
    layer = one_layer()[1]
    pdb.gimp_layer_set_mode(layer, LAYER_MODE_MULTIPLY)
    before = pdb.gimp_layer_get_blend_space(layer)
    pdb.gimp_layer_set_blend_space(layer, LAYER_COLOR_SPACE_RGB_PERCEPTUAL)
    pdb.gimp_layer_set_composite_mode(layer, LAYER_COMPOSITE_UNION)
    after = [pdb.gimp_layer_get_blend_space(layer), pdb.gimp_layer_get_composite_mode(layer)]
    pdb.gimp_layer_set_mode(layer, LAYER_MODE_SCREEN)
    return [before, after, pdb.gimp_layer_get_blend_space(layer), pdb.gimp_layer_get_composite_mode(layer)]


@probe
def offsets_and_translation():
    layer = one_layer()[1]
    layer.set_offsets(-5, 40)
    first = layer.offsets
    layer.translate(3, -2)
    return [first, layer.offsets]


@probe
def resizing_a_layer():
    image, layer = one_layer()
    layer.fill(WHITE_FILL)
    layer.set_offsets(2, 1)
    layer.resize(12, 10, 3, 2)
    return [
        layer.width,
        layer.height,
        layer.offsets,
        list(layer.get_pixel(0, 0)),
        list(layer.get_pixel(3, 2)),
    ]


@probe
def resize_to_image():
    image, layer = one_layer()
    layer.scale(4, 3, False)
    layer.set_offsets(3, 2)
    layer.resize_to_image_size()
    return [layer.width, layer.height, layer.offsets]


@probe
def linked_layers_are_moved_together():
    image, layer = one_layer()
    group = pdb.gimp_layer_group_new(image)
    pdb.gimp_image_insert_layer(image, group, None, 0)
    inner = gimp.Layer(image, "inner", 5, 5, RGB_IMAGE, 100.0, LAYER_MODE_NORMAL)
    pdb.gimp_image_insert_layer(image, inner, group, 0)
    alone = gimp.Layer(image, "alone", 5, 5, RGB_IMAGE, 100.0, LAYER_MODE_NORMAL)
    pdb.gimp_image_insert_layer(image, alone, None, 0)
    layer.linked = inner.linked = True
    answers = []
    for move in (
        lambda: layer.set_offsets(3, 1),
        lambda: layer.translate(2, 2),
        lambda: alone.set_offsets(9, 9),
        lambda: layer.scale(layer.width * 2, layer.height * 2, False),
        lambda: inner.set_offsets(0, 0),
    ):
        move()
        answers.append([list(one.offsets) for one in (layer, inner, alone)])
    return answers


@probe
def scaling_about_origin_and_centre():
    answers = []
    for local in (False, True):
        image, layer = one_layer()
        layer.set_offsets(3, 1)
        layer.scale(16, 12, local)
        answers.append([layer.width, layer.height, layer.offsets])
        layer.scale(5, 5, local)
        answers.append([layer.width, layer.height, layer.offsets])
    return answers


@probe
def scaling_to_nothing():
    return raised(one_layer()[1].scale, 0, 4, False)


@probe
def scaling_takes_the_mask_along():
    image, layer = one_layer()
    layer.add_mask(layer.create_mask(ADD_WHITE_MASK))
    layer.scale(16, 12, False)
    return [layer.mask.width, layer.mask.height, layer.mask.offsets]


@probe
def copying():
    image, layer = one_layer()
    layer.opacity = 42.0
    layer.mode = SCREEN_MODE
    layer.visible = False
    layer.linked = True
    layer.lock_alpha = True
    layer.set_offsets(2, 3)
    layer.attach_new_parasite("note", 1, "x")
    layer.add_mask(layer.create_mask(ADD_BLACK_MASK))
    copy = layer.copy()
    return [
        copy.name,
        copy.opacity,
        copy.mode,
        copy.visible,
        copy.linked,
        copy.lock_alpha,
        copy.offsets,
        copy.parasite_list(),
        copy.mask is not None,
        copy.tattoo == layer.tattoo,
    ]


@probe
def copying_with_alpha():
    image, layer = one_layer(kind=RGB_IMAGE)
    return [layer.copy().has_alpha, layer.copy(True).has_alpha]


@probe
def copying_to_another_image():
    image, layer = one_layer()
    other = pdb.gimp_image_new_with_precision(3, 3, GRAY, PRECISION_U16_GAMMA)
    copy = pdb.gimp_layer_new_from_drawable(layer, other)
    return [copy.name, copy.type, copy.bpp, copy.image == other, copy.width, copy.offsets]


@probe
def adding_and_dropping_alpha():
    image, layer = one_layer(kind=RGB_IMAGE)
    layer.add_alpha()
    first = [layer.has_alpha, layer.type, layer.bpp]
    pdb.gimp_layer_flatten(layer)
    return first + [layer.has_alpha, layer.type, layer.bpp]


@probe
def masks():
    image, layer = one_layer()
    mask = layer.create_mask(ADD_WHITE_MASK)
    before = layer.mask
    layer.add_mask(mask)
    return [
        before,
        layer.mask.name,
        type(layer.mask).__name__,
        layer.mask.is_layer_mask,
        layer.mask.bpp,
        layer.apply_mask,
        layer.edit_mask,
        layer.show_mask,
        layer.mask.width,
        layer.mask.offsets,
        octets(layer.mask.get_pixel(0, 0)),
        layer.mask == mask,
    ]


@probe
def mask_kinds():
    found = []
    for kind in (
        ADD_WHITE_MASK,
        ADD_BLACK_MASK,
        ADD_ALPHA_MASK,
        ADD_ALPHA_TRANSFER_MASK,
        ADD_SELECTION_MASK,
        ADD_COPY_MASK,
    ):
        image, layer = one_layer()
        layer.fill(WHITE_FILL)
        layer.set_pixel(0, 0, (200, 100, 50, 128))
        mask = layer.create_mask(kind)
        layer.add_mask(mask)
        found.append(
            [kind, octets(mask.get_pixel(0, 0)), octets(mask.get_pixel(1, 1)), octets(layer.get_pixel(0, 0))]
        )
    return found


@probe
def mask_flags():
    image, layer = one_layer()
    layer.add_mask(layer.create_mask(ADD_BLACK_MASK))
    layer.apply_mask = False
    layer.show_mask = True
    layer.edit_mask = False
    return [layer.apply_mask, layer.show_mask, layer.edit_mask]


@probe
def mask_flags_without_mask():
    image, layer = one_layer()
    return [
        raised(setattr, layer, "apply_mask", True),
        layer.apply_mask,
        raised(pdb.gimp_layer_set_apply_mask, layer, True),
    ]


@probe
def second_mask():
    image, layer = one_layer()
    layer.add_mask(layer.create_mask(ADD_WHITE_MASK))
    return raised(layer.add_mask, layer.create_mask(ADD_BLACK_MASK))


@probe
def mask_of_another_size():
    image, layer = one_layer()
    other = gimp.Layer(image, "small", 3, 3, RGBA_IMAGE, 100, NORMAL_MODE)
    image.add_layer(other, 0)
    return raised(pdb.gimp_layer_add_mask, layer, other.create_mask(ADD_WHITE_MASK))


@probe
def applying_and_discarding_masks():
    found = []
    for mode in (MASK_APPLY, MASK_DISCARD):
        image, layer = one_layer()
        layer.fill(WHITE_FILL)
        mask = layer.create_mask(ADD_WHITE_MASK)
        layer.add_mask(mask)
        mask.set_pixel(0, 0, (64,))
        layer.remove_mask(mode)
        found.append([layer.mask, octets(layer.get_pixel(0, 0)), octets(layer.get_pixel(1, 1))])
    return found


@probe
def removing_no_mask():
    return raised(one_layer()[1].remove_mask, MASK_APPLY)


@probe
def active_drawable_is_the_mask_while_it_is_edited():
    image, layer = one_layer()
    layer.add_mask(layer.create_mask(ADD_WHITE_MASK))
    before = pdb.gimp_item_is_layer_mask(image.active_drawable)
    layer.edit_mask = False
    return [before, pdb.gimp_item_is_layer_mask(image.active_drawable)]


@probe
def layer_of_a_mask():
    image, layer = one_layer()
    layer.add_mask(layer.create_mask(ADD_WHITE_MASK))
    return [pdb.gimp_layer_from_mask(layer.mask) == layer, layer.mask.image == image]


@probe
def layer_parasites():
    layer = one_layer()[1]
    layer.attach_new_parasite("b", 1, "two")
    layer.attach_new_parasite("a", 0, "one")
    found = layer.parasite_find("a")
    layer.parasite_detach("b")
    return [found.data, found.flags, layer.parasite_list(), layer.parasite_find("b")]


@probe
def parasites_by_procedure():
    layer = one_layer()[1]
    layer.attach_new_parasite("note", 3, "text")
    return [
        pdb.gimp_item_get_parasite_list(layer),
        pdb.gimp_item_get_parasite(layer, "note").data,
        raised(pdb.gimp_item_get_parasite, layer, "none"),
    ]


@probe
def kinds_of_items():
    image, layer = one_layer()
    channel = gimp.Channel(image, "c", 8, 6, 50.0, gimpcolor.RGB(255, 0, 0))
    image.add_channel(channel, 0)
    group = pdb.gimp_layer_group_new(image)
    return [
        [
            pdb.gimp_item_is_layer(item),
            pdb.gimp_item_is_channel(item),
            pdb.gimp_item_is_group(item),
            pdb.gimp_item_is_selection(item),
            pdb.gimp_item_is_drawable(item),
            pdb.gimp_item_is_layer_mask(item),
        ]
        for item in (layer, channel, group, image.selection)
    ]


@probe
def text_layers_are_layers():
    image, layer = one_layer()
    return [pdb.gimp_item_is_text_layer(layer), pdb.gimp_item_is_text_layer(image.selection)]


@probe
def channels():
    image, layer = one_layer()
    channel = gimp.Channel(image, "mine", 8, 6, 50.0, gimpcolor.RGB(255, 128, 0))
    image.add_channel(channel, 0)
    return [
        channel.name,
        channel.opacity,
        list(channel.color),
        raised(image.add_channel, channel, 0),
        channel.show_masked,
        channel.bpp,
        channel.type,
        [item.name for item in image.channels],
        image.active_channel.name,
    ]


@probe
def saving_a_selection():
    image, layer = one_layer()
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 1, 1, 3, 2)
    channel = pdb.gimp_selection_save(image)
    return [
        channel.name,
        octets(channel.get_pixel(0, 0)),
        octets(channel.get_pixel(1, 1)),
        channel.visible,
        image.active_layer,
        pdb.gimp_image_get_active_drawable(image).name,
    ]


@probe
def selections():
    image, layer = one_layer()
    empty = pdb.gimp_selection_bounds(image), pdb.gimp_selection_is_empty(image)
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 2, 1, 3, 4)
    full = pdb.gimp_selection_bounds(image), pdb.gimp_selection_is_empty(image)
    intersect = pdb.gimp_drawable_mask_intersect(layer), layer.mask_bounds, layer.mask_intersect
    values = [pdb.gimp_selection_value(image, x, y) for x, y in ((2, 1), (4, 4), (5, 4), (0, 0))]
    pdb.gimp_selection_none(image)
    return [empty, full, intersect, values, pdb.gimp_selection_is_empty(image)]


@probe
def selection_off_the_layer():
    image, layer = one_layer()
    layer.scale(2, 2, False)
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 5, 4, 2, 2)
    return [pdb.gimp_drawable_mask_intersect(layer), layer.mask_bounds, raised(lambda: layer.mask_intersect)]


@probe
def selection_operations():
    image, layer = one_layer()
    found = []
    for operation in (CHANNEL_OP_ADD, CHANNEL_OP_SUBTRACT, CHANNEL_OP_INTERSECT):
        pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 1, 1, 4, 4)
        pdb.gimp_image_select_rectangle(image, operation, 3, 2, 4, 2)
        found.append(
            [
                pdb.gimp_selection_bounds(image),
                pdb.gimp_selection_value(image, 1, 1),
                pdb.gimp_selection_value(image, 3, 2),
                pdb.gimp_selection_value(image, 6, 3),
            ]
        )
    return found


@probe
def selection_follows_scaling_and_resizing():
    image, layer = one_layer()
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 2, 1, 3, 4)
    image.scale(16, 12)
    scaled = pdb.gimp_selection_bounds(image)
    image.resize(30, 20, 5, 2)
    return [scaled, pdb.gimp_selection_bounds(image), image.selection.width]


@probe
def selecting_from_an_item():
    image, layer = one_layer()
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 2, 1, 3, 2)
    channel = pdb.gimp_selection_save(image)
    pdb.gimp_selection_none(image)
    pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, channel)
    return pdb.gimp_selection_bounds(image)


@probe
def floating_selection():
    image, layer = one_layer()
    layer.fill(WHITE_FILL)
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 2, 1, 3, 2)
    floating = pdb.gimp_selection_float(layer, 0, 0)
    found = [
        floating.is_floating_sel,
        image.floating_selection.name,
        floating.width,
        floating.height,
        floating.offsets,
        image.floating_sel_attached_to.name,
        len(image.layers),
    ]
    pdb.gimp_floating_sel_anchor(floating)
    return found + [image.floating_selection, len(image.layers)]


@probe
def fills():
    image, layer = one_layer()
    gimp.set_foreground(10, 20, 30)
    gimp.set_background(200, 100, 50)
    found = []
    for kind in (FOREGROUND_FILL, BACKGROUND_FILL, WHITE_FILL, TRANSPARENT_FILL):
        layer.fill(kind)
        found.append(octets(layer.get_pixel(0, 0)))
    return found


@probe
def fill_without_alpha():
    image, layer = one_layer(kind=RGB_IMAGE)
    gimp.set_background(9, 8, 7)
    layer.fill(TRANSPARENT_FILL)
    return octets(layer.get_pixel(0, 0))


@probe
def methods_on_a_deleted_item():
    image, layer = one_layer()
    loose = gimp.Layer(image, "loose", 3, 3, RGBA_IMAGE, 100, NORMAL_MODE)
    gimp.delete(loose)
    # its ``name`` is not asked for: that ends the real Python-Fu with a segmentation fault
    return [
        pdb.gimp_item_is_valid(loose),
        raised(lambda: loose.width),
        raised(lambda: loose.opacity),
        raised(pdb.gimp_layer_get_opacity, loose),
        raised(pdb.gimp_item_get_name, loose),
    ]


@probe
def layers_have_no_place_for_new_attributes():
    return raised(setattr, one_layer()[1], "caption", "x")[0]


@probe
def vectors():
    image, layer = one_layer()
    path = gimp.Vectors(image, "path")
    pdb.gimp_image_insert_vectors(image, path, None, 0)
    return [path.name, [item.name for item in image.vectors], path.visible, image.active_vectors.name]


@probe
def item_from_id():
    image, layer = one_layer()
    return [
        gimp.Item.from_id(layer.ID) == layer,
        gimp.Item.from_id(999999),
        gimp._id2drawable(layer.ID) == layer,
        gimp._id2image(image.ID) == image,
        gimp._id2image(999999),
    ]


@probe
def alpha_of_a_group_cannot_be_locked():
    image = one_layer()[0]
    group = pdb.gimp_layer_group_new(image)
    image.insert_layer(group, position=0)
    return [
        raised(setattr, group, "lock_alpha", True),
        raised(setattr, group, "lock_alpha", False),
        group.lock_alpha,
    ]


@probe
def alpha_in_an_indexed_image():
    image = gimp.Image(6, 1, INDEXED)
    image.colormap = raw([0, 0, 0, 255, 255, 255])
    source, layer = one_layer(6, 1)
    for x, alpha in enumerate((0, 1, 127, 128, 200, 255)):
        layer.set_pixel(x, 0, (250, 250, 250, alpha))
    copy = pdb.gimp_layer_new_from_drawable(layer, image)
    return [octets(copy.get_pixel(x, 0)) for x in range(6)]


@probe
def scaling_an_indexed_layer():
    image = gimp.Image(3, 1, INDEXED)
    image.colormap = raw([0, 0, 0, 255, 255, 255])
    layer = gimp.Layer(image, "i", 3, 1, INDEXEDA_IMAGE, 100, NORMAL_MODE)
    image.add_layer(layer, 0)
    for x, alpha in enumerate((0, 255, 0)):
        layer.set_pixel(x, 0, (x % 2, alpha))
    layer.scale(9, 1, False)
    found = [octets(layer.get_pixel(x, 0)) for x in range(9)]
    return [about([alpha for _, alpha in found], 2), [index for index, alpha in found if alpha]]


@probe
def scaling_a_group_with_a_mask():
    image, layer = one_layer()
    group = pdb.gimp_layer_group_new(image)
    image.insert_layer(group, position=0)
    pdb.gimp_image_reorder_item(image, layer, group, 0)
    inner = gimp.Layer(image, "inner", 4, 3, RGBA_IMAGE, 100.0, NORMAL_MODE)
    image.insert_layer(inner, group, 0)
    inner.set_offsets(6, 5)
    group.add_mask(group.create_mask(ADD_WHITE_MASK))
    before = [group.width, group.height, group.offsets, group.mask.width]
    group.scale(group.width * 2, group.height * 2, False)
    return [
        before,
        group.width,
        group.height,
        group.offsets,
        group.mask.width,
        inner.width,
        inner.height,
        inner.offsets,
    ]


@probe
def locking_a_group():
    image, layer = one_layer()
    group = pdb.gimp_layer_group_new(image)
    image.insert_layer(group, position=0)
    found = []
    for when in ("empty", "full", "of a locked one"):
        for value in (True, False):
            found.append(
                [
                    when,
                    value,
                    raised(pdb.gimp_item_set_lock_content, group, value),
                    pdb.gimp_item_get_lock_content(group),
                    raised(pdb.gimp_item_set_lock_position, group, value),
                    pdb.gimp_item_get_lock_position(group),
                ]
            )
        if when == "empty":
            pdb.gimp_image_reorder_item(image, layer, group, 0)
        elif when == "full":
            pdb.gimp_item_set_lock_content(layer, True)
    return found
