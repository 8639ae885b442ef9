"""The half of the demo that runs inside GIMP 3: makes a picture in layers, upscales one, describes all.

``demo.py`` hands this file to GIMP's Python interpreter. ``DEMO_JOB`` names a JSON file with what to do
(``action``: "upscale" or "describe") and the paths; the answer is written to its ``answer`` path. Every
GIMP call stands inside a function, so that the file can be read without GIMP.
"""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path
from typing import Any

PROCEDURE = "plug-in-precision-upscale"
PHOTO = "Grace Hopper, 1984"


def build(photo: str) -> Any:
    """Return an image of four layers and a group: a print on a desk, the photograph inside the group."""
    from gi.repository import Gegl, Gimp, Gio  # noqa: PLC0415  # exists in GIMP alone

    margin = 44
    source = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(photo))
    width, height = source.get_width(), source.get_height()
    image = Gimp.Image.new(width + 2 * margin, height + 2 * margin, Gimp.ImageBaseType.RGB)
    profile = source.get_color_profile()
    if profile is not None:
        image.set_color_profile(profile)

    def layer(name: str, parent: Any, opacity: float, mode: Any) -> Any:
        made = Gimp.Layer.new(
            image, name, image.get_width(), image.get_height(), Gimp.ImageType.RGBA_IMAGE, opacity, mode
        )
        image.insert_layer(made, parent, 0)
        return made

    def fill(drawable: Any, color: str) -> None:
        Gimp.context_set_foreground(Gegl.Color.new(color))
        drawable.edit_fill(Gimp.FillType.FOREGROUND)

    Gimp.context_push()
    desk = layer("Desk", None, 100, Gimp.LayerMode.NORMAL)
    fill(desk, "#6d5a4a")
    group = Gimp.GroupLayer.new(image, "Print")
    image.insert_layer(group, None, 0)
    paper = layer("Paper", group, 100, Gimp.LayerMode.NORMAL)
    edge = margin // 2
    image.select_rectangle(
        Gimp.ChannelOps.REPLACE, edge, edge, image.get_width() - 2 * edge, image.get_height() - 2 * edge
    )
    fill(paper, "#f4efe4")
    Gimp.Selection.none(image)

    portrait = Gimp.Layer.new_from_drawable(source.get_layers()[0], image)
    portrait.set_name(PHOTO)
    image.insert_layer(portrait, group, 0)
    portrait.set_offsets(margin, margin)
    portrait.add_alpha()
    portrait.set_opacity(97)
    portrait.set_color_tag(Gimp.ColorTag.BLUE)
    # a mask with soft corners
    image.select_round_rectangle(Gimp.ChannelOps.REPLACE, margin, margin, width, height, 24, 24)
    Gimp.Selection.feather(image, 6)
    portrait.add_mask(portrait.create_mask(Gimp.AddMaskType.SELECTION))
    Gimp.Selection.none(image)

    light = layer("Evening light", None, 20, Gimp.LayerMode.SOFTLIGHT)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 0, 0, width, height)
    Gimp.Selection.feather(image, 120)
    fill(light, "#ffd9a0")
    Gimp.Selection.none(image)
    Gimp.context_pop()
    image.set_selected_layers([portrait])
    source.delete()
    return image


def describe(image: Any) -> dict[str, Any]:
    """Return what is to be known of the image and of every item in it, as JSON values."""

    def item(layer: Any, parent: str | None) -> list[dict[str, Any]]:
        mask = None if layer.is_group() else layer.get_mask()
        _, x, y = layer.get_offsets()
        facts = {
            "name": layer.get_name(),
            "parent": parent,
            "position": image.get_item_position(layer),
            "size": [layer.get_width(), layer.get_height()],
            "offsets": [x, y],
            "opacity": round(layer.get_opacity(), 3),
            "mode": int(layer.get_mode()),
            "blend space": int(layer.get_blend_space()),
            "composite space": int(layer.get_composite_space()),
            "composite mode": int(layer.get_composite_mode()),
            "visible": layer.get_visible(),
            "alpha": layer.has_alpha(),
            "colour tag": int(layer.get_color_tag()),
            "locks": [
                layer.get_lock_content(),
                layer.get_lock_position(),
                layer.get_lock_visibility(),
                layer.get_lock_alpha(),
            ],
            "mask": None if mask is None else [mask.get_width(), mask.get_height(), layer.get_apply_mask()],
        }
        below = layer.get_children() if layer.is_group() else []
        return [facts, *(one for child in below for one in item(child, layer.get_name()))]

    return {
        "size": [image.get_width(), image.get_height()],
        "precision": int(image.get_precision()),
        "layers": [one for layer in image.get_layers() for one in item(layer, None)],
    }


def export(image: Any, path: str) -> None:
    """Save what the image looks like as PNG."""
    from gi.repository import Gimp, Gio  # noqa: PLC0415  # exists in GIMP alone

    flat = image.duplicate()
    flat.flatten()
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, flat, Gio.File.new_for_path(path), None)
    flat.delete()


def find(image: Any, name: str) -> Any:
    """Return the layer called ``name``, wherever it is."""
    found = image.get_layer_by_name(name)
    if found is None:
        raise LookupError(f"the image has no layer {name!r}")
    return found


def upscale(job: dict[str, Any]) -> dict[str, Any]:
    """Make the image, upscale the photograph's layer through the plug-in, save; return before and after."""
    from gi.repository import Gimp, Gio  # noqa: PLC0415  # exists in GIMP alone

    image = build(job["photo"])
    before = describe(image)
    export(image, job["before"])
    procedure = Gimp.get_pdb().lookup_procedure(PROCEDURE)
    if procedure is None:
        raise LookupError(f"GIMP does not know {PROCEDURE}: the plug-in was not registered")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [find(image, PHOTO)])
    for name, value in job["arguments"].items():
        config.set_property(name, value)
    result = procedure.run(config)
    status = result.index(0)
    if status != Gimp.PDBStatusType.SUCCESS:
        message = result.index(1) if result.length() > 1 else Gimp.get_pdb().get_last_error()
        raise RuntimeError(f"{PROCEDURE} answered {status.value_nick}: {message}")
    export(image, job["after"])
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(job["result"]), None)
    return {"before": before, "after": describe(image)}


def reopen(job: dict[str, Any]) -> dict[str, Any]:
    """Open the saved image and return what it holds."""
    from gi.repository import Gimp, Gio  # noqa: PLC0415  # exists in GIMP alone

    return describe(Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(job["result"])))


def main() -> None:
    """Do the job and write the answer, or what went wrong: GIMP's exit code would not tell."""
    job = json.loads(Path(os.environ["DEMO_JOB"]).read_text(encoding="utf-8"))
    answer: dict[str, Any]
    try:
        answer = {"ok": {"upscale": upscale, "describe": reopen}[job["action"]](job)}
    except Exception:  # noqa: BLE001  # whatever it is, demo.py shows it
        answer = {"failed": traceback.format_exc()}
    Path(job["answer"]).write_text(json.dumps(answer), encoding="utf-8")


if os.environ.get("DEMO_JOB"):
    main()
