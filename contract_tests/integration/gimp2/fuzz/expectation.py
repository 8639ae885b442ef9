"""What every item of an image must be after a placement, computed from what it was: no GIMP is asked.

Inventories come from ``inside.py``. All factors are whole numbers here, so every box is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contract_tests.support.scaled_pixels import TOLERANCE, Pixels, exact_problems, part, scaled_problems

from .random_images import SMALLEST_TARGET, Spec, every_layer

Inventory = dict[str, Any]

_TOPS = {"B": 255, "H": 65535, "I": 2**32 - 1, "e": 1, "f": 1, "d": 1}
_DTYPES = {"B": np.uint8, "H": np.uint16, "I": np.uint32, "e": np.float16, "f": np.float32, "d": np.float64}
_INDEXED_TOLERANCE = 40 / 255
_ORIGINAL_TOLERANCE = 12 / 255
_PASS_THROUGH = 61
_INDEXED = 2
_NOT_THE_NEW_LAYERS = ("id", "name", "tattoo")


def must_refuse(spec: Spec, target: Inventory) -> bool | None:
    """Return whether the run must be refused, or None where the pixels decide."""
    if spec["floating"]:
        return True
    placement, area = spec["options"]["placement"], spec["options"]["area"]
    width, height = target["box"][2:]
    if min(width, height) < SMALLEST_TARGET:
        return True
    if placement != "new-image" and any("content" in one["locks"] for one in _parents(spec)):
        return True
    if placement in ("scale-image", "grow-canvas", "fit-layer"):
        locks = next(one["locks"] for one in every_layer(spec["layers"]) if one["name"] == spec["target"])
        if "content" in locks or ("position" in locks and placement != "fit-layer"):
            return True
    return None if area == "selection" else False


def _parents(spec: Spec) -> list[Spec]:
    return [
        one
        for one in every_layer(spec["layers"])
        if any(child["name"] == spec["target"] for child in every_layer(one.get("children", [])))
    ]


@dataclass(frozen=True)
class Change:
    """What a placement does to everything but the target: a scale about the origin, or a shift."""

    size: list[int]
    factor: int = 1
    shift: tuple[int, int] = (0, 0)

    def box(self, box: Sequence[int]) -> list[int]:
        """Return where a box of the old canvas is on the new one."""
        x, y, width, height = (value * self.factor for value in box)
        return [x + self.shift[0], y + self.shift[1], width, height]


def change_of(spec: Spec, before: Inventory, target: Inventory) -> Change:
    """Return what happens to everything but the target."""
    placement, factor = spec["options"]["placement"], spec["options"]["scale-factor"]
    width, height = before["size"]
    if placement == "scale-image":
        return Change([width * factor, height * factor], factor)
    if placement in ("fit-layer", "new-image"):
        return Change([width, height])
    x, y, own_width, own_height = target["box"]
    left, top = min(0, x), min(0, y)
    right, bottom = max(width, x + own_width * factor), max(height, y + own_height * factor)
    return Change([right - left, bottom - top], 1, (-left, -top))


class Judge:
    """Collects what is wrong with one image; ``folder`` has the pixels."""

    def __init__(self, spec: Spec, result: Inventory, folder: Path) -> None:
        self._spec, self._result, self._folder = spec, result, folder
        self.found: list[str] = []

    def problems(self) -> list[str]:
        """Return everything that is wrong, a line each."""
        result = self._result
        if "crash" in result:
            return [f"exception in the script: {result['crash']}"]
        before = result["before"]
        self._target = next(one for one in _flat(before["layers"]) if one["id"] == result["target"])
        refuse = must_refuse(self._spec, self._target)
        if result["status"] == "refused":
            if refuse is False:
                self.found.append("refused or failed")
            return self._same("after a refusal", before, result["after"], steps=0)
        if refuse:
            self.found.append("not refused")
        if self._spec["options"]["placement"] == "new-image":
            self._same("beside the new image", before, result["after"], steps=0)
            if len(result["new_images"]) == 1:
                self._new_image(before, result["new_images"][0])
            else:
                self.found.append(f"{len(result['new_images'])} new images")
            return self.found
        self._changed(before, result["after"])
        self._same("after one undo", before, result.get("undone"), steps=1)
        # which of layer and mask is edited is a state of GIMP's windows: no undo step knows it
        after, redone = (_without_edited(result.get(name)) for name in ("after", "redone"))
        return self._same("after a redo", after, redone, steps=1)

    def _same(self, when: str, one: Inventory, other: Any, *, steps: int) -> list[str]:
        if self._result["steps"] != steps:
            self.found.append(f"{self._result['steps']} undo steps, not {steps}")
        elif other is not None:
            self.found += [f"{when}: {line}" for line in _differences(_plain(one), _plain(other))]
        return self.found

    def _expect(self, what: str, found: Any, wanted: Any) -> None:
        if found != wanted:
            self.found.append(f"{what} is {found!r}, not {wanted!r}")

    # ----- the image

    def _changed(self, before: Inventory, after: Inventory) -> None:
        change = change_of(self._spec, before, self._target)
        self._change = change
        self._expect("the canvas", after["size"], change.size)
        for name in ("base", "precision", "profile", "resolution", "parasites"):
            self._expect(f"the image's {name}", after[name], before[name])
        moved = [[way, place * change.factor + change.shift[way == "h"]] for way, place in before["guides"]]
        self._expect("the guides", after["guides"], sorted(moved))
        self._canvas_pixels("the selection", before["selection"], after["selection"])
        self._expect(
            "the channels", [one[:2] for one in after["channels"]], [one[:2] for one in before["channels"]]
        )
        for one, other in zip(before["channels"], after["channels"], strict=False):
            self._canvas_pixels(f"the channel {one[0]}", one[2], other[2])
        self._paths(before["paths"], after["paths"])
        self._expect("the active layer", after["active"], self._result["result"])
        self._stack("the image", before["layers"], after["layers"])

    def _paths(self, before: list[Any], after: list[Any]) -> None:
        change = self._change
        self._expect("the paths", [one[0] for one in after], [one[0] for one in before])
        for (name, strokes), (_, others) in zip(before, after, strict=False):
            for (points, closed), (found, now_closed) in zip(strokes, others, strict=True):
                self._expect(f"the path {name} is closed", now_closed, closed)
                wanted = np.array(points).reshape(-1, 2) * change.factor + np.array(change.shift)
                if not np.allclose(np.array(found).reshape(-1, 2), wanted, atol=0.01):
                    self.found.append(f"the path {name} is at {found}, not at {wanted.ravel().tolist()}")

    def _canvas_pixels(self, what: str, before: Inventory, after: Inventory) -> None:
        """Judge what is as large as the canvas."""
        change, source, actual = self._change, self._read(before), self._read(after)
        if change.factor == 1:
            box = (-change.shift[0], -change.shift[1], *change.size)
            lines = exact_problems(part(source, box), actual)  # type: ignore[arg-type]  # four of them
        else:
            lines = scaled_problems(source, actual, change.factor, alpha=False)
        self.found += [f"{what}: {line}" for line in lines]

    # ----- layers

    def _stack(self, where: str, before: list[Inventory], after: list[Inventory]) -> None:
        placement = self._spec["options"]["placement"]
        wanted: list[tuple[str, Inventory]] = []
        for layer in before:
            if layer["id"] != self._result["target"]:
                wanted.append(("neighbor", layer))
            elif placement == "new-layer" or "children" in layer:
                wanted += [("new", layer), ("kept", layer)]
            else:
                wanted.append(("result", layer))
        if len(wanted) != len(after):
            self.found.append(f"{where} has {[one['name'] for one in after]}")
            return
        for (fate, was), now in zip(wanted, after, strict=True):
            if fate in ("new", "result"):
                self._new_layer(was, now, self._result_box(was), added=fate == "new")
            else:
                self._neighbor(was, now, visible=False if fate == "kept" else was["visible"])

    def _result_box(self, was: Inventory) -> list[int]:
        change, factor = self._change, self._spec["options"]["scale-factor"]
        if change.factor != 1 or self._spec["options"]["placement"] == "fit-layer":
            return change.box(was["box"])
        x, y, width, height = was["box"]
        return [x + change.shift[0], y + change.shift[1], width * factor, height * factor]

    def _neighbor(self, was: Inventory, now: Inventory, *, visible: bool) -> None:
        name, change = was["name"], self._change
        wanted = dict(_attributes(was), visible=visible)
        self.found += [f"{name}: {line}" for line in _differences(wanted, _attributes(now))]
        if "children" in was:
            self._stack(name, was["children"], now["children"])
            self._expect(
                f"the box of {name}", now["box"], _around([child["box"] for child in now["children"]])
            )
        else:
            self._expect(f"the box of {name}", now["box"], change.box(was["box"]))
            self._layer_pixels(f"the pixels of {name}", was["pixels"], now["pixels"], alpha=was["alpha"])
        self._mask(was, now, change.factor)

    def _mask(self, was: Inventory, now: Inventory, factor: int) -> None:
        """Judge a mask: a group's is as large as the group, and nothing of it is shown beyond the old one."""
        name = was["name"]
        self._expect(f"the mask of {name}", now["mask"] and now["mask"][:3], was["mask"] and was["mask"][:3])
        if not was["mask"] or not now["mask"]:
            return
        source, actual = self._read(was["mask"][3]), self._read(now["mask"][3])
        if "children" in was and "children" in now:
            old, box = self._change.box(was["box"]), now["box"]
            cut = [box[0] - old[0], box[1] - old[1], box[2], box[3]]
            if any(value % factor for value in cut):
                return
            source = part(source, tuple(value // factor for value in cut))  # type: ignore[arg-type]  # four
        lines = exact_problems(source, actual) if factor == 1 else []
        lines = lines or (scaled_problems(source, actual, factor, alpha=False) if factor != 1 else [])
        self.found += [f"the mask of {name}: {line}" for line in lines]

    def _layer_pixels(self, what: str, before: Inventory, after: Inventory, *, alpha: bool) -> None:
        source, actual = self._read(before), self._read(after)
        if self._change.factor == 1:
            lines = exact_problems(source, actual)
        elif self._result["before"]["base"] == _INDEXED:
            nearest = source.repeat(self._change.factor, 0).repeat(self._change.factor, 1)
            lines = [] if nearest.shape == actual.shape else [f"has shape {actual.shape}"]
        else:
            finite = np.isfinite(source).all(axis=2)
            source = np.where(np.isfinite(source), source, 0)
            factor = self._change.factor
            lines = scaled_problems(source, actual, factor, alpha=alpha, finite=finite)
        self.found += [f"{what}: {line}" for line in lines]

    def _new_layer(self, was: Inventory, now: Inventory, box: list[int], *, added: bool) -> None:
        """Judge the layer that holds the result."""
        name = was["name"]
        wanted, found = _attributes(was), _attributes(now)
        if added or now["id"] != was["id"]:
            wanted["id"] = found["id"]
            wanted["parasites"] = [one for one in wanted["parasites"] if one != "gimp-text-layer"]
            if wanted["mode"] == _PASS_THROUGH:
                for member in ("mode", "blend space", "composite space", "composite mode"):
                    wanted[member] = found[member]
        if added:
            wanted.update({member: found[member] for member in _NOT_THE_NEW_LAYERS})
            if "children" in was:
                wanted.update({member: found[member] for member in ("alpha", "type")})
        if "gimp-text-layer" in was["parasites"] and now["id"] == was["id"]:
            self.found.append(f"{name} still is a text layer")
        self.found += [f"the result of {name}: {line}" for line in _differences(wanted, found)]
        self._expect(f"the box of the result of {name}", now["box"], box)
        factor = box[2] // was["box"][2]
        source, actual = self._read(was["look"]), self._read(now["look"])
        finite = self._finite(was)
        tolerance = TOLERANCE
        if self._result["before"]["base"] == _INDEXED:
            tolerance += _INDEXED_TOLERANCE
        if self._spec["options"]["colors"] == "original":
            tolerance += _ORIGINAL_TOLERANCE
        lines = scaled_problems(source, actual, factor, alpha=True, tolerance=tolerance, finite=finite)
        self.found += [f"the result of {name}: {line}" for line in lines]
        self._result_mask(was, now, factor)

    def _result_mask(self, was: Inventory, now: Inventory, factor: int) -> None:
        flags = was["mask"] and was["mask"][:3]
        self._expect(f"the mask of the result of {was['name']}", now["mask"] and now["mask"][:3], flags)
        if was["mask"] and now["mask"]:
            source, actual = self._read(was["mask"][3]), self._read(now["mask"][3])
            lines = scaled_problems(source, actual, factor, alpha=False)
            self.found += [f"the mask of the result of {was['name']}: {line}" for line in lines]

    def _finite(self, layer: Inventory) -> Any:
        """Return where the layer's own numbers, or those of any layer in it, are finite."""
        x, y, width, height = layer["box"]
        finite = np.ones((height, width), bool)
        for one in _flat([layer]):
            if "pixels" in one:
                own = np.isfinite(self._read(one["pixels"])).all(axis=2)
                bad = part(
                    (~own)[..., None].astype(float), (x - one["box"][0], y - one["box"][1], width, height)
                )
                finite &= bad[..., 0] == 0
        return finite

    def _new_image(self, before: Inventory, image: Inventory) -> None:
        target, factor = self._target, self._spec["options"]["scale-factor"]
        size = [side * factor for side in target["box"][2:]]
        self._change = Change(size)
        self._expect("the new canvas", image["size"], size)
        for name in ("base", "precision", "profile", "resolution"):
            self._expect(f"the new image's {name}", image[name], before[name])
        if len(image["layers"]) != 1:
            self.found.append(f"the new image has {len(image['layers'])} layers")
            return
        now = image["layers"][0]
        kept = {
            name: target[name] for name in ("tattoo", "linked", "lock content", "lock position", "lock alpha")
        }
        now.update(kept, visible=target["visible"], id=0, name=target["name"])
        now["colour tag"] = target["colour tag"]
        if "children" in target:
            now.update(alpha=target["alpha"], type=target["type"])
        self._new_layer(target, now, [0, 0, *size], added=False)

    def _read(self, dump: Mapping[str, Any]) -> Pixels:
        dtype = _DTYPES[dump["code"]]
        data = np.fromfile(self._folder / dump["file"], dtype).reshape(dump["shape"])
        return data.astype(np.float64) / _TOPS[dump["code"]]


def _flat(layers: list[Inventory]) -> list[Inventory]:
    return [one for layer in layers for one in [layer, *_flat(layer.get("children", []))]]


def _attributes(layer: Inventory) -> Inventory:
    beside = ("box", "pixels", "look", "mask", "children")
    return {name: value for name, value in layer.items() if name not in beside}


def _around(boxes: list[list[int]]) -> list[int]:
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return [left, top, right - left, bottom - top]


def _plain(known: Any) -> Any:
    """Return an inventory without what layers show, which is not looked at every time."""
    if isinstance(known, dict):
        return {name: _plain(value) for name, value in known.items() if name != "look"}
    return [_plain(one) for one in known] if isinstance(known, list) else known


def _without_edited(known: Any) -> Any:
    """Return an inventory in which no mask says whether it is edited."""
    if isinstance(known, dict):
        without = {name: _without_edited(value) for name, value in known.items()}
        if without.get("mask"):
            without["mask"] = [without["mask"][0], None, *without["mask"][2:]]
        return without
    return [_without_edited(one) for one in known] if isinstance(known, list) else known


def _differences(wanted: Any, found: Any, where: str = "") -> list[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        names = dict.fromkeys([*wanted, *found])
        name = f"{where}/{wanted['name']}" if "name" in wanted else where
        return [
            line for key in names for line in _differences(wanted.get(key), found.get(key), f"{name}/{key}")
        ]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = zip(wanted, found, strict=True)
        return [line for one, other in pairs for line in _differences(one, other, where)]
    return [] if wanted == found else [f"{where}: {found!r}, not {wanted!r}"[:300]]
