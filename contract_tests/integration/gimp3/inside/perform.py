"""Carry out the rows of the table inside GIMP, with its window open, and write down what happened.

For every row a second image shows what GIMP itself would have done by hand (its own scaling and
resizing): all that is not the target's pixels must be like there. Undo is GIMP's own action, called
over the session bus, for the PDB has none.
"""

from __future__ import annotations

import copy
import json
import os
import time

import build
import snapshot
from case_log import case_log
from gi.repository import Gegl, Gimp, Gio, GLib

PROCEDURE = "plug-in-precision-upscale"
# 16-bit integers would go through babl's faulty tables (see precision-upscaler.py)
DEEP, VALUE = "R'G'B'A float", "Y float"
# the mock has no limit, and its tasks are done as soon as their clock goes on
IMPATIENT = {"requests_per_minute": 6000, "poll_seconds": 0.1}


class Actions:
    """GIMP's own actions, as its menus call them."""

    def __init__(self):
        self._bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)

    def _call(self, method, arguments):
        return self._bus.call_sync(
            "org.gimp.GIMP.UI", "/org/gimp/GIMP", "org.gtk.Actions", method, arguments, None, 0, 20000, None
        )

    def possible(self, name):
        described = self._call("Describe", GLib.Variant("(s)", (name,))).unpack()[0]
        return described[0]

    def do(self, name):
        self._call("Activate", GLib.Variant("(sava{sv})", (name, [], {})))


def find(image, name):
    """Return the layer called ``name``, wherever it is."""

    def walk(layers):
        for one in layers:
            if one.get_name() == name:
                return one
            if one.is_group():
                found = walk(one.get_children())
                if found is not None:
                    return found
        return None

    return walk(image.get_layers())


def flat(layers):
    """Return every layer of a snapshot, groups before their children."""
    found = []
    for one in layers:
        found.append(one)
        found += flat(one.get("children", []))
    return found


def without(layers, ids):
    """Return a snapshot's layers without those of ``ids``."""
    return [
        dict(one, children=without(one["children"], ids)) if "children" in one else one
        for one in layers
        if one["id"] not in ids
    ]


def scaled_by_gimp(image, row, names, size):
    """Do to ``image`` what GIMP does by hand for the row's placement, with its best interpolation."""
    placement = row["options"].get("placement", "scale-image")
    factor = row.get("came", row["options"].get("scale-factor", 2))
    Gimp.context_push()
    Gimp.context_set_interpolation(Gimp.InterpolationType.NOHALO)
    try:
        for name in names:
            target = find(image, name)
            if target.get_filters() and not target.is_group():
                target.merge_filters()
        if placement == "scale-image":
            image.scale(size[0] * factor, size[1] * factor)
        else:
            boxes = []
            for name in names:
                target = find(image, name)
                width, height = target.get_width(), target.get_height()
                _, x, y = target.get_offsets()
                if placement in ("grow-canvas", "new-layer"):
                    boxes.append((x, y, x + width * factor, y + height * factor))
                if placement == "grow-canvas" and not target.is_group():
                    target.scale(width * factor, height * factor, False)
                    target.set_offsets(x, y)
            if boxes:
                left, top = min(0, *(box[0] for box in boxes)), min(0, *(box[1] for box in boxes))
                right = max(size[0], *(box[2] for box in boxes))
                bottom = max(size[1], *(box[3] for box in boxes))
                row["shift"] = [-left, -top]
                image.resize(right - left, bottom - top, -left, -top)
    finally:
        Gimp.context_pop()


_ROOM = 60
"""Pixels around a layer within which it is shown alone: more than the table's effects reach."""


def alone(image, layer):
    """Return a layer or group with its effects as a new layer of ``image``, shown without anything else.

    It is as large as GIMP's own merging makes it. GIMP 3.0 forgets to move what it has enlarged, so
    there it is as large as the layer and whatever can be seen around it.
    """
    twin = Gimp.Image.new_with_precision(
        image.get_width(), image.get_height(), image.get_base_type(), image.get_precision()
    )
    if image.get_color_profile() is not None:
        twin.set_color_profile(image.get_color_profile())
    merged = Gimp.Layer.new_from_drawable(layer, twin)
    twin.insert_layer(merged, None, 0)
    shown = Gimp.Layer.new_from_drawable(layer, twin)
    if merged.is_group():
        merged = merged.merge()
    else:
        merged.add_alpha()
        merged.merge_filters()
    _, left, top = merged.get_offsets()
    width, height = merged.get_width(), merged.get_height()
    twin.remove_layer(merged)
    _, x, y = layer.get_offsets()
    twin.insert_layer(shown, None, 0)
    if shown.get_mask() is not None:
        shown.remove_mask(Gimp.MaskApplyMode.DISCARD)
    shown.set_opacity(100.0)
    shown.set_mode(Gimp.LayerMode.NORMAL)
    own = layer.get_width(), layer.get_height()
    twin.resize(own[0] + 2 * _ROOM, own[1] + 2 * _ROOM, _ROOM - x, _ROOM - y)
    flat = Gimp.Layer.new_from_visible(twin, image, "flat")
    image.insert_layer(flat, None, 0)
    if (left, top) == (x, y) and (width, height) != own:
        left, top, width, height = seen(flat, own, x - _ROOM, y - _ROOM)
    flat.resize(width, height, x - _ROOM - left, y - _ROOM - top)
    flat.set_offsets(left, top)
    twin.delete()
    return flat


def seen(flat, own, x, y):
    """Return the canvas box of the middle of a layer at ``x``, ``y`` and of all that can be seen of it."""
    width, height = flat.get_width(), flat.get_height()
    veil = snapshot.pixels(flat, "R'G'B'A u8")[3::4]
    rows = [row for row in range(height) if any(veil[row * width : (row + 1) * width])]
    columns = [column for column in range(width) if any(veil[column::width])]
    left, top = min([_ROOM, *columns]), min([_ROOM, *rows])
    right, bottom = max([_ROOM + own[0] - 1, *columns]) + 1, max([_ROOM + own[1] - 1, *rows]) + 1
    return x + left, y + top, right - left, bottom - top


def local_pixels(image, row, name):
    """Return ``(width, height, pixels)`` of the target scaled by GIMP alone, as RGBA floats."""
    target = find(image, name)
    if any(one.get_visible() for one in target.get_filters()):
        target = alone(image, target)
    placement = row["options"].get("placement", "scale-image")
    factor = 1 if placement == "fit-layer" else row.get("came", row["options"].get("scale-factor", 2))
    width, height = target.get_width(), target.get_height()
    private = Gimp.Image.new_with_precision(width, height, Gimp.ImageBaseType.RGB, image.get_precision())
    try:
        if image.get_color_profile() is not None and image.get_base_type() != Gimp.ImageBaseType.GRAY:
            private.set_color_profile(image.get_color_profile())
        twin = build.new_layer(private, "twin", width, height, target.has_alpha())
        private.insert_layer(twin, None, 0)
        here = Gegl.Rectangle.new(0, 0, width, height)
        buffer = twin.get_buffer()
        target.get_buffer().copy(here, Gegl.AbyssPolicy.NONE, buffer, here)
        buffer.flush()
        before = snapshot.pixels(twin, DEEP)
        Gimp.context_push()
        Gimp.context_set_interpolation(Gimp.InterpolationType.NOHALO)
        twin.scale(width * factor, height * factor, False)
        Gimp.context_pop()
        after = snapshot.pixels(twin, DEEP)
        _, x, y = target.get_offsets()
        return (width, height, before, [x, y]), (width * factor, height * factor, after)
    finally:
        private.delete()


def selected_pixels(image, row, name):
    """Return the selection over the target's box, scaled by GIMP alone, as floats."""
    target = find(image, name)
    _, x, y = target.get_offsets()
    width, height = target.get_width(), target.get_height()
    placement = row["options"].get("placement", "scale-image")
    factor = 1 if placement == "fit-layer" else row["options"].get("scale-factor", 2)
    private = Gimp.Image.new_with_precision(
        width, height, Gimp.ImageBaseType.GRAY, Gimp.Precision.FLOAT_LINEAR
    )
    try:
        twin = build.new_layer(private, "twin", width, height, False)
        private.insert_layer(twin, None, 0)
        buffer = twin.get_buffer()
        there = Gegl.Rectangle.new(x, y, width, height)
        image.get_selection().get_buffer().copy(
            there, Gegl.AbyssPolicy.NONE, buffer, Gegl.Rectangle.new(0, 0, width, height)
        )
        buffer.flush()
        Gimp.context_push()
        Gimp.context_set_interpolation(Gimp.InterpolationType.NOHALO)
        twin.scale(width * factor, height * factor, False)
        Gimp.context_pop()
        return snapshot.pixels(twin, VALUE)
    finally:
        private.delete()


def upscale(image, targets, options, run_mode=Gimp.RunMode.NONINTERACTIVE):
    """Call the procedure; return its status, message, layer and image."""
    procedure = Gimp.get_pdb().lookup_procedure(PROCEDURE)
    config = procedure.create_config()
    config.set_property("run-mode", run_mode)
    config.set_property("image", image)
    if targets:  # GIMP takes no empty list, and leaves it empty without
        config.set_core_object_array("drawables", targets)
    for name, value in options.items():
        config.set_property(name, value)
    values = procedure.run(config)
    status = values.index(0)
    if status != Gimp.PDBStatusType.SUCCESS:
        return (
            status.value_nick if hasattr(status, "value_nick") else str(status),
            error_text(values),
            None,
            None,
        )
    return "success", values.index(3), values.index(2), values.index(1)


def resume():
    """Call the procedure that brings back what was paid for; return its status, its count and its message."""
    procedure = Gimp.get_pdb().lookup_procedure(PROCEDURE + "-resume")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    values = procedure.run(config)
    if values.index(0) != Gimp.PDBStatusType.SUCCESS:
        return "failed", 0, error_text(values)
    return "success", values.index(1), values.index(2)


def error_text(values):
    text = values.index(1) if values.length() > 1 else ""
    return text if isinstance(text, str) else getattr(text, "message", str(text))


def with_setting(data, address, key, **settings):
    """Point the worker at an address with a key (None: no key at all), and have it wait for nothing."""
    os.makedirs(data, mode=0o700, exist_ok=True)
    settings = {"base_url": address, **IMPATIENT, **settings}
    files = {"settings.json": settings, "credentials.json": {address: key} if key else {}}
    for name, content in files.items():
        path = os.path.join(data, name)
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(content, stream)
        os.chmod(path, 0o600)


class Table:
    """The rows of one GIMP; results are one JSON object a line."""

    def __init__(self, folder, mock, data):
        self.folder, self.mock, self.data = folder, mock, data
        self.actions = Actions()
        self.shown = None

    def use(self, key):
        """Choose the mock's scenario: the worker reads the key from its file at every start."""
        with_setting(self.data, self.mock, key)

    def run(self, rows):
        with case_log(self.folder, "results.jsonl") as results:
            for number, row in enumerate(rows):
                results.case(row["id"], lambda number=number, row=row: self.row(row, number))

    def row(self, row, number):
        self.use(row.get("key", "mock-nearest"))
        image, targets = build.build(row, number)
        if row.get("saved"):
            image, targets = self.reopened(image, targets)
        targets = targets[: row.get("of", len(targets))]
        names = [target.get_name() for target in targets]
        self.show(image)
        image.undo_disable()
        image.undo_enable()
        image.clean_all()
        return self.compare(row, image, targets, names)

    def show(self, image):
        """Show ``image`` where the one before was, which ends with that: making a display takes GIMP long."""
        if self.shown is None:
            Gimp.Display.new(image)
        else:
            Gimp.displays_reconnect(self.shown, image)
        self.shown = image

    def reopened(self, image, targets):
        """Return the image and its targets as they come back from an XCF file, all targets selected."""
        names = [target.get_name() for target in targets]
        file = Gio.File.new_for_path(os.path.join(self.folder, "saved.xcf"))
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file, None)
        image.delete()
        image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file)
        targets = [find(image, name) for name in names]
        image.set_selected_layers(targets)
        return image, targets

    def compare(self, row, image, targets, names):
        size = (image.get_width(), image.get_height())
        result = {}
        before = snapshot.image(image)
        selected_before = [one.get_id() for one in image.get_selected_layers()]
        reference = image.duplicate()
        dumps = []
        for name in names:
            twin = image.duplicate()
            source, local = local_pixels(twin, row, name)
            twin.delete()
            dumps.append({"name": name, "source": source, "local": local})
            if row["options"].get("area") == "selection":
                dumps[-1]["selection"] = selected_pixels(image, row, name)
        scaled_by_gimp(reference, row, names, size)
        expected = snapshot.image(reference)
        begun = time.monotonic()
        status, message, layer, shown = upscale(image, targets, row["options"])
        result.update(status=status, message=message, upscale_seconds=round(time.monotonic() - begun, 2))
        after = snapshot.image(image)
        if layer is None:
            return result
        if row["options"].get("placement") == "new-image":
            result["others"] = snapshot.differences(before, after)
            result["targets"] = [self.new_image(row, shown, layer, before, dumps[0])]
            result["dirty"] = image.is_dirty()
            result["unsaved"] = shown.is_dirty()
            shown.delete()
        else:
            result.update(self.judged(before, after, expected, names))
            result["targets"] = [self.target(row, reference, before, after, dump) for dump in dumps]
            result["selected"] = sorted(one.get_id() for one in image.get_selected_layers())
            result["selected_before"] = selected_before
            self.actions.do("edit-undo")
            result["undone"] = snapshot.differences(before, snapshot.image(image))
            result["undo_left"] = self.actions.possible("edit-undo")
        reference.delete()
        return result

    def judged(self, before, after, expected, names):
        """Compare everything that is not a target's pixels with what GIMP makes of it by hand."""
        known = {one["id"] for one in flat(before["layers"])}
        still = {one["id"] for one in flat(after["layers"])}
        fresh = [one for one in flat(after["layers"]) if one["id"] not in known]
        # a target that stays beside a new layer of its name
        keeps = [
            one
            for one in flat(before["layers"])
            if one["name"] in names
            and one["id"] in still
            and any(new["name"].startswith(one["name"]) for new in fresh)
        ]
        expected = copy.deepcopy(expected)
        if keeps:
            after = dict(after, layers=without(after["layers"], {one["id"] for one in fresh}))
            for one in flat(expected["layers"]):
                if one["name"] in names:
                    one["visible"] = False
            after["selected"] = expected["selected"]
        after, expected = copy.deepcopy(after), copy.deepcopy(expected)
        for tree in (after, expected):
            for path in tree["paths"]:
                # GIMP renames some when it duplicates the image
                path["name"] = None
            for one in flat(tree["layers"]):
                if one["name"] in names and not keeps:
                    # judged apart, to the pixel
                    one.update(pixels=None, type=None, effects=None, box=None, alpha=None)
                    if one["mask"]:
                        one["mask"] = dict(one["mask"], pixels=None)
                if "children" in one:
                    # a group's own pixels and extent are those of its children
                    one["pixels"] = None
                    if keeps:
                        one["box"] = None
        return {"others": snapshot.differences(expected, after, ("id", "tattoo"))}

    def target(self, row, reference, before, after, dump):
        """Judge one target: attributes here, pixels by whoever reads the files."""
        name = dump["name"]
        was = next(one for one in flat(before["layers"]) if one["name"] == name)
        known = {one["id"] for one in flat(before["layers"])}
        candidates = [one for one in flat(after["layers"]) if one["name"].startswith(name)]
        fresh = [one for one in candidates if one["id"] not in known]
        now = fresh[0] if fresh else next(one for one in candidates if one["name"] == name)
        kept = bool(fresh) and any(one["id"] == was["id"] for one in candidates)
        ignoring = {"id", "box", "pixels", "effects", "type", "expanded", "children", "alpha"}
        if kept:
            ignoring |= {"name", "tattoo"}
        if not fresh:
            ignoring -= {"id", "type"}
        if was["mode"] == "pass-through":
            # a new layer has pixels of its own, which cannot pass through
            ignoring.add("mode")
        problems = snapshot.differences(was, now, ignoring)
        layer = Gimp.Layer.get_by_id(now["id"])
        if kept:
            problems += above(layer, Gimp.Layer.get_by_id(was["id"]))
        known = self.files(row, layer, find(reference, name), was, now, kept, problems, dump)
        return dict(known, id=now["id"], was_id=was["id"])

    def new_image(self, row, image, layer, before, dump):
        was = next(one for one in flat(before["layers"]) if one["name"] == dump["name"])
        now = snapshot.layer(layer)
        problems = snapshot.differences(
            was,
            now,
            {
                "id",
                "box",
                "pixels",
                "effects",
                "type",
                "tattoo",
                "visible",
                "expanded",
                "children",
                "alpha",
                "locks",
            },
        )
        about = snapshot.image(image)
        for member in ("base", "precision", "profile", "resolution"):
            problems += snapshot.differences(before[member], about[member], (), member)
        if about["size"] != now["box"][2:]:
            problems.append(f"the image is {about['size']}, its layer {now['box']}")
        return self.files(row, layer, None, was, now, False, problems, dump)

    def files(self, row, layer, reference, was, now, kept, problems, dump):
        """Write the pixels that are compared outside, and return what they are."""
        written = {}

        def write(name, data):
            file = f"{row['id']}-{dump['name']}-{name}.raw".replace(" ", "_").replace("/", "_")
            with open(os.path.join(self.folder, file), "wb") as stream:
                stream.write(data)
            written[name] = file

        write("source", dump["source"][2])
        write("local", dump["local"][2])
        if dump.get("selection"):
            write("selection", dump["selection"])
        write("result", snapshot.pixels(layer, DEEP))
        if row["image"].get("levels") if "image" in row else False:
            write("raw", snapshot.pixels(layer, "R'G'B' u16"))
        mask = layer.get_mask()
        if mask is not None and reference is not None and reference.get_mask() is not None and not kept:
            write("mask", snapshot.pixels(mask, VALUE))
            write("mask-local", snapshot.pixels(reference.get_mask(), VALUE))
        selection = row.get("image", {}).get("selection")
        return {
            "name": dump["name"],
            "problems": problems,
            "box": now["box"],
            "was": was["box"],
            "was_alpha": was["alpha"],
            "alpha": now["alpha"],
            "effects": now["effects"],
            "type": now["type"],
            "visible": now["visible"],
            "kept": kept,
            "source_size": dump["source"][:2],
            "source_at": dump["source"][3],
            "shift": row.get("shift", [0, 0]),
            "local_size": dump["local"][:2],
            "files": written,
            "selection": selection,
        }


def above(new, old):
    """Return what is wrong with the place of a new layer beside its original, or with the original."""
    image, problems = new.get_image(), []
    parents = [one.get_parent() and one.get_parent().get_id() for one in (new, old)]
    if parents[0] != parents[1]:
        problems.append(f"it is in {parents[0]}, its original in {parents[1]}")
    places = [image.get_item_position(one) for one in (new, old)]
    if places[0] + 1 != places[1]:
        problems.append(f"it is at {places[0]}, its original at {places[1]}")
    if old.get_visible():
        problems.append("its original is still visible")
    return problems


def main(folder, mock, data, rows):
    Gegl.init(None)
    Table(folder, mock, data).run(rows)
