"""What a user may do while the service works: called over the session bus in the middle of a run.

The procedure is called as a script would call it. The mock's clock stands, so the task is under way
until GIMP has run a few lines of Python, as its own window would be used; then the clock goes on.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
import traceback
import urllib.request

import build
import perform
import snapshot
from gi.repository import Gegl, Gimp, Gio, GLib

PATIENCE_SECONDS = 60

_PREAMBLE = """
from gi.repository import Gegl, Gimp
Gegl.init(None)
image = Gimp.Image.get_by_id({image})
layer = Gimp.Layer.get_by_id({layer})
"""

DEEDS = {
    "paint": "layer.edit_fill(Gimp.FillType.WHITE)",
    "delete-layer": "image.remove_layer(layer)",
    "scale-layer": "layer.scale(200, 190, False)",
    "lock": "layer.set_lock_content(True)",
    "convert": "image.convert_grayscale()",
    "move": "layer.set_offsets(55, 44)",
    "rename": "layer.set_name('Renamed')",
    "restack": "image.reorder_item(layer, None, 0)",
    "select-another": "image.set_selected_layers([image.get_layers()[0]])",
    "paint-on-another": "image.get_layers()[-1].edit_fill(Gimp.FillType.WHITE)",
    "add-mask": "layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))",
}


def ask(mock, path, body=None):
    """Call the mock's own interface."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{mock}/__mock__/{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def later(mock, code):
    """Have GIMP run ``code`` once the task exists, from a thread of ours that touches nothing of GIMP's.

    GIMP answers before the code has run, so the code says itself when it has.
    """
    handle, marker = tempfile.mkstemp()
    os.close(handle)
    code += f"\nimport os\nos.remove({marker!r})\n"
    before = ask(mock, "charges")["count"]

    def tell():
        deadline = time.monotonic() + PATIENCE_SECONDS
        while ask(mock, "charges")["count"] == before and time.monotonic() < deadline:
            time.sleep(0.1)
        bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
        bus.call_sync(
            "org.gimp.GIMP.UI", "/org/gimp/GIMP/UI", "org.gimp.GIMP.UI", "BatchRun",
            GLib.Variant("(ss)", ("python-fu-eval", code)), None, 0, 20000, None,
        )  # fmt: skip
        while os.path.exists(marker) and time.monotonic() < deadline:
            time.sleep(0.05)
        ask(mock, "clock", {"advance": 3600})

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    return thread


def attempt(mock, name, number):
    image, layers = build.build({"layers": [{"alpha": "soft"}]}, number)
    Gimp.Display.new(image)
    layer = layers[0]
    before = snapshot.image(image)
    open_before = {one.get_id() for one in Gimp.get_images()}
    code = _PREAMBLE.format(image=image.get_id(), layer=layer.get_id()) + DEEDS[name]
    thread = later(mock, code)
    status, message, shown_layer, shown = perform.upscale(image, layers, {})
    thread.join(10)
    fresh = [one for one in Gimp.get_images() if one.get_id() not in open_before]
    result = {
        "status": status,
        "message": message,
        "new_images": [[one.get_width(), one.get_height()] for one in fresh],
        "alive": image.is_valid(),
        "in_place": shown is not None and image.is_valid() and shown.get_id() == image.get_id(),
    }
    if image.is_valid():
        after = snapshot.image(image)
        result["size"] = after["size"]
        result["layers"] = [[one["name"], *one["box"]] for one in perform.flat(after["layers"])]
        result["before"] = [[one["name"], *one["box"]] for one in perform.flat(before["layers"])]
        result["mask"] = bool(shown_layer is not None and shown_layer.get_mask())
        for display in [Gimp.Display.get_by_id(n) for n in range(1, 400) if Gimp.Display.id_is_valid(n)]:
            display.delete()
    for one in fresh:
        if one.is_valid():
            one.delete()
    return result


def main(folder, mock, data):
    Gegl.init(None)
    table = perform.Table(folder, mock, data)
    with open(os.path.join(folder, "meanwhile.jsonl"), "w", encoding="utf-8") as stream:
        for number, name in enumerate(DEEDS):
            table.use("mock-nearest")
            try:
                result = attempt(mock, name, 3000 + number)
            except Exception:
                result = {"crash": traceback.format_exc()}
            stream.write(json.dumps(dict(result, id=name)) + "\n")
            stream.flush()
    with open(os.path.join(folder, "done"), "w", encoding="utf-8") as stream:
        stream.write("done")
