"""What the plug-in refuses, and how it fails: run in GIMP without a window, one JSON object a line.

Every case says what it got, and whether the image is as it was.
"""

from __future__ import annotations

import os
import sys

import build
import perform
import snapshot
from case_log import case_log
from gi.repository import Gegl, Gimp

sys.path.append(os.path.join(Gimp.directory(), "plug-ins", "precision-upscaler"))
from upscaler_gimp3.image import layers as layer_tools


def plain(**about):
    return build.build({"layers": [about]}, 1)


def sized(width, height, **about):
    image = Gimp.Image.new(max(width, 300), max(height, 300), Gimp.ImageBaseType.RGB)
    layer = build.new_layer(image, "Subject", width, height, about.get("alpha", False))
    image.insert_layer(layer, None, 0)
    layer.fill(about.get("fill", Gimp.FillType.WHITE))
    return image, [layer]


def transparent():
    return sized(200, 200, alpha=True, fill=Gimp.FillType.TRANSPARENT)


def transparent_area():
    image, layers = sized(400, 400, alpha=True, fill=Gimp.FillType.TRANSPARENT)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 300, 300, 100, 100)
    layers[0].edit_fill(Gimp.FillType.WHITE)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 170, 170)
    return image, layers


def in_locked_group():
    image, layers = plain(place="group")
    layers[0].get_parent().set_lock_content(True)
    return image, layers


def floating():
    image, layers = plain()
    Gimp.edit_copy(layers)
    Gimp.edit_paste(layers[0], False)
    return image, layers


def mask_as_drawable():
    image, layers = plain(mask=["edit"])
    return image, [layers[0].get_mask()]


def channel_as_drawable():
    image, _ = build.build({"image": {"furnished": True}}, 1)
    return image, list(image.get_channels())


def empty_group(nested=False):
    image, _ = plain()
    group = Gimp.GroupLayer.new(image, "Hollow")
    image.insert_layer(group, None, 0)
    if nested:
        image.insert_layer(Gimp.GroupLayer.new(image, "Hollower"), group, 0)
    return image, [group]


def nested_choice():
    image, layers = plain(place="group")
    return image, [layers[0], layers[0].get_parent()]


def nothing_selected():
    return plain()[0], []


def outside_selection():
    image, layers = plain()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 192, 174, 5, 5)
    return image, layers


def of_another_image():
    _, layers = plain()
    return plain()[0], layers


REFUSALS = {
    "one-pixel": lambda: sized(1, 1),
    "too-small": lambda: sized(159, 300),
    "strip": lambda: sized(30000, 200),
    "too-narrow": lambda: sized(500, 160),
    "too-large": (lambda: sized(1200, 600), {"scale-factor": 16}),
    "too-large-for-any": lambda: sized(5040, 1700),
    "transparent": transparent,
    "transparent-area": (transparent_area, {"area": "selection"}),
    "locked-content": lambda: plain(locks=["content"]),
    "locked-position": lambda: plain(locks=["position"]),
    "locked-group": in_locked_group,
    "floating": floating,
    "mask": mask_as_drawable,
    "channel": channel_as_drawable,
    "empty-group": empty_group,
    "nested-empty-group": lambda: empty_group(nested=True),
    "layer-and-its-group": nested_choice,
    "nothing-selected": nothing_selected,
    "no-selection": (plain, {"area": "selection"}),
    "outside-selection": (outside_selection, {"area": "selection"}),
    "other-image": of_another_image,
}


def refusal(case):
    make, options = case if isinstance(case, tuple) else (case, {})
    return outcome(*make(), options)


def outcome(image, drawables, options, run_mode=Gimp.RunMode.NONINTERACTIVE):
    """Call the procedure and tell what came of it, and whether the image changed."""
    image.clean_all()
    before = snapshot.image(image)
    open_before = {one.get_id() for one in Gimp.get_images()}
    status, message, layer, _ = perform.upscale(image, drawables, options, run_mode)
    result = {
        "status": status,
        "message": message,
        "changed": snapshot.differences(before, snapshot.image(image)),
        "dirty": image.is_dirty(),
        "size": [layer.get_width(), layer.get_height()] if layer is not None else None,
        "new_images": [],
    }
    for one in Gimp.get_images():
        if one.get_id() not in open_before:
            result["new_images"].append(one.get_id())
            one.delete()
    image.delete()
    return result


def without_temporary_folder(name, above):
    """Run with a file in the place of GIMP's folder for temporary files, or of the one ``above`` it."""
    folder = os.path.dirname(Gimp.temp_file("png").get_path())
    os.makedirs(folder, exist_ok=True)
    folder = os.path.dirname(folder) if above else folder
    os.rename(folder, folder + "-away")
    with open(folder, "wb"):  # GIMP would make a missing folder
        pass
    try:
        return outcome(*plain(name=name), {"sharpen": 91})
    finally:
        os.remove(folder)
        os.rename(folder + "-away", folder)


def left_behind():
    """Return the pictures that runs left in GIMP's folder for temporary files."""
    folder = os.path.dirname(Gimp.temp_file("png").get_path())
    return [name for name in os.listdir(folder) if name.endswith(".png")]


def no_image():
    status, message, _, _ = perform.upscale(None, [], {})
    return {"status": status, "message": message, "changed": [], "dirty": False}


def half_reused():
    """Upscale one of two layers, then both: the second run pays for one only."""
    image, layers = two_layers()
    perform.upscale(image, layers[:1], {"placement": "new-image", "sharpen": 93})
    image.delete()
    return outcome(*two_layers(), {"placement": "new-image", "sharpen": 93})


def every_mode():
    """Return the layer modes that a new layer does not take over from an old one, and how many there are."""
    image, layers = plain()
    old, new = layers[0], build.new_layer(image, "new", 10, 10, False)
    image.insert_layer(new, None, 0)
    lost, count = [], 0
    for number in range(200):
        try:
            mode = Gimp.LayerMode(number)
        except ValueError:
            continue
        old.set_mode(mode)
        if old.get_mode() == mode and mode != Gimp.LayerMode.PASS_THROUGH:
            count += 1
            layer_tools.copy_attributes(old, new)
            if new.get_mode() != mode:
                lost.append(str(mode))
    image.delete()
    return {"lost": lost, "count": count}


def two_layers():
    about = {"layers": [{"name": "One"}, {"name": "Two", "at": (30, 20)}]}
    return build.build(about, 31)


def failures(mock, nowhere):
    """Return each failure's address and key."""
    return {
        "failed": (mock, "mock-failed"),
        "completed-empty": (mock, "mock-completed_empty"),
        "corrupt-image": (mock, "mock-corrupt_image"),
        "not-an-image": (mock, "mock-not_an_image"),
        "wrong-key": (mock, "no-such-key"),
        "no-key": (mock, None),
        "unreachable": (nowhere, "mock-key"),
    }


def main(folder, mock, nowhere, data):
    Gegl.init(None)
    with case_log(folder, "refusals.jsonl") as results:

        def write(kind, name, make):
            results.case(name, make, kind=kind)

        perform.with_setting(data, mock, "mock-key")
        for name, case in REFUSALS.items():
            write("refusal", name, lambda case=case: refusal(case))
        for name, (address, key) in failures(mock, nowhere).items():
            perform.with_setting(data, address, key)
            write("failure", name, lambda name=name: outcome(*plain(name=name), {"sharpen": len(name)}))
        write("refusal", "no-image", no_image)
        perform.with_setting(data, mock, "mock-nearest")
        for name, above in (("written-nowhere", False), ("no-temporary-folder", True)):
            write("failure", name, lambda name=name, above=above: without_temporary_folder(name, above))
        for name, options in (
            ("one-of-two", {}),
            ("one-of-two-new-images", {"placement": "new-image", "sharpen": 95}),
        ):
            perform.with_setting(data, mock, "mock-bad_request_message*1")
            write("half", name, lambda options=options: outcome(*two_layers(), options))
        perform.with_setting(data, mock, "mock-nearest")
        write("works", "half-reused", half_reused)
        write("works", "every-mode", every_mode)
        write("works", "left-behind", lambda: {"files": left_behind()})
        write("works", "with-last-values", lambda: outcome(*plain(), {}, Gimp.RunMode.WITH_LAST_VALS))
        write("works", "non-interactive", lambda: outcome(*plain(), {"scale-factor": 3}))
