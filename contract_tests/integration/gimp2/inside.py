"""Build a row's image, upscale its layer, and judge what came of it; inside GIMP 2.10 or with its stubs.

Python 2.7 and 3. ``judged(row)`` returns the list of what is wrong, empty when the promise was kept:
everything about the image is as it was but what the placement says, and one undo brings all of it back.
"""

from __future__ import absolute_import, division

import array
import json
import math
import struct
import traceback

import gimpenums
from gimpfu import *

from contract_tests.gimpfu_stubs.conformance.kit import Undo

CANVAS = (240, 220)
SIZE, PLACE = (180, 170), (20, 15)
PROCEDURE = "python-fu-precision-upscale"
ARGUMENTS = (
    ("scale-factor", 2), ("flavor", "photo"), ("sharpen", 7), ("smart-grain", 7), ("ultra-detail", 30),
    ("filter-nsfw", False), ("placement", "scale-image"), ("area", "layer"), ("colors", "service"),
)  # fmt: skip
BASES = {"RGB": RGB, "GRAY": GRAY, "INDEXED": INDEXED}
SELECTIONS = {
    "hard": (30, 25, 165, 162), "soft": (30, 25, 165, 162), "crossing": (-20, -10, 200, 185),
    "small": (60, 60, 30, 40),
}  # fmt: skip

_TEXT = str if bytes is not str else unicode  # Python 2.7


def native(text):
    """Return text as GIMP's Python takes it."""
    return text.encode("utf-8") if bytes is str and isinstance(text, _TEXT) else text


# ----- building


DIAGONALS = bytes(bytearray((x + y) % 256 for y in range(CANVAS[1]) for x in range(CANVAS[0])))


def drawn_once(draw):
    """Keep what ``draw`` returns: the rows' pictures are made of the same few parts."""
    drawn = {}

    def kept(*what):
        if what not in drawn:
            drawn[what] = draw(*what)
        return drawn[what]

    return kept


def build(row):
    """Return ``(image, layer)`` of a row."""
    what, facts = row["layers"][0], row["image"]
    base = BASES[facts.get("base", "RGB")]
    first = RGB if base == INDEXED else base
    image = pdb.gimp_image_new_with_precision(CANVAS[0], CANVAS[1], first, PRECISION_U8_GAMMA)
    image.disable_undo()
    for name, seed in (("Paper", 5), ("Frame", 9)):
        add(image, name, CANVAS, (0, 0), first, None, seed)
    image.layers[0].scale(60, 50, False)
    image.layers[0].set_offsets(7, 9)
    layer = target(image, what, first)
    image.add_hguide(30)
    channel = gimp.Channel(image, "Keep", CANVAS[0], CANVAS[1], 50.0, gimpcolor.RGB(255, 0, 0))
    image.insert_channel(channel)
    paint(channel, DIAGONALS)
    image.active_layer = layer
    profile = PROFILES[facts.get("profile")]()
    if profile:
        pdb.gimp_image_set_color_profile(image, len(profile), profile)
    if base == INDEXED:
        pdb.gimp_image_convert_indexed(image, NO_DITHER, MAKE_PALETTE, 64, False, False, "")
    elif "precision" in facts:
        pdb.gimp_image_convert_precision(image, getattr(gimpenums, "PRECISION_" + facts["precision"]))
    if what.get("content") == "ramp":
        pdb.gimp_plugin_enable_precision()
        paint(layer, ramp(layer.width, layer.height))
    if facts.get("selection"):
        pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, *SELECTIONS[facts["selection"]])
        if facts["selection"] == "soft":
            pdb.gimp_selection_feather(image, 12.0)
    for lock in what.get("locks", ()):
        if lock == "alpha":
            layer.lock_alpha = True
        else:
            getattr(pdb, "gimp_item_set_lock_" + lock)(layer, True)
    image.enable_undo()
    return image, gimp._id2drawable(layer.ID)


def target(image, what, base):
    """Insert the layer a row is about and give it its attributes."""
    size, at = tuple(what.get("size", SIZE)), tuple(what.get("at", PLACE))
    parent, position = None, 1
    place = what.get("place")
    if place == "top":
        position = 0
    elif place == "bottom":
        position = 2
    elif place in ("group", "nested"):
        for _ in range(2 if place == "nested" else 1):
            group = pdb.gimp_layer_group_new(image)
            pdb.gimp_image_insert_layer(image, group, parent, 0 if parent else 1)
            parent = group
        position = 0
    if what.get("kind") == "group":
        layer = pdb.gimp_layer_group_new(image)
        pdb.gimp_image_insert_layer(image, layer, parent, position)
        add(image, "Inside", size, at, base, None, 2, layer)
        layer.name = "Folder"
    else:
        layer = add(image, what.get("name", "Target"), size, at, base, what.get("alpha"), 2, parent, position)
    if what.get("kind") == "text":
        layer = text(image, layer)
    if "mask" in what:
        mask = layer.create_mask(ADD_WHITE_MASK)
        layer.add_mask(mask)
        paint(mask, shade(layer.width, layer.height))
        layer.apply_mask = "no-apply" not in what["mask"]
        layer.show_mask = "show" in what["mask"]
        layer.edit_mask = "edit" in what["mask"]
    if "mode" in what:
        pdb.gimp_layer_set_mode(layer, mode_number(what["mode"]))
    for name in ("blend_space", "composite_space", "composite_mode"):
        if name in what:
            kind = "LAYER_COMPOSITE_" if name == "composite_mode" else "LAYER_COLOR_SPACE_"
            getattr(pdb, "gimp_layer_set_" + name)(layer, getattr(gimpenums, kind + what[name]))
    layer.opacity = what.get("opacity", 100.0)
    layer.visible, layer.linked = not what.get("hidden"), bool(what.get("linked"))
    if "color_tag" in what:
        pdb.gimp_item_set_color_tag(layer, getattr(gimpenums, "COLOR_TAG_" + what["color_tag"]))
    for name, value in sorted(what.get("parasites", {}).items()):
        layer.attach_new_parasite(native(name), 1, native(value))
    if "tattoo" in what:
        layer.tattoo = what["tattoo"]
    return layer


def text(image, layer):
    """Return a text layer in the place of ``layer``; in the stubs, which cannot write, it only says so."""
    if bytes is not str:
        layer.attach_new_parasite("gimp-text-layer", 1, "(text)")
        return layer
    written = pdb.gimp_text_layer_new(image, "Words\nand words", "Sans Bold", 60, PIXELS)
    pdb.gimp_image_insert_layer(image, written, layer.parent, pdb.gimp_image_get_item_position(image, layer))
    pdb.gimp_text_layer_resize(written, layer.width, layer.height)
    pdb.gimp_text_layer_set_color(written, gimpcolor.RGB(200, 120, 60))
    written.set_offsets(*layer.offsets)
    name = layer.name
    image.remove_layer(layer)
    written.name = name
    return written


def mode_number(name):
    """Return a layer mode's number by GIMP 3's name of it."""
    return getattr(gimpenums, "LAYER_MODE_" + name)


def add(image, name, size, at, base, alpha, seed, parent=None, position=0):
    """Insert a layer with colours of its own and, for ``alpha``, holes or a soft edge."""
    width, height = size
    kind = base * 2 + (1 if alpha else 0)
    layer = gimp.Layer(image, native(name), width, height, kind, 100.0, LAYER_MODE_NORMAL)
    pdb.gimp_image_insert_layer(image, layer, parent, position)
    layer.set_offsets(*at)
    paint(layer, content(width, height, 1 if base == GRAY else 3, alpha, seed))
    return layer


@drawn_once
def ramp(width, height):
    """Return a gradient of fewer than 26 of 256 levels in 16 bits: cut to 8, it would be seen as bands."""
    levels = [
        int(65535 * (0.3 + 0.1 * x / width + 0.002 * y / height)) for y in range(height) for x in range(width)
    ]
    return struct.pack("=%dH" % (3 * len(levels)), *[level for level in levels for _ in range(3)])


@drawn_once
def shade(width, height):
    """Return a mask that is darker towards the right and the bottom."""
    across, down = [(x * 200) // width for x in range(width)], [(y * 50) // height for y in range(height)]
    return bytes(bytearray(255 - a - b for b in down for a in across))


@drawn_once
def content(width, height, colors, alpha, seed):
    """Return soft waves and a few hard edges, well inside every profile's gamut, as 8-bit bytes."""
    across = [math.sin((x + seed * 7) / 9.0) * 30 for x in range(width)]
    down = [math.cos(y / 13.0) for y in range(height)]
    octets = bytearray()
    for y in range(height):
        for x in range(width):
            level = 128 + across[x] * down[y] + (20 if (x // 40 + y // 35) % 2 else 0)
            for channel in range(colors):
                octets.append(int(level + 12 * channel * (1 if seed % 2 else -1)))
            if alpha:
                octets.append(veil(alpha, x, y, width, height))
    return bytes(octets)


def veil(kind, x, y, width, height):
    """Return a pixel's alpha, 0 to 255."""
    if kind == "opaque":
        return 255
    if kind == "holes":
        return 0 if (x // 24 + y // 24) % 3 == 0 else 255
    distance = math.hypot(x - width / 2.0, y - height / 2.0) / (min(width, height) / 2.0)
    return int(255 * min(1.0, max(0.0, (1.0 - distance) * 4)))


def paint(drawable, octets):
    """Write all of a drawable's pixels, 8-bit components row by row."""
    drawable = gimp._id2drawable(drawable.ID)
    width, height = drawable.width, drawable.height
    region = drawable.get_pixel_rgn(0, 0, width, height, True, False)
    region[0:width, 0:height] = octets
    drawable.flush()


# ----- profiles


def _tagged(space, tags):
    place, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">II", place + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", place + len(body), b"test", 0x04300000, b"mntr", space, b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    return tuple(bytearray(header.ljust(128, b"\0") + table + body))


def _fixed(values):
    return b"".join(struct.pack(">i", int(round(value * 65536))) for value in values)


def _common():
    text = "test".encode("utf-16-be")
    words = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    return [(b"desc", words), (b"cprt", words), (b"wtpt", b"XYZ \0\0\0\0" + _fixed((0.9642, 1.0, 0.8249)))]


def matrix_profile(colorants, gamma):
    """Return an RGB profile of three primaries (XYZ under D50) and one exponent."""
    curve = b"para" + b"\0" * 8 + _fixed([gamma])
    tags = [
        (name, b"XYZ \0\0\0\0" + _fixed(one)) for name, one in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants)
    ]
    return _tagged(b"RGB ", _common() + tags + [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")])


def gray_profile(curve):
    """Return a grey profile with the tag data of its curve."""
    return _tagged(b"GRAY", _common() + [(b"kTRC", curve)])


def _lightness():
    levels = []
    for step in range(256):
        lightness = 100.0 * step / 255
        light = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / 903.3
        levels.append(int(round(light * 65535)))
    return b"curv\0\0\0\0" + struct.pack(">I256H", 256, *levels)


SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
PROPHOTO = ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249))
PROFILES = {
    None: lambda: (),
    "srgb": lambda: matrix_profile(SRGB, 2.2),
    "linear": lambda: matrix_profile(SRGB, 1.0),
    "adobe": lambda: matrix_profile(ADOBE, 2.19921875),
    "prophoto": lambda: matrix_profile(PROPHOTO, 1.8),
    "grey-gamma": lambda: gray_profile(b"para" + b"\0" * 8 + _fixed([2.2])),
    "grey-l": lambda: gray_profile(_lightness()),
}


# ----- looking


def raw(drawable):
    """Return a drawable's bytes in its own format."""
    drawable = gimp._id2drawable(drawable.ID)
    region = drawable.get_pixel_rgn(0, 0, drawable.width, drawable.height, False, False)
    return bytes(region[0 : drawable.width, 0 : drawable.height])


def tree(image):
    """Give every layer with its depth, groups before what they hold."""
    stack = [(layer, 0) for layer in reversed(image.layers)]
    while stack:
        layer, depth = stack.pop()
        yield layer, depth
        stack.extend((child, depth + 1) for child in reversed(layer.children))


def attributes(layer):
    """Return what the swap must not change about a layer, as a dictionary."""
    facts = {
        "name": layer.name, "opacity": "%.4f" % layer.opacity, "mode": layer.mode, "visible": layer.visible,
        "linked": layer.linked, "lock alpha": layer.lock_alpha,
        "lock content": pdb.gimp_item_get_lock_content(layer),
        "lock position": pdb.gimp_item_get_lock_position(layer),
        "colour tag": pdb.gimp_item_get_color_tag(layer), "tattoo": layer.tattoo,
        "parasites": sorted((name, layer.parasite_find(name).data, layer.parasite_find(name).flags)
                            for name in layer.parasite_list()),
        "blend space": pdb.gimp_layer_get_blend_space(layer),
        "composite space": pdb.gimp_layer_get_composite_space(layer),
        "composite mode": pdb.gimp_layer_get_composite_mode(layer),
        "parent": layer.parent.name if layer.parent else None, "alpha": layer.has_alpha, "type": layer.type,
        "position": pdb.gimp_image_get_item_position(layer.image, layer),
        "mask": layer.mask is not None and (layer.apply_mask, layer.edit_mask, layer.show_mask),
    }  # fmt: skip
    return facts


def whole(image):
    """Return everything about an image, pixels included, to compare after undo."""
    layers = []
    for layer, depth in tree(image):
        pixels = None if pdb.gimp_item_is_group(layer) else raw(layer)
        mask = raw(layer.mask) if layer.mask is not None else None
        layers.append(
            (depth, attributes(layer), layer.width, layer.height, layer.offsets, pixels, mask, layer.ID)
        )
    guide = image.find_next_guide(0)
    return {
        "size": (image.width, image.height), "kind": (image.base_type, image.precision), "layers": layers,
        "profile": tuple(pdb.gimp_image_get_color_profile(image)[1]), "selection": raw(image.selection),
        "guide": image.get_guide_position(guide), "channels": [raw(channel) for channel in image.channels],
        "active": image.active_layer and image.active_layer.ID, "resolution": image.resolution,
        "parasites": sorted(name for name in image.parasite_list() if not name.startswith("undo-probe")),
    }  # fmt: skip


def eight_bit(layer):
    """Return a layer's pixels in 8-bit gamma RGBA or GRAYA, in the image's profile, as bytes and channels."""
    image = pdb.gimp_image_new_with_precision(
        layer.width, layer.height, layer.image.base_type, layer.image.precision
    )
    image.disable_undo()
    try:
        if image.base_type == INDEXED:
            image.colormap = layer.image.colormap
        profile = pdb.gimp_image_get_color_profile(layer.image)[1]
        if profile:
            # otherwise GIMP converts what is copied here to sRGB, but not what is written as numbers
            pdb.gimp_image_set_color_profile(image, len(profile), profile)
        if pdb.gimp_item_is_text_layer(layer):
            # GIMP writes a copy anew, for another resolution, when its image is converted
            copy = gimp.Layer(image, "text", layer.width, layer.height, layer.type, 100.0, LAYER_MODE_NORMAL)
            pdb.gimp_image_insert_layer(image, copy, None, 0)
            paint(copy, raw(layer))
        else:
            copy = pdb.gimp_layer_new_from_drawable(layer, image)
            pdb.gimp_image_insert_layer(image, copy, None, 0)
        unlock(copy)
        if copy.mask is not None:
            copy.remove_mask(MASK_DISCARD)
        if pdb.gimp_item_is_group(copy):
            copy.mode, copy.opacity = LAYER_MODE_NORMAL, 100.0
            copy = pdb.gimp_image_merge_layer_group(image, copy)
        if image.base_type == INDEXED:
            pdb.gimp_image_convert_rgb(image)
        if image.precision != PRECISION_U8_GAMMA:
            pdb.gimp_image_convert_precision(image, PRECISION_U8_GAMMA)
        layer = gimp._id2drawable(image.layers[0].ID)
        if not layer.has_alpha:
            layer.add_alpha()
            layer = gimp._id2drawable(layer.ID)
        return bytearray(raw(layer)), layer.bpp
    finally:
        pdb.gimp_image_delete(image)


def unlock(layer):
    """Lift what locks a layer; a group refuses to be told what it is not."""
    if layer.lock_alpha:
        layer.lock_alpha = False
    if pdb.gimp_item_get_lock_content(layer):
        pdb.gimp_item_set_lock_content(layer, False)
    if pdb.gimp_item_get_lock_position(layer):
        pdb.gimp_item_set_lock_position(layer, False)


# of an image's precision, in hundreds: how to read its numbers, and how far two scalings may be apart
_NUMBERS = {1: ("B", 1), 2: ("H", 64), 3: ("I", 1 << 22), 5: ("H", 16), 6: ("f", 1e-3), 7: ("d", 1e-3)}


def near(image, one, two):
    """Whether two answers of :func:`raw` are the same but for what GIMP's own scaling varies by."""
    if one == two:
        return True
    code, within = _NUMBERS[image.precision // 100]
    if not one or not two or len(one) != len(two):
        return False
    return max(abs(a - b) for a, b in zip(array.array(code, one), array.array(code, two))) <= within


def like(image, one, two):
    """Whether two channels are alike on average: a deep image's copy scales hard edges in another light."""
    if near(image, one, two) or len(one) != len(two):
        return near(image, one, two)
    code, _ = _NUMBERS[image.precision // 100]
    one, two = array.array(code, one), array.array(code, two)
    return sum(abs(a - b) for a, b in zip(one, two)) <= 0.01 * sum(two)


def grid(width, height, step=7):
    """Give points all over a picture, none on its border."""
    for y in range(3, height - 3, step):
        for x in range(3, width - 3, step):
            yield x, y


# ----- judging


class Judge(object):
    """Collects what is wrong with one row."""

    def __init__(self, row):
        self.row = row
        self.problems = []
        self.options = dict(ARGUMENTS, **row["options"])
        self.factor = row.get("came", self.options["scale-factor"])
        self.placement = self.options["placement"]

    def expect(self, what, found, wanted):
        """Note a difference."""
        if found != wanted:
            self.problems.append("%s is %r, not %r" % (what, found, wanted))

    def run(self):
        """Build, upscale, judge, undo, judge again; returns the problems."""
        image, layer = build(self.row)
        self.order = [item.ID for item, _ in tree(image)]
        reference = pdb.gimp_image_duplicate(image)
        before, facts = whole(image), attributes(layer)
        before.update(target=layer.ID, at=layer.offsets)
        source, channels = eight_bit(layer)
        shape = (layer.width, layer.height, layer.offsets)
        images = set(one.ID for one in gimp.image_list())
        undo = Undo(image)
        depth = undo.depth()
        answer = pdb[PROCEDURE](image, layer, *[native(self.options[name]) for name, _ in ARGUMENTS])
        new = [one for one in gimp.image_list() if one.ID not in images]
        try:
            steps = undo.depth() - depth
            if self.placement == "new-image":
                self.expect("undo steps", steps, 0)
                self.expect("new images", len(new), 1)
                result = new[0].layers[0] if new else None
                self.new_image(image, new[0], facts) if new else None
            else:
                self.expect("undo steps", steps, 1)
                self.expect("new images", len(new), 0)
                result = self.placed(image, layer, facts, shape, before)
            if result is not None:
                self.expect("the values", answer[:2], (result.image, result))
                if self.placement != "new-image":
                    self.surroundings(image, result, reference, before)
                self.pixels(result, source, channels, shape, reference, layer)
            if self.placement != "new-image":
                undo.undo()
            self.same(whole(image), before)
            if self.placement != "new-image":
                undo.redo()
                if list(tree(image)) and result is not None and not pdb.gimp_item_is_valid(result):
                    self.problems.append("redo lost the result")
        finally:
            for one in [image, reference] + new:
                pdb.gimp_image_delete(one)
        return self.problems

    def same(self, now, before):
        """After undo (or beside a new image) everything is as it was, to the bit."""
        for key in sorted(now):
            if now[key] != before[key]:
                if key == "layers":
                    self.expect("undo: the number of layers", len(now[key]), len(before[key]))
                    for old, new in zip(before[key], now[key]):
                        names = ("depth", "attributes", "width", "height", "offsets", "pixels", "mask", "ID")
                        different = [name for name, one, two in zip(names, old, new) if one != two]
                        if different:
                            self.problems.append(
                                "undo: %r differs in %s" % (old[1]["name"], ", ".join(different))
                            )
                else:
                    self.problems.append("undo: the %s is not what it was" % key)

    def placed(self, image, layer, facts, shape, before):
        """Judge attributes and geometry; returns the layer that holds the result."""
        kept_beside = self.placement == "new-layer" or self.row["layers"][0].get("kind") == "group"
        factor = self.factor
        width, height, (x, y) = shape
        result = layer
        replaced = self.row["layers"][0].get("kind") == "text" and not kept_beside
        if kept_beside or replaced:
            result = image.active_layer
            if kept_beside:
                self.expect("the original's visibility", layer.visible, False)
                self.expect("the original's name", layer.name, facts["name"])
                wanted = dict(facts, name=result.name, tattoo=result.tattoo)
                if facts["mode"] == LAYER_MODE_PASS_THROUGH:
                    # a new layer has pixels of its own, which cannot pass through
                    wanted["mode"] = LAYER_MODE_NORMAL
                if not result.name.startswith(facts["name"]):
                    self.problems.append("the new layer is called %r" % result.name)
            else:
                wanted = dict(facts)
                wanted["parasites"] = [one for one in facts["parasites"] if one[0] != "gimp-text-layer"]
        else:
            wanted = facts
        found = attributes(result)
        for name in sorted(wanted):
            if name == "parasites" and kept_beside and self.row["layers"][0].get("kind") == "text":
                continue
            self.expect(name, found[name], wanted[name])
        if self.placement == "scale-image":
            size, at = (width * factor, height * factor), (x * factor, y * factor)
            canvas = (CANVAS[0] * factor, CANVAS[1] * factor)
        elif self.placement == "fit-layer":
            size, at, canvas = (width, height), (x, y), CANVAS
        else:
            size = (width * factor, height * factor)
            left, top = min(0, x), min(0, y)
            at = (x - left, y - top)
            canvas = (max(CANVAS[0], x + size[0]) - left, max(CANVAS[1], y + size[1]) - top)
        self.expect("the layer's size", (result.width, result.height), size)
        self.expect("the layer's place", tuple(result.offsets), at)
        self.expect("the canvas", (image.width, image.height), canvas)
        self.expect("the profile", tuple(pdb.gimp_image_get_color_profile(image)[1]), before["profile"])
        self.expect("type and precision", (image.base_type, image.precision), before["kind"])
        if result.mask is not None:
            self.expect("the mask's size", (result.mask.width, result.mask.height), size)
        something = pdb.gimp_selection_bounds(image)[0]
        self.expect("whether something is selected", bool(something), any(bytearray(before["selection"])))
        return gimp._id2drawable(result.ID)

    def surroundings(self, image, result, reference, before):
        """Judge all but the result against the untouched copy, which GIMP itself brings to the canvas."""
        if self.placement == "scale-image" and self.factor != 1:
            pdb.gimp_context_set_interpolation(INTERPOLATION_NOHALO)
            reference.scale(reference.width * self.factor, reference.height * self.factor)
        elif self.placement in ("grow-canvas", "new-layer"):
            left, top = min(0, before["at"][0]), min(0, before["at"][1])
            reference.resize(image.width, image.height, -left, -top)
        now, wanted = whole(image), whole(reference)
        for key in ("size", "kind", "guide", "profile", "resolution", "parasites"):
            self.expect("beside the result: the " + key, now[key], wanted[key])
        drawn = [(now["selection"], wanted["selection"])] + list(zip(now["channels"], wanted["channels"]))
        if not all(like(image, found, twin) for found, twin in drawn):
            self.problems.append("the selection or a channel is not as GIMP makes it")
        self.expect("the number of channels", len(now["channels"]), len(wanted["channels"]))
        added = result.ID not in self.order and len(now["layers"]) != len(before["layers"])
        layers = [one for one in now["layers"] if not (added and one[-1] == result.ID)]
        self.expect("the number of layers", len(layers), len(before["layers"]))
        self.expect("the active layer", image.active_layer and image.active_layer.ID, result.ID)
        for found, twin, old in zip(layers, wanted["layers"], before["layers"]):
            if old[-1] != before["target"]:
                self.neighbour(image, found, twin, old, added)

    def neighbour(self, image, found, twin, old, added):
        """Judge one layer that is not the target."""
        name = old[1]["name"]
        self.expect("the ID of %r" % name, found[-1], old[-1])
        facts = dict(old[1])
        if added:  # by the new layer
            facts["position"] = found[1]["position"]
        self.expect("attributes of %r" % name, found[1], facts)
        if found[5] is not None:  # a group is as large as what it holds
            self.expect("size and place of %r" % name, found[2:5], twin[2:5])
        if not near(image, found[5], twin[5]) or not near(image, found[6], twin[6]):
            self.problems.append("the pixels or the mask of %r are not as GIMP makes them" % name)

    def new_image(self, image, new, facts):
        """Judge an image of its own."""
        kind = (image.base_type, image.precision)
        self.expect("type and precision", (new.base_type, new.precision), kind)
        self.expect(
            "the profile", tuple(pdb.gimp_image_get_color_profile(new)[1]),
            tuple(pdb.gimp_image_get_color_profile(image)[1]),
        )  # fmt: skip
        self.expect("the resolution", new.resolution, image.resolution)
        layer = new.layers[0]
        self.expect("the name", layer.name, facts["name"])
        for name in ("alpha", "opacity", "mode", "mask", "parasites"):
            if name != "parasites" or self.row["layers"][0].get("kind") != "text":
                self.expect(name, attributes(layer)[name], facts[name])
        self.expect("the canvas", (new.width, new.height), (layer.width, layer.height))

    def pixels(self, result, source, channels, shape, reference, layer):
        """Judge colours against exact replication, alpha and mask against GIMP's own scaling."""
        width, height = shape[0], shape[1]
        factor = 1 if self.placement == "fit-layer" else self.factor
        self.expect("the result's size", (result.width, result.height), (width * factor, height * factor))
        if (result.width, result.height) != (width * factor, height * factor):
            return
        after, after_channels = eight_bit(result)
        self.expect("components", after_channels, channels)
        own = self.scaled_reference(reference, layer, factor)
        own_pixels, _ = eight_bit(own)
        inside = self.inside(shape)
        off, worst, count = 0.0, 0, 0
        veil_off = 0
        colors = channels - 1
        drift = [0] * colors
        for x, y in grid(width, height):
            at = ((y * factor + factor // 2) * width * factor + x * factor + factor // 2) * channels
            old = (y * width + x) * channels
            veil_off = max(veil_off, abs(after[at + colors] - own_pixels[at + colors]))
            if source[old + colors] < 128:
                continue
            here = inside(x, y)
            if here is None:
                continue
            base = source[old : old + colors] if here else own_pixels[at : at + colors]
            differences = [abs(after[at + channel] - base[channel]) for channel in range(colors)]
            count += 1
            off += sum(differences) / float(colors)
            worst = max(worst, max(differences))
            for channel in range(colors):
                drift[channel] += after[at + channel] - own_pixels[at + channel]

        if not count:
            self.problems.append("no visible pixel to compare")
            return
        # a tint moves a whole channel; detail cancels out over the picture
        shift = max(abs(total) for total in drift) / float(count)
        self.facts = {"mean": off / count, "worst": worst, "shift": shift, "alpha": veil_off}
        if self.row.get("tinted"):
            if self.options["colors"] == "original" and shift > 1.0:
                self.problems.append("original colours are shifted by %.2f levels" % shift)
            if self.options["colors"] == "service" and shift < 4.0:
                self.problems.append("the tint did not arrive: %.2f levels" % shift)
        else:
            loose = self.row.get("loose") or factor == 1 or self.options["colors"] == "original"
            bound = 6.0 if loose else 1.0 if self.row["image"].get("base") != "INDEXED" else 3.0
            if off / count > bound:
                self.problems.append("colours are off by %.2f levels, at worst %d" % (off / count, worst))
        if self.row["image"].get("levels") and len(set(array.array("H", raw(result)))) <= 256:
            self.problems.append("a deep gradient came back in steps")
        if veil_off > 2:
            self.problems.append("alpha is off by %d" % veil_off)
        if result.mask is not None and own.mask is not None and raw(result.mask) != raw(own.mask):
            found, wanted = bytearray(raw(result.mask)), bytearray(raw(own.mask))
            if len(found) != len(wanted) or max(abs(a - b) for a, b in zip(found, wanted)) > 1:
                self.problems.append("the mask is not as GIMP scales it")

    def scaled_reference(self, reference, layer, factor):
        """Return the twin of ``layer`` in the untouched copy, scaled by GIMP itself."""
        twin = [
            two for one, two in zip(self.order, [item for item, _ in tree(reference)]) if one == layer.ID
        ][0]
        if factor != 1:
            unlock(twin)
            pdb.gimp_context_set_interpolation(INTERPOLATION_NOHALO)
            # with the image it has been scaled already
            if self.placement != "scale-image":
                twin.scale(twin.width * factor, twin.height * factor, False)
        return gimp._id2drawable(twin.ID)

    def inside(self, shape):
        """Return a function that says whether a pixel comes from the service (None: from both)."""
        if self.options["area"] != "selection":
            return lambda *_: True
        left, top = shape[2]
        box = SELECTIONS[self.row["image"]["selection"]]
        soft = 16 if self.row["image"]["selection"] == "soft" else 2

        def answer(x, y):
            x, y = x + left, y + top
            if x < 0 or y < 0 or x >= CANVAS[0] or y >= CANVAS[1]:
                return False
            distances = (x - box[0], y - box[1], box[0] + box[2] - 1 - x, box[1] + box[3] - 1 - y)
            nearest = min(distances)
            return True if nearest >= soft else False if nearest <= -soft else None

        return answer


def judged(row):
    """Return what is wrong with a row, an empty list when nothing is."""
    judge = Judge(row)
    try:
        return judge.run()
    except Exception:
        return judge.problems + [traceback.format_exc()]


def run_table(rows_path, report_path):
    """Judge the rows in a JSON file and write ``{id: problems}``, line by line as they are done."""
    pdb.gimp_plugin_enable_precision()
    with open(rows_path, "rb") as stream:
        rows = json.loads(stream.read().decode("utf-8"))
    with open(report_path, "wb") as stream:
        for row in rows:
            line = json.dumps([row["id"], judged(row)])
            stream.write(line.encode("utf-8") + b"\n")
            stream.flush()
