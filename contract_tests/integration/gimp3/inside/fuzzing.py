"""Build random images in GIMP, upscale, undo and redo each, and write down every item at every stage.

Before each step its name goes to the file ``phase``, and a marker to standard error: when this process
dies, the file says in which step, and warnings are known to belong to an image.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback

import fuzz_build
import inventory
import perform
import snapshot
from gi.repository import Gegl, Gimp, Gio

_MARGIN = 80
"""Pixels around a layer within which its look is rendered: more than any effect reaches."""


class ByProcedure:
    """Calls the installed plug-in as a script does."""

    def run(self, image, targets, options):
        """Return the status, the message, and the ids of the first new layer and image."""
        known = {one.get_id() for one in Gimp.get_images()}
        status, message, layer, _ = perform.upscale(image, targets, options)
        if status != "success":
            kinds = {"calling-error": "refused"}
            return {"status": kinds.get(status, "failed"), "message": message}
        images = [one.get_id() for one in Gimp.get_images() if one.get_id() not in known]
        return {
            "status": "success",
            "message": message,
            "made": [] if images else [layer.get_id()],
            "images": images,
        }


def look(layer, dumps):
    """Return where a layer's look lies, and its dump: effects in, opacity, mode and mask left out."""
    image = layer.get_image()
    base = image.get_base_type()
    if base == Gimp.ImageBaseType.INDEXED:
        base = Gimp.ImageBaseType.RGB
    width, height = layer.get_width() + 2 * _MARGIN, layer.get_height() + 2 * _MARGIN
    private = Gimp.Image.new_with_precision(width, height, base, image.get_precision())
    try:
        if image.get_color_profile() is not None:
            private.set_color_profile(image.get_color_profile())
        copy = Gimp.Layer.new_from_drawable(layer, private)
        private.insert_layer(copy, None, 0)
        if copy.get_mask() is not None:
            copy.remove_mask(Gimp.MaskApplyMode.DISCARD)
        copy.set_lock_visibility(False)
        copy.set_visible(True)
        copy.set_opacity(100.0)
        copy.set_mode(Gimp.LayerMode.NORMAL)
        copy.set_blend_space(Gimp.LayerColorSpace.AUTO)
        copy.set_composite_space(Gimp.LayerColorSpace.AUTO)
        copy.set_composite_mode(Gimp.LayerCompositeMode.AUTO)
        _, x, y = layer.get_offsets()
        copy.set_lock_position(False)
        copy.set_offsets(_MARGIN, _MARGIN)
        flat = Gimp.Layer.new_from_visible(private, private, "look")
        private.insert_layer(flat, None, 0)
        return {"at": [x - _MARGIN, y - _MARGIN], **dumps.write(flat)}
    finally:
        private.delete()


class Fuzzing:
    """Carries out specs one after another; one line of JSON for each."""

    def __init__(self, folder, runner):
        self.folder, self.runner = folder, runner
        self.actions = perform.Actions()
        self.shown = None
        self.seed = None
        self.times, self.step, self.begun = {}, "start", time.monotonic()

    def phase(self, name):
        """Write down what comes next."""
        now = time.monotonic()
        self.times[self.step] = round(self.times.get(self.step, 0) + now - self.begun, 3)
        self.step, self.begun = name, now
        with open(os.path.join(self.folder, "phase"), "w", encoding="utf-8") as stream:
            json.dump([self.seed, name], stream)
        print(f"\n@@ {json.dumps([self.seed, name])}", file=sys.stderr, flush=True)

    def show(self, image):
        """Show ``image`` where the one before was, which ends with that."""
        if self.shown is None:
            Gimp.Display.new(image)
        else:
            Gimp.displays_reconnect(self.shown, image)
        self.shown = image

    def run(self, specs):
        """Carry out every spec."""
        with open(os.path.join(self.folder, "results.jsonl"), "w", encoding="utf-8") as stream:
            for spec in specs:
                self.seed = spec["seed"]
                self.times = {}
                result = {"seed": self.seed, "times": self.times}
                try:
                    self.carry_out(spec, result)
                except Exception:
                    result["crash"] = traceback.format_exc()
                stream.write(json.dumps(result) + "\n")
                stream.flush()
                self.phase("between")

    def carry_out(self, spec, result):
        self.phase("build")
        image, targets = fuzz_build.Builder(spec, os.path.join(self.folder, "linked.png")).build()
        if spec.get("save"):
            file = Gio.File.new_for_path(os.path.join(self.folder, f"{spec['seed']}.xcf"))
            Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file, None)
        image.undo_enable()
        image.clean_all()
        self.phase("look")
        dumps = inventory.Dumps(self.folder, f"{spec['seed']}")
        # every other layer looks like its pixels
        odd = [one for one in targets if one.get_filters() or one.is_group()]
        result["looks"] = {one.get_name(): look(one, dumps) for one in odd}
        result["target_ids"] = [one.get_id() for one in targets]
        result["before"] = before = inventory.image(image, dumps)
        self.phase("run")
        result.update(self.runner.run(image, targets, spec["options"]))
        self.phase("after")
        result["after"] = after = inventory.image(image, dumps)
        made = [Gimp.Image.get_by_id(one) for one in result.get("images", ())]
        result["new_images"] = [inventory.image(one, dumps) for one in made]
        for one in made:
            one.delete()
        result["dirty"] = image.is_dirty()
        if result["status"] != "success" or made:
            image.delete()
            return
        self.phase("undo")
        # shown no longer than for this, because GIMP renders at every change what it shows
        self.show(image)
        result["undo_possible"] = self.actions.possible("edit-undo")
        if result["undo_possible"]:
            self.actions.do("edit-undo")
            result["undone"] = snapshot.differences(bare(before), inventory.image(image))
            # not whether GIMP's action is possible: its window learns that late
            result["undo_left"] = image.is_dirty()
            self.phase("redo")
            self.actions.do("edit-redo")
            result["redone"] = snapshot.differences(bare(after), inventory.image(image))
        self.show(Gimp.Image.new(1, 1, Gimp.ImageBaseType.GRAY))


def bare(known):
    """Return an inventory without its dumps."""
    if isinstance(known, dict):
        return {name: bare(value) for name, value in known.items() if name != "dump"}
    return [bare(one) for one in known] if isinstance(known, list) else known


def main(folder, mock, data, specs, runner):
    Gegl.init(None)
    perform.with_setting(data, mock, "mock-nearest")
    Fuzzing(folder, runner).run(specs)
