"""Build a random image, upscale its layer, undo and redo, and write down every item each time.

Runs inside GIMP 2.10 or with its stubs, in Python 2.7 and 3. Pixels go to files named by their checksum.
"""

from __future__ import absolute_import, division

import hashlib
import json
import os
import struct
import traceback

import gimpenums
from gimpfu import *

from contract_tests.gimpfu_stubs.conformance.kit import Undo
from contract_tests.integration.gimp2 import inside
from contract_tests.integration.gimp2.inside import native, raw

_TEXT_PARASITE = "gimp-text-layer"


def text_of(value):
    """Return what GIMP gave as text."""
    return value.decode("utf-8") if bytes is str and isinstance(value, bytes) else value


# ----- building


def build(spec):
    """Return ``(image, target)``."""
    width, height = spec["canvas"]
    base = inside.BASES[spec["base"]]
    first = RGB if base == INDEXED else base
    image = pdb.gimp_image_new_with_precision(width, height, first, PRECISION_U8_GAMMA)
    image.disable_undo()
    image.resolution = tuple(spec["resolution"])
    for position, one in enumerate(spec["layers"]):
        _insert(image, one, None, position, first)
    for direction, place in spec["guides"]:
        (image.add_hguide if direction == "h" else image.add_vguide)(place)
    for number in spec["channels"]:
        channel = gimp.Channel(image, "Channel %d" % number, width, height, 50.0, gimpcolor.RGB(255, 0, 0))
        image.insert_channel(channel)
        inside.paint(channel, _ramp(width, height, number))
    for points in spec["paths"]:
        path = pdb.gimp_vectors_new(image, "Path")
        pdb.gimp_image_insert_vectors(image, path, None, 0)
        pdb.gimp_vectors_stroke_new_from_points(path, 0, len(points), points, False)
    for name, value in sorted(spec["parasites"].items()):
        image.attach_new_parasite(native(name), 1, native(value))
    profile = inside.PROFILES[spec["profile"]]()
    if profile:
        pdb.gimp_image_set_color_profile(image, len(profile), profile)
    if base == INDEXED:
        try:
            pdb.gimp_image_convert_indexed(image, NO_DITHER, MAKE_PALETTE, 64, False, False, "")
        except RuntimeError:
            pass  # GIMP converts not every image; this one is RGB then
    elif spec["precision"] != "U8_GAMMA":
        pdb.gimp_image_convert_precision(image, getattr(gimpenums, "PRECISION_" + spec["precision"]))
    layers = dict((text_of(layer.name), layer) for layer, _ in inside.tree(image))
    for one in _every(spec["layers"]):
        if "odd_number" in one:
            _spoil(layers[one["name"]], one["odd_number"])
    for one in _every(spec["layers"]):
        _lock(layers[one["name"]], one["locks"])
    target = layers[spec["target"]]
    image.active_layer = target
    if spec["selection"]:
        pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, *spec["selection"])
        if spec["soft"]:
            pdb.gimp_selection_feather(image, 12.0)
    image.enable_undo()
    if spec["floating"]:
        layer = image.new_layer("Below the floating one")
        pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 5, 5, 50, 50)
        pdb.gimp_selection_float(layer, 0, 0)
    return image, gimp._id2drawable(target.ID)


def _every(layers):
    for layer in layers:
        yield layer
        for child in _every(layer.get("children", [])):
            yield child


def _insert(image, one, parent, position, base):
    if one["kind"] == "group":
        layer = pdb.gimp_layer_group_new(image)
        pdb.gimp_image_insert_layer(image, layer, parent, position)
        layer.name = native(one["name"])
        for number, child in enumerate(one["children"]):
            _insert(image, child, layer, number, base)
        if one["pass_through"]:
            layer.mode = LAYER_MODE_PASS_THROUGH
    else:
        seed = len(one["name"]) + one["size"][0]
        layer = inside.add(
            image, one["name"], one["size"], one["at"], base, one["alpha"], seed, parent, position
        )
        if one["kind"] == "text":
            layer = inside.text(image, layer)
        if "mode" in one:
            pdb.gimp_layer_set_mode(layer, inside.mode_number(one["mode"]))
    layer.opacity, layer.visible, layer.linked = one["opacity"], one["visible"], one["linked"]
    if "color_tag" in one:
        pdb.gimp_item_set_color_tag(layer, getattr(gimpenums, "COLOR_TAG_" + one["color_tag"]))
    for name, value in sorted(one.get("parasites", {}).items()):
        layer.attach_new_parasite(native(name), 1, native(value))
    if "mask" in one:
        layer = gimp._id2drawable(layer.ID)
        mask = layer.create_mask(ADD_WHITE_MASK)
        layer.add_mask(mask)
        inside.paint(mask, _ramp(layer.width, layer.height, 3))
        layer.apply_mask = "no-apply" not in one["mask"]
        layer.show_mask = "show" in one["mask"]
        layer.edit_mask = "edit" in one["mask"]


def _ramp(width, height, seed):
    """Return a smooth mask that is nowhere black."""
    across, down = [(x * 120) // width for x in range(width)], [(y * 90) // height for y in range(height)]
    return bytes(bytearray(255 - a - b - seed % 7 for b in down for a in across))


def _spoil(layer, number):
    """Write one number into the layer that is none or infinite."""
    layer = gimp._id2drawable(layer.ID)
    channels = {RGB_IMAGE: 3, RGBA_IMAGE: 4, GRAY_IMAGE: 1, GRAYA_IMAGE: 2}[layer.type]
    x, y = layer.width // 3, layer.height // 2
    size = layer.bpp // channels
    if size == 2:
        octets = struct.pack("=H", {"nan": 0x7E00, "inf": 0x7C00, "-inf": 0xFC00}[number])
    else:
        octets = struct.pack("=f" if size == 4 else "=d", float(number))
    region = layer.get_pixel_rgn(0, 0, layer.width, layer.height, True, False)
    pixel = region[x : x + 1, y : y + 1]
    region[x : x + 1, y : y + 1] = octets + pixel[size:]
    layer.flush()


def _lock(layer, locks):
    for lock in locks:
        if lock == "alpha":
            layer.lock_alpha = True
        else:
            getattr(pdb, "gimp_item_set_lock_" + lock)(layer, True)


# ----- writing down


class Recorder(object):
    """Writes inventories; ``folder`` gets the pixels."""

    def __init__(self, folder):
        self.folder = folder

    def image(self, image, look_of=()):
        """Return every item of an image; of the layers with the IDs ``look_of``, also what they show."""
        guides, guide = [], image.find_next_guide(0)
        while guide:
            direction = "h" if image.get_guide_orientation(guide) == ORIENTATION_HORIZONTAL else "v"
            guides.append([direction, image.get_guide_position(guide)])
            guide = image.find_next_guide(guide)
        profile = bytes(bytearray(pdb.gimp_image_get_color_profile(image)[1]))
        return {
            "size": [image.width, image.height],
            "base": image.base_type,
            "precision": image.precision,
            "profile": hashlib.sha1(profile).hexdigest(),
            "resolution": list(image.resolution),
            "parasites": sorted(
                text_of(one) for one in image.parasite_list() if not one.startswith("undo-probe")
            ),
            "guides": sorted(guides),
            "selection": self.pixels(image.selection),
            "channels": [[text_of(one.name), one.opacity, self.pixels(one)] for one in image.channels],
            "paths": [self.path(one) for one in image.vectors],
            "active": image.active_layer and image.active_layer.ID,
            "layers": [self.layer(layer, look_of) for layer in image.layers],
        }

    def layer(self, layer, look_of):
        """Return one layer and what it holds."""
        layer = gimp._id2drawable(layer.ID)
        mask = layer.mask
        known = inside.attributes(layer)
        found = dict(
            (key, known[key]) for key in known if key not in ("parent", "position", "mask", "parasites")
        )
        found.update(
            name=text_of(layer.name),
            id=layer.ID,
            box=list(layer.offsets) + [layer.width, layer.height],
            parasites=sorted(text_of(name) for name in layer.parasite_list()),
            mask=mask and [layer.apply_mask, layer.edit_mask, layer.show_mask, self.pixels(mask)],
        )
        if pdb.gimp_item_is_group(layer):
            found["children"] = [self.layer(child, look_of) for child in layer.children]
        else:
            found["pixels"] = self.pixels(layer)
        if look_of is None or layer.ID in look_of:
            octets, channels = inside.eight_bit(layer)
            found["look"] = self.dump(bytes(octets), layer.width, layer.height, channels, "B")
        return found

    def path(self, path):
        """Return a path's strokes."""
        strokes = []
        for stroke in pdb.gimp_vectors_get_strokes(path)[1]:
            _, _, points, closed = pdb.gimp_vectors_stroke_get_points(path, stroke)
            strokes.append([list(points), bool(closed)])
        return [text_of(path.name), strokes]

    def pixels(self, drawable):
        """Return a drawable's own numbers."""
        drawable = gimp._id2drawable(drawable.ID)
        precision = drawable.image.precision
        depth = precision // 100
        sizes, codes = {1: 1, 2: 2, 3: 4, 5: 2, 6: 4, 7: 8}, {1: "B", 2: "H", 3: "I", 5: "e", 6: "f", 7: "d"}
        channels = drawable.bpp // sizes[depth]
        return self.dump(raw(drawable), drawable.width, drawable.height, channels, codes[depth])

    def dump(self, octets, width, height, channels, code):
        """Keep pixels in a file and return where."""
        name = hashlib.sha1(octets).hexdigest()
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            with open(path, "wb") as stream:
                stream.write(octets)
        return {"file": name, "shape": [height, width, channels], "code": code}


def carried_out(spec, folder):
    """Build, upscale, undo and redo one image; returns what was seen each time."""
    recorder = Recorder(folder)
    image, target = build(spec)
    result = {"seed": spec["seed"], "target": target.ID, "build": "done"}
    try:
        _save(image, os.path.join(folder, "%d.xcf" % spec["seed"]))
        undo = Undo(image)
        result["before"] = recorder.image(image, [target.ID])
        known, depth = set(one.ID for one in gimp.image_list()), undo.depth()
        options = dict(inside.ARGUMENTS, **spec["options"])
        arguments = [native(options[name]) for name, _ in inside.ARGUMENTS]
        try:
            _, layer, message = pdb[inside.PROCEDURE](image, target, *arguments)
            result.update(status="success", message=text_of(message), result=layer.ID)
        except RuntimeError:
            result["status"] = "refused"
        new = [one for one in gimp.image_list() if one.ID not in known]
        look_of = [result["result"]] if "result" in result else []
        result["steps"] = undo.depth() - depth
        result["after"] = recorder.image(image, look_of)
        result["new_images"] = [recorder.image(one, None) for one in new]
        if result["steps"] > 0:
            undo.undo()
            result["undone"] = recorder.image(image)
            undo.redo()
            result["redone"] = recorder.image(image)
        for one in new:
            pdb.gimp_image_delete(one)
    finally:
        pdb.gimp_image_delete(image)
    return result


def _save(image, path):
    pdb.gimp_xcf_save(0, image, image.active_drawable, path, path)


def run(specs_path, folder, results_path):
    """Carry out the images in a JSON file and write one line for each as soon as it is done."""
    pdb.gimp_plugin_enable_precision()
    with open(specs_path, "rb") as stream:
        specs = json.loads(stream.read().decode("utf-8"))
    with open(results_path, "wb") as stream:
        for spec in specs:
            try:
                result = carried_out(spec, folder)
            except Exception:
                result = {"seed": spec["seed"], "crash": traceback.format_exc()}
            stream.write(json.dumps(result).encode("utf-8") + b"\n")
            stream.flush()
