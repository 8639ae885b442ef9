"""What every item of an image must be after a placement, computed from what it was: no GIMP is asked.

An inventory (``inside/inventory.py``) goes in, and an expected one comes out, in which ``pixels`` are
rules (:class:`Cut`) and members of :data:`ANY` may be anything. All factors are whole numbers here.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .random_images import SMALLEST_TARGET, Spec

Inventory = dict[str, Any]
Box = tuple[int, int, int, int]


class Anything:
    """Stands for a value that is not foreseen."""


ANY = Anything()


class AnyOf(list[Any]):
    """Rules of which one must hold."""


class Near(list[int]):
    """A box whose values may differ by ``tolerance``: outlines are drawn anew at the new size."""

    tolerance = 0

    def __deepcopy__(self, memo: object) -> Near:
        """Return the same: nobody changes it."""
        return self


def near(box: Sequence[int], tolerance: int) -> Near:
    """Return a box that is only known to within some pixels."""
    found = Near(box)
    found.tolerance = tolerance
    return found


@dataclass(frozen=True)
class Cut:
    """Pixels that must come from ``dump``: ``box`` of it (x, y, width, height), ``factor`` times as large.

    Beyond the dump there is nothing: values of 0. ``exact`` asks for the same values. The outermost
    ``rim`` pixels of the source may become anything. ``shown`` is the part (x, y, width, height) of the
    scaled pixels that is there; all of them if None.
    """

    dump: Mapping[str, Any]
    box: Box
    factor: int
    exact: bool = False
    rim: int = 0
    shown: Box | None = None


@dataclass(frozen=True)
class Change:
    """What a placement does to everything but its targets: a scale about the origin, or a shift."""

    size: tuple[int, int]
    factor: int = 1
    shift: tuple[int, int] = (0, 0)
    miscolors: bool = False
    """GIMP draws link layers in wrong colors."""
    outlined: Mapping[int, list[int]] = field(default_factory=dict)
    """The boxes of vector layers by id: they are drawn anew, so the outcome says where they are."""

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the old canvas is on the new one."""
        return x * self.factor + self.shift[0], y * self.factor + self.shift[1]

    def box(self, box: Sequence[int]) -> list[int]:
        """Return where a box of the old canvas is on the new one."""
        x, y, width, height = box
        left, top = self.point(x, y)
        return [int(left), int(top), width * self.factor, height * self.factor]

    def layer_pixels(self, pixels: Mapping[str, Any]) -> Cut:
        """Return the rule for a drawable that only scales along."""
        dump = pixels["dump"]
        return Cut(dump, (0, 0, *dump["size"]), self.factor, exact=self.factor == 1)

    def canvas_pixels(self, pixels: Mapping[str, Any]) -> Cut:
        """Return the rule for a drawable as large as the canvas: a channel, the selection."""
        dump = pixels["dump"]
        if self.factor != 1:
            return Cut(dump, (0, 0, *dump["size"]), self.factor)
        return Cut(dump, (-self.shift[0], -self.shift[1], *self.size), 1, exact=True)


@dataclass(frozen=True)
class Fate:
    """What becomes of one target.

    ``stays`` says that the layer itself is filled with the result, ``kept`` that it remains, hidden,
    below a new layer with it. ``box`` is the result's on the new canvas.
    """

    layer: Inventory
    look: Mapping[str, Any]
    factor: int
    stays: bool
    kept: bool
    box: list[int]


def every_layer(layers: list[Inventory]) -> Iterator[Inventory]:
    """Yield every layer of an inventory's tree, groups before their children."""
    for layer in layers:
        yield layer
        yield from every_layer(layer.get("children", []))


def parents_of(layers: list[Inventory], wanted: int) -> list[Inventory] | None:
    """Return the groups around the layer with an id, outermost first; None when it is not there."""
    for layer in layers:
        if layer["id"] == wanted:
            return []
        inner = parents_of(layer.get("children", []), wanted)
        if inner is not None:
            return [layer, *inner]
    return None


def shown_effects(layer: Inventory) -> bool:
    """Return whether a layer has effects that are switched on."""
    return any(one["visible"] for one in layer["effects"])


def grows(layer: Inventory) -> bool:
    """Return whether a layer's look may be larger than its box, because effects draw outside."""
    return any(shown_effects(one) for one in every_layer([layer]))


def miscolored(layer: Inventory, image: Inventory) -> bool:
    """Return whether GIMP draws a layer in wrong colors when it scales the image: babl's tables are wrong."""
    wrong = image["precision"] == "u16-non-linear" and image["profile"] is not None
    return bool(layer["kind"] == "link" and wrong)


def holds_pixels(layer: Inventory) -> bool:
    """Return whether a layer is no group, or a group that holds such a layer."""
    return layer["kind"] != "group" or any(holds_pixels(child) for child in layer["children"])


def must_refuse(spec: Spec, before: Inventory, targets: Sequence[int]) -> bool | None:
    """Return whether the run must be refused; None where only the pixels decide."""
    if before["floating"]:
        return True
    placement = spec["options"]["placement"]
    unknown = False
    for wanted in targets:
        layer = next(one for one in every_layer(before["layers"]) if one["id"] == wanted)
        parents = parents_of(before["layers"], wanted) or []
        if layer["kind"] == "group" and not holds_pixels(layer):
            return True
        if any(parent["id"] in targets for parent in parents):
            return True
        if placement != "new-image" and _locked(layer, parents, placement):
            return True
        small = min(layer["box"][2:]) < SMALLEST_TARGET
        if grows(layer) or spec["options"].get("area") == "selection":
            unknown = True
        elif small:
            return True
        if layer["alpha"] or layer["kind"] != "pixels":
            unknown = True
    return None if unknown else False


def _locked(layer: Inventory, parents: list[Inventory], placement: str) -> bool:
    if any(content or position for parent in parents for content, position, _ in [parent["locks"]]):
        return True
    content, position, _ = layer["locks"]
    return placement != "new-layer" and (content or (position and placement != "fit-layer"))


# ----- the expected inventory


def fates_of(spec: Spec, result: Inventory) -> list[Fate]:
    """Return what becomes of every target; a box that effects decide is taken from the outcome."""
    before, placement = result["before"], spec["options"]["placement"]
    factor = 1 if placement == "fit-layer" else spec["options"]["scale-factor"]
    fates = []
    known = {one["id"] for one in every_layer(before["layers"])}
    for wanted in dict.fromkeys(result["target_ids"]):
        layer = next(one for one in every_layer(before["layers"]) if one["id"] == wanted)
        kept = placement == "new-layer" or (layer["kind"] == "group" and placement != "new-image")
        stays = not kept and layer["kind"] == "pixels" and not shown_effects(layer)
        now = _now(result["after"]["layers"], layer, known, stays=stays, kept=kept)
        if placement == "new-image" or not grows(layer) or now is None:
            box = _placed(layer["box"], placement, factor)
        else:
            box = now["box"]
        look = result["looks"].get(layer["name"]) or dict(layer["pixels"]["dump"], at=layer["box"][:2])
        fates.append(Fate(layer, look, factor, stays, kept, box))
    return fates


def _placed(box: Sequence[int], placement: str, factor: int) -> list[int]:
    x, y, width, height = box
    if placement == "scale-image":
        return [x * factor, y * factor, width * factor, height * factor]
    return [x, y, width * factor, height * factor]


def _now(
    layers: list[Inventory], was: Inventory, known: set[int], *, stays: bool, kept: bool
) -> Inventory | None:
    """Return the layer that holds a target's result."""
    for siblings in _stacks(layers):
        for position, one in enumerate(siblings):
            if stays and one["id"] == was["id"]:
                return one
            if kept and one["id"] == was["id"] and position:
                return siblings[position - 1]
            if not stays and not kept and one["id"] not in known and one["tattoo"] == was["tattoo"]:
                return one
    return None


def _stacks(layers: list[Inventory]) -> Iterator[list[Inventory]]:
    yield layers
    for layer in layers:
        if "children" in layer:
            yield from _stacks(layer["children"])


def change_of(spec: Spec, before: Inventory, after: Inventory, fates: Sequence[Fate]) -> Change:
    """Return what happens to everything but the targets.

    Where a grown look begins, only the outcome says: its first sample point, which all else is held to.
    """
    width, height = before["size"]
    placement, factor = spec["options"]["placement"], spec["options"]["scale-factor"]
    if placement == "scale-image":
        outlined = {one["id"]: one["box"] for one in every_layer(after["layers"]) if one["kind"] == "vector"}
        links = any(miscolored(one, before) for one in every_layer(before["layers"]))
        return Change((width * factor, height * factor), factor, miscolors=links, outlined=outlined)
    if placement in ("fit-layer", "new-image"):
        return Change((width, height))
    shown = after["sample_points"][0]
    moved = [shown[axis] - before["sample_points"][0][axis] for axis in (0, 1)]
    boxes = [
        [fate.box[0] - moved[0], fate.box[1] - moved[1], *fate.box[2:]] if grows(fate.layer) else fate.box
        for fate in fates
    ]
    left, top = min(0, *(box[0] for box in boxes), 0), min(0, *(box[1] for box in boxes), 0)
    right = max(width, *(box[0] + box[2] for box in boxes), 0)
    bottom = max(height, *(box[1] + box[3] for box in boxes), 0)
    return Change((right - left, bottom - top), 1, (-left, -top))


def expected(spec: Spec, before: Inventory, fates: Sequence[Fate], change: Change) -> Inventory:
    """Return the expected inventory."""
    after = copy.deepcopy(before)
    after["size"] = list(change.size)
    after["guides"] = sorted(
        [direction, position * change.factor + change.shift[direction == "horizontal"]]
        for direction, position in before["guides"]
    )
    after["sample_points"] = [list(map(int, change.point(x, y))) for x, y in before["sample_points"]]
    after["selection"]["pixels"] = change.canvas_pixels(before["selection"]["pixels"])
    for was, now in zip(before["channels"], after["channels"], strict=True):
        now["pixels"] = change.canvas_pixels(was["pixels"])
    for path in after["paths"]:
        path["strokes"] = [[_moved(points, change), closed] for points, closed in path["strokes"]]
    targets = {fate.layer["id"]: fate for fate in fates}
    if spec["options"]["placement"] == "new-image":
        targets = {}
    after["layers"] = _stack(before["layers"], change, targets)
    new = {wanted: "new" for wanted, fate in targets.items() if not fate.stays}
    after["selected"] = sorted((str(new.get(one, one)) for one in before["selected"]), key=str)
    return after


def _moved(points: Sequence[float], change: Change) -> list[float]:
    pairs = zip(points[::2], points[1::2], strict=True)
    return [value for x, y in pairs for value in change.point(x, y)]


def _stack(layers: list[Inventory], change: Change, targets: Mapping[int, Fate]) -> list[Inventory]:
    found = []
    for layer in layers:
        fate = targets.get(layer["id"])
        if fate is None:
            found.append(_neighbour(layer, change, targets))
            continue
        if fate.kept:
            below = _neighbour(layer, change, {})
            below["visible"] = False
            found += [_result(fate, change), below]
        else:
            found.append(_result(fate, change))
    return found


def _neighbour(layer: Inventory, change: Change, targets: Mapping[int, Fate]) -> Inventory:
    """Return a layer that is no target: it scales or moves along."""
    now = copy.deepcopy(layer)
    now["box"] = change.box(layer["box"])
    if layer["kind"] == "group":
        now["children"] = _stack(layer["children"], change, targets)
        boxes = [child["box"] for child in now["children"] if child["box"] is not ANY]
        now["box"] = _around(boxes) if boxes and len(boxes) == len(now["children"]) else ANY
    elif layer["kind"] == "vector" and change.factor != 1:
        # the outline is as wide as it was, and the box is that of what is drawn
        now["box"] = near(now["box"], 2 + int(layer["stroke_width"]) * change.factor)
        now["pixels"] = ANY
    else:
        now["pixels"] = change.layer_pixels(layer["pixels"])
        if layer["kind"] == "link" and change.factor != 1:
            # GIMP scales the linked picture itself, with a soft edge
            now["pixels"] = ANY if change.miscolors else replace(now["pixels"], rim=2)
    if layer["mask"] is not None:
        now["mask"]["pixels"] = change.layer_pixels(layer["mask"]["pixels"])
        if layer["kind"] == "group":
            now["mask"]["pixels"] = _group_mask(layer, now["box"], change)
        elif layer["kind"] == "vector" and change.factor != 1:
            # GIMP leaves the mask at its old size: it gets a new one
            now["mask"]["id"] = ANY
            now["mask"]["pixels"] = _part_of_mask(layer, change)
    return now


def _around(boxes: list[list[int]]) -> list[int]:
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    box = [left, top, right - left, bottom - top]
    loose = max((one.tolerance for one in boxes if isinstance(one, Near)), default=0)
    return near(box, 2 * loose) if loose else box


def _part_of_mask(layer: Inventory, change: Change) -> Any:
    """Return the rule for the mask of a vector layer, whose outline keeps its width: less is drawn."""
    old, box = change.box(layer["box"]), change.outlined.get(layer["id"])
    if box is None:
        return ANY
    dump = layer["mask"]["pixels"]["dump"]
    shown = (box[0] - old[0], box[1] - old[1], box[2], box[3])
    return Cut(dump, (0, 0, *dump["size"]), change.factor, shown=shown)


def _group_mask(layer: Inventory, box: Any, change: Change) -> Any:
    """Return the rule for a group's mask, which is as large as the group: nothing is shown beyond it."""
    dump = layer["mask"]["pixels"]["dump"]
    if box is ANY or isinstance(box, Near):
        return ANY
    old = change.box(layer["box"])
    left, top = box[0] - old[0], box[1] - old[1]
    if any(value % change.factor for value in (left, top, box[2], box[3])):
        return ANY
    factor = change.factor
    cut = (left // factor, top // factor, box[2] // factor, box[3] // factor)
    return Cut(dump, cut, factor, exact=factor == 1)


def _result(fate: Fate, change: Change) -> Inventory:
    """Return the layer that holds a target's result."""
    was = fate.layer
    now = copy.deepcopy(was)
    now.pop("children", None)
    now.pop("expanded", None)
    for name in ("text", "font_size", "font_unit", "path", "stroke_width", "enabled", "file"):
        now.pop(name, None)
    x, y, width, height = fate.box
    moved = [x, y] if grows(was) or change.factor != 1 else [x + change.shift[0], y + change.shift[1]]
    now["box"] = [*moved, width, height]
    now["kind"] = "pixels"
    if not fate.stays:
        now["id"] = "new"
        now["effects"] = []
        now["alpha"] = True if was["alpha"] else ANY
        if now["mode"] == "pass-through":
            now["mode"] = "normal"
    if fate.kept:
        now["name"] = now["tattoo"] = ANY
    now["pixels"] = _result_pixels(fate, now["box"], change)
    if was["mask"] is not None:
        if not fate.stays:
            now["mask"]["id"] = ANY
        now["mask"]["pixels"] = ANY if grows(was) else Cut(
            was["mask"]["pixels"]["dump"], (0, 0, *was["box"][2:]), fate.factor, exact=False
        )  # fmt: skip
    return now


def _result_pixels(fate: Fate, box: list[int], change: Change) -> Any:
    """Return the rule for the result's pixels: what was sent, so many times as large."""
    if not grows(fate.layer):
        left, top = fate.layer["box"][:2]
    elif change.factor != 1:
        if any(value % change.factor for value in box):
            return ANY
        left, top = box[0] // change.factor, box[1] // change.factor
    else:
        left, top = box[0] - change.shift[0], box[1] - change.shift[1]
    at = fate.look["at"]
    width, height = (side // fate.factor for side in box[2:])
    return Cut(fate.look, (left - at[0], top - at[1], width, height), fate.factor)


def somewhere(fate: Fate, size: Sequence[int]) -> AnyOf:
    """Return the rule for the pixels of a grown result in a new image: it shows all of the layer."""
    width, height = (side // fate.factor for side in size)
    x, y, *own = fate.layer["box"]
    at = fate.look["at"]
    return AnyOf(
        Cut(fate.look, (x - left - at[0], y - top - at[1], width, height), fate.factor)
        for top in range(height - own[1] + 1)
        for left in range(width - own[0] + 1)
    )


def new_image(fate: Fate, before: Inventory) -> Inventory:
    """Return what is expected of the image made of one target's result."""
    size = [side * fate.factor for side in fate.layer["box"][2:]]
    layer = _result(fate, Change((size[0], size[1])))
    layer.update(box=[0, 0, *size], id=ANY, tattoo=ANY, visible=True, locks=ANY, name=ANY)
    if layer["mask"] is not None:
        layer["mask"]["id"] = ANY
    layer["effects"] = []
    members = ("base", "precision", "profile", "resolution", "unit")
    return {"size": size, "layers": [layer], **{name: before[name] for name in members}}
