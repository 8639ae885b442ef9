"""What a user may do while a run is under way: called over the session bus in the middle of it.

The procedure is called as a script would call it. The mock's clock stands, so the task is under way
until GIMP has run a few lines of Python, as its own window would be used; then the clock goes on. What
is to happen while the result is fitted is done once the result has been fetched: the layer of such a
case is so large that fitting it takes GIMP several seconds.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
import urllib.request

import build
import perform
import snapshot
from case_log import case_log
from gi.repository import Gegl, Gimp, Gio, GLib

PATIENCE_SECONDS = 60

_PREAMBLE = """
from gi.repository import Gegl, Gimp
Gegl.init(None)
image = Gimp.Image.get_by_id({image})
layer = Gimp.Layer.get_by_id({layer})
"""

SOFT = {"layers": [{"alpha": "soft"}]}
MASKED = {"layers": [{"alpha": "soft", "mask": []}]}
LARGE = {"layers": [{"alpha": "soft", "mask": [], "size": (1000, 800)}], "image": {"canvas": (1100, 900)}}
LARGE_WITHOUT_MASK = dict(LARGE, layers=[{"alpha": "soft", "size": (1000, 800)}])

BLACK_MASK = """
mask = layer.get_mask()
buffer = mask.get_buffer()
extent = buffer.get_extent()
buffer.set(extent, "Y u8", bytes(extent.width * extent.height))
buffer.flush()
mask.update(0, 0, extent.width, extent.height)
"""
ADD_BLACK_MASK = "layer.add_mask(layer.create_mask(Gimp.AddMaskType.BLACK))"
PAINT = "layer.edit_fill(Gimp.FillType.WHITE)"
LOCK = "layer.set_lock_content(True)"
PASTE = "Gimp.edit_copy([layer]); Gimp.edit_paste(layer, False)"

DEEDS = {
    "paint": (PAINT, SOFT, {}),
    "paint-tables": (PAINT, {"image": {"profile": "tables"}}, {}),
    "paint-masked-original": (PAINT, MASKED, {"colors": "original"}),
    "delete-layer": ("image.remove_layer(layer)", SOFT, {}),
    "scale-layer": ("layer.scale(200, 190, False)", SOFT, {}),
    "lock": (LOCK, MASKED, {}),
    "lock-tables": (LOCK, {"image": {"profile": "tables"}, "layers": [{"alpha": "soft"}]}, {}),
    "float": (PASTE, MASKED, {}),
    "convert": ("image.convert_grayscale()", {}, {}),
    "undo": ("", SOFT, {}),
    "move": ("layer.set_offsets(55, 44)", SOFT, {}),
    "rename": ("layer.set_name('Renamed')", SOFT, {}),
    "restack": ("image.reorder_item(layer, None, 0)", SOFT, {}),
    "select-another": ("image.set_selected_layers([image.get_layers()[0]])", SOFT, {}),
    "paint-on-another": ("image.get_layers()[-1].edit_fill(Gimp.FillType.WHITE)", SOFT, {}),
    "add-mask": ("layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))", SOFT, {}),
    "fitting-crop": ("image.resize(800, 700, -60, -50)", LARGE, {}),
    "fitting-move": ("layer.set_offsets(55, 44)", LARGE, {"placement": "fit-layer"}),
    "fitting-paint-mask": (BLACK_MASK, LARGE, {}),
    "fitting-add-mask": (ADD_BLACK_MASK, LARGE_WITHOUT_MASK, {}),
    "fitting-lock": (LOCK, LARGE, {"placement": "fit-layer"}),
    "fitting-precision": ("image.convert_precision(Gimp.Precision.FLOAT_LINEAR)", LARGE, {}),
}
"""Every deed: Python for GIMP to run, the image it is done to, the run's options."""
CLOSINGS = ("close-display", "close-display-fit-layer", "close-another", "close-last-display", "close-image")


def ask(mock, path, body=None):
    """Call the mock's own interface."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{mock}/__mock__/{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def fetched(mock):
    """Return how many results have been downloaded."""
    journal = ask(mock, "requests")["requests"]
    return sum(one["method"] == "GET" and "/results/" in one["path"] for one in journal)


def later(mock, image, code, while_fitting, undo):
    """Have GIMP run ``code`` in the middle of the run, from a thread of ours that touches nothing of GIMP's.

    GIMP answers before the code has run, so the code says itself when it has, and what size the image
    had then. ``undo`` has GIMP undo first, as its menu does.
    """
    handle, marker = tempfile.mkstemp()
    os.close(handle)
    tell_size = f"""
with open({marker!r} + '.size', 'w') as stream:
    stream.write(f'{{image.get_width()}} {{image.get_height()}}')
"""
    code = _PREAMBLE.format(**image) + tell_size + code + f"\nimport os\nos.remove({marker!r})\n"
    charges, results = ask(mock, "charges")["count"], fetched(mock)

    def tell():
        deadline = time.monotonic() + PATIENCE_SECONDS

        def wait_until(condition):
            while not condition() and time.monotonic() < deadline:
                time.sleep(0.1)

        wait_until(lambda: ask(mock, "charges")["count"] > charges)
        if while_fitting:
            ask(mock, "clock", {"advance": 3600})
            wait_until(lambda: fetched(mock) > results)
        if undo:
            perform.Actions().do("edit-undo")
        bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
        bus.call_sync(
            "org.gimp.GIMP.UI", "/org/gimp/GIMP/UI", "org.gimp.GIMP.UI", "BatchRun",
            GLib.Variant("(ss)", ("python-fu-eval", code)), None, 0, 20000, None,
        )  # fmt: skip
        wait_until(lambda: not os.path.exists(marker))
        ask(mock, "clock", {"advance": 3600})

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    return thread, marker + ".size"


def attempt(mock, name, number):
    deed, about, options = DEEDS[name]
    image, layers = build.build(about, number)
    Gimp.Display.new(image)
    layer = layers[0]
    image.clean_all()
    if name == "undo":
        layer.edit_fill(Gimp.FillType.WHITE)
    before = snapshot.image(image)
    source = as_srgb(image, layer.get_name())
    open_before = {one.get_id() for one in Gimp.get_images()}
    ids = {"image": image.get_id(), "layer": layer.get_id()}
    thread, size_file = later(mock, ids, deed, name.startswith("fitting"), name == "undo")
    status, message, _, shown = perform.upscale(image, layers, options)
    thread.join(10)
    fresh = [one for one in Gimp.get_images() if one.get_id() not in open_before]
    after = snapshot.image(image)
    with open(size_file, encoding="utf-8") as stream:
        size_then = [int(side) for side in stream.read().split()]
    result = {
        "status": status,
        "message": message,
        "new_images": [about_new(one, source) for one in fresh],
        "alive": image.is_valid(),
        "in_place": shown is not None and shown.get_id() == image.get_id(),
        "size_before": before["size"],
        "size_at_the_deed": size_then,
        "size": after["size"],
        "precision": after["precision"],
        "selected": after["selected"],
        "layers": [[one["name"], *one["box"]] for one in perform.flat(after["layers"])],
        "changed": snapshot.differences(before, after),
        "ground": values_in(image.get_layers()[-1], "R'G'B' u8"),
    }
    if layer.is_valid():
        result["mask"] = None if layer.get_mask() is None else values_in(layer.get_mask(), "Y u8")
        result["off"] = off_by(layer, source) if result["in_place"] else None
    for display in [Gimp.Display.get_by_id(n) for n in range(1, 400) if Gimp.Display.id_is_valid(n)]:
        display.delete()
    for one in fresh:
        if one.is_valid():
            one.delete()
    return result


def closing(mock, name, number):
    """Let go of an image while the service works: with its display, or by itself where it has none."""
    image, layers = build.build(SOFT, number)
    with_another = name.startswith("close-display") or name == "close-another"
    other = Gimp.Display.new(build.build({}, number + 100)[0]) if with_another else None
    display = None if name == "close-image" else Gimp.Display.new(image)
    source = as_srgb(image, layers[0].get_name())
    closed = other if name == "close-another" else display
    code = "image.delete()" if closed is None else f"Gimp.Display.get_by_id({closed.get_id()}).delete()"
    open_before = {one.get_id() for one in Gimp.get_images()}
    charges = ask(mock, "charges")["count"]
    options = {"placement": "fit-layer"} if name.endswith("fit-layer") else {}
    ids = {"image": image.get_id(), "layer": layers[0].get_id()}
    thread, _ = later(mock, ids, code, while_fitting=False, undo=False)
    status, message, layer, _ = perform.upscale(image, layers, options)
    thread.join(10)
    fresh = [one for one in Gimp.get_images() if one.get_id() not in open_before]
    result = {
        "status": status,
        "message": message,
        "alive": image.is_valid(),
        "returned": layer is not None and layer.is_valid(),
        "new_images": [about_new(one, source) for one in fresh],
        "charges": ask(mock, "charges")["count"] - charges,
    }
    # and once more with an image just like it, where the clock need not go on
    twin, layers = build.build(SOFT, number)
    status, message, layer, _ = perform.upscale(twin, layers, options)
    result["again"] = {
        "status": status,
        "message": message,
        "size": [layer.get_width(), layer.get_height()],
        "charges": ask(mock, "charges")["count"] - charges,
    }
    for one in (other, display):
        if one is not None and one.is_valid():
            one.delete()
    for one in [twin, *fresh]:
        one.delete()
    return result


def values_in(drawable, pixel_format):
    """Return the smallest and largest value of a drawable."""
    data = snapshot.pixels(drawable, pixel_format)
    return [min(data), max(data)]


def as_srgb(image, name):
    """Return ``(width, pixels)`` of the layer called ``name`` as 8-bit sRGB with alpha, made so by GIMP."""
    twin = image.duplicate()
    try:
        twin.convert_color_profile(
            Gimp.ColorProfile.new_rgb_srgb(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True
        )
        layer = perform.find(twin, name)
        return layer.get_width(), snapshot.pixels(layer, "R'G'B'A u8")
    finally:
        twin.delete()


def about_new(image, source):
    layer = image.get_layers()[0]
    known = snapshot.image(image)
    mask = layer.get_mask()
    return {
        **{member: known[member] for member in ("size", "base", "precision", "resolution")},
        "profile": known["profile"] is not None,
        "alpha": layer.has_alpha(),
        "mask": None if mask is None else values_in(mask, "Y u8"),
        "off": off_by(layer, source),
    }


def off_by(layer, source):
    """Return by how much a layer's colours differ from the source's, replicated, where that is opaque."""
    width, pixels = source
    image = layer.get_image()
    wide, now = as_srgb(image, layer.get_name())
    factor = wide // width
    total = count = 0
    for at in range(0, len(pixels), 4 * 7):
        if pixels[at + 3] == 255:
            row, column = divmod(at // 4, width)
            there = 4 * (row * factor * wide + column * factor)
            total += sum(abs(pixels[at + channel] - now[there + channel]) for channel in range(3)) / 3
            count += 1
    return total / count


def main(folder, mock, data, beginnings):
    Gegl.init(None)
    table = perform.Table(folder, mock, data)
    with case_log(folder, "meanwhile.jsonl") as results:
        for number, name in enumerate([*DEEDS, *CLOSINGS]):
            if not name.startswith(beginnings):
                continue
            table.use("mock-nearest")
            do = attempt if name in DEEDS else closing
            results.case(name, lambda do=do, name=name, number=number: do(mock, name, 3000 + number))
