"""Resume inside GIMP: what was paid for and never arrived, brought back by the procedure a script calls.

The plug-in's own code sends the layer and then lets go, as if GIMP had ended it before the result came.
"""

from __future__ import annotations

import os
import sys

import build
import perform
import snapshot
from case_log import case_log
from gi.repository import Gegl, Gimp, Gio

sys.path.append(os.path.join(Gimp.directory(), "plug-ins", "precision-upscaler"))
from precision_upscaler.contract import PARAMETERS
from upscaler_gimp3 import arguments, upscale
from upscaler_gimp3.worker import pool

OPTIONS = {"area": "selection", "placement": "fit-layer"}


def abandoned(image, layers, **changes):
    """Upscale what is selected of ``layers`` and let go of the result; ``changes`` are made to its origin."""
    options = arguments.Options({one.name: one.default for one in PARAMETERS}, colors="service", **OPTIONS)
    one = upscale.collect_inputs(image, layers, options, str)[0]
    workers = pool.WorkerPool(1, lambda *_: None, str)
    workers.prepare()
    path, exported = upscale._exported(one, upscale.StoredSettings(workers.workers[0]), str)
    command = upscale.command(image, one, options, path, exported)
    command["origin"].update(changes)
    events = workers.run([command])
    workers.close()
    return events[0]["event"]


def resumed():
    return dict(zip(("status", "count", "message"), perform.resume()))


def made(number):
    return build.build({"image": {"selection": "soft"}, "layers": [{"alpha": "soft"}]}, number)


def bytes_of(layer):
    return snapshot.pixels(layer, "R'G'B'A u8")


def selection_kept():
    """Bring a part back after the selection has gone, and do the same at once for comparison."""
    image, layers = made(61)
    before = bytes_of(layers[0])
    box = [layers[0].get_offsets()[1], layers[0].get_offsets()[2], *build.SIZE]
    selected = (
        image.get_selection().get_buffer().get(Gegl.Rectangle.new(*box), 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
    )
    ending = abandoned(image, layers)
    Gimp.Selection.none(image)
    layers[0].set_offsets(box[0] + 7, box[1] + 5)
    result = resumed()
    now = bytes_of(layers[0])
    twin, others = made(61)
    status, message, _, _ = perform.upscale(twin, others, OPTIONS)
    at_once = bytes_of(others[0])
    outside = [at for at, value in enumerate(selected) if value == 0]
    result.update(
        ending=ending,
        directly=[status, message],
        outside=len(outside),
        outside_changed=sum(now[4 * at : 4 * at + 4] != before[4 * at : 4 * at + 4] for at in outside),
        changed=sum(one != other for one, other in zip(now, before)),
        off=max(abs(one - other) for one, other in zip(now, at_once)),
    )
    image.delete()
    twin.delete()
    return result


def selection_lost():
    """Bring a part back of which nobody knows what was selected."""
    image, layers = made(62)
    before = snapshot.image(image)
    ending = abandoned(image, layers, selection=None)
    open_before = {one.get_id() for one in Gimp.get_images()}
    result = resumed()
    fresh = [one for one in Gimp.get_images() if one.get_id() not in open_before]
    result.update(
        ending=ending,
        changed=snapshot.differences(before, snapshot.image(image)),
        new_images=[[one.get_id(), one.get_width(), one.get_height()] for one in fresh],
        resolutions=[list(one.get_resolution())[1:] for one in fresh],
    )
    for one in [image, *fresh]:
        one.delete()
    return result


def from_command_line(folder):
    """Bring back the result of a file with a color profile that the command line sent."""
    path = os.path.join(folder, "photo.png")
    photo = Gimp.Image.new(200, 200, Gimp.ImageBaseType.RGB)
    photo.insert_layer(build.new_layer(photo, "Photo", 200, 200, False), None, 0)
    profile = Gimp.ColorProfile.new_rgb_adobe()
    photo.set_color_profile(profile)
    export = Gimp.get_pdb().lookup_procedure("file-png-export")
    config = export.create_config()
    config.set_property("image", photo)
    config.set_property("file", Gio.File.new_for_path(path))
    config.set_property("include-color-profile", True)
    export.run(config)
    photo.delete()
    workers = pool.WorkerPool(1, lambda *_: None, str)
    origin = {"application": "precision-upscale", "file": path}
    (event,) = workers.run([{"command": "upscale", "source": path, "parameters": {}, "origin": origin}])
    workers.close()
    open_before = {one.get_id() for one in Gimp.get_images()}
    result = resumed()
    (fresh,) = [one for one in Gimp.get_images() if one.get_id() not in open_before]
    found = fresh.get_color_profile()
    result.update(
        ending=event["event"],
        size=[fresh.get_width(), fresh.get_height()],
        layer=fresh.get_layers()[0].get_name(),
        profile_kept=found is not None and found.is_equal(profile),
        file=None if fresh.get_file() is None else fresh.get_file().get_path(),
        imported=None if fresh.get_imported_file() is None else fresh.get_imported_file().get_path(),
    )
    fresh.delete()
    return result


def main(folder, mock, data):
    Gegl.init(None)
    perform.with_setting(data, mock, "mock-key")
    with case_log(folder, "resuming.jsonl") as results:
        results.case("kept", selection_kept)
        results.case("lost", selection_lost)
        results.case("command-line", lambda: from_command_line(folder))
