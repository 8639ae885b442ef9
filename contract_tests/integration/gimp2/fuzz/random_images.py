"""Random images and options as plain data, each from a seed: what GIMP 2.10 can build and upscale.

An image is a JSON object. ``layers`` is a tree, top layer first; every layer has a ``name`` of its own, by
which ``target`` names the layer to upscale. Sizes and offsets are in pixels.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]

SMALLEST_TARGET = 160
"""The service's smallest side in pixels."""

MODES = (
    "NORMAL", "NORMAL_LEGACY", "MULTIPLY", "MULTIPLY_LEGACY", "SCREEN", "OVERLAY", "SOFTLIGHT_LEGACY",
    "DISSOLVE", "GRAIN_MERGE", "LCH_HUE", "LUMINANCE", "PIN_LIGHT", "SPLIT", "ERASE", "SUBTRACT", "HSV_VALUE",
    "COLOR_ERASE",
)  # fmt: skip
PRECISIONS = tuple(
    f"{depth}_{curve}"
    for depth in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
    for curve in ("LINEAR", "GAMMA")
)
_PROFILES = {"RGB": (None, None, "srgb", "adobe", "prophoto", "linear"), "GRAY": (None, "grey-l")}
_PLACEMENTS = {"scale-image": 45, "grow-canvas": 22, "fit-layer": 13, "new-layer": 13, "new-image": 7}
_TAGS = ("BLUE", "GREEN", "YELLOW", "ORANGE", "BROWN", "RED", "VIOLET", "GRAY")
_ODD_NAMES = ("  double", "„bílé“", "层 🙂", "<b>&amp;", "#1")
_DEEPEST = 3


def image_of(seed: int, *, stubs: bool = False) -> Spec:
    """Return the image of a seed; for the ``stubs`` without what they do not have."""
    return _Maker(seed, stubs=stubs).spec()


def every_layer(layers: list[Spec]) -> Iterator[Spec]:
    """Yield every layer of a tree, groups before their children."""
    for layer in layers:
        yield layer
        yield from every_layer(layer.get("children", []))


class _Maker:
    def __init__(self, seed: int, *, stubs: bool) -> None:
        self._random = random.Random(f"2.10 {seed}")
        self._stubs, self._seed, self._made = stubs, seed, 0

    def _often(self, share: float) -> bool:
        return self._random.random() < share

    def spec(self) -> Spec:
        draw = self._random
        base = draw.choices(("RGB", "GRAY", "INDEXED"), (78, 13, 9))[0]
        precision = "U8_GAMMA" if base == "INDEXED" or self._often(0.5) else draw.choice(PRECISIONS)
        self._canvas = draw.randint(170, 230), draw.randint(170, 230)
        self._real = precision.startswith(("HALF", "FLOAT", "DOUBLE"))
        layers = [self._layer(0) for _ in range(draw.randint(1, 3))]
        target = self._target(layers)
        selection = self._box() if self._often(0.4) else None
        spec: Spec = {
            "seed": self._seed,
            "canvas": list(self._canvas),
            "base": base,
            "precision": precision,
            "profile": draw.choice(_PROFILES.get(base, (None,))),
            "resolution": [draw.choice((72.0, 144.0, 300.0)), draw.choice((72.0, 120.0))],
            "layers": layers,
            "target": target,
            "selection": selection,
            "soft": self._often(0.5),
            "channels": [self._seed + number for number in range(draw.randint(0, 2))],
            "guides": [[draw.choice("hv"), draw.randint(0, 160)] for _ in range(draw.randint(0, 2))],
            "paths": [] if self._stubs else [self._path() for _ in range(draw.randint(0, 2))],
            "parasites": {"fuzz": "kept"} if self._often(0.3) else {},
            "floating": self._often(0.03),
        }
        spec["options"] = {
            "placement": draw.choices(list(_PLACEMENTS), list(_PLACEMENTS.values()))[0],
            "colors": "original" if self._often(0.35) else "service",
            "scale-factor": 3 if self._often(0.12) else 2,
            "area": "selection" if selection and self._often(0.5) else "layer",
        }
        return spec

    def _layer(self, depth: int) -> Spec:
        draw = self._random
        self._made += 1
        kinds = {"pixels": 66, "group": 24 if depth < _DEEPEST else 0, "text": 10}
        layer: Spec = {
            "name": f"Layer {self._made}" + (draw.choice(_ODD_NAMES) if self._often(0.2) else ""),
            "kind": draw.choices(list(kinds), list(kinds.values()))[0],
            "opacity": draw.choice((100.0, 100.0, 72.5, 13.0)),
            "visible": not self._often(0.12),
            "linked": self._often(0.1),
        }
        if layer["kind"] == "group":
            layer["children"] = [self._layer(depth + 1) for _ in range(draw.randint(1, 3))]
            layer["pass_through"] = self._often(0.25) and not self._stubs
        else:
            layer["size"], layer["at"] = self._size(), [draw.randint(-25, 40), draw.randint(-25, 40)]
            layer["alpha"] = draw.choice((None, "opaque", "holes", "soft"))
            if self._often(0.4):
                # what shows several layers at once, as a group's picture, the stubs blend in few modes
                layer["mode"] = draw.choice(MODES[:2] if self._stubs else MODES)
        if self._often(0.35):
            layer["mask"] = [flag for flag in ("no-apply", "show", "edit") if self._often(0.2)]
        if self._often(0.2):
            layer["color_tag"] = draw.choice(_TAGS)
        if self._often(0.2):
            layer["parasites"] = {"fuzz-layer": "kept too"}
        # GIMP 2.10 locks neither the position nor the alpha channel of a group
        locks = ["content"] if layer["kind"] == "group" else ["content", "position", "alpha"]
        layer["locks"] = [lock for lock in locks if self._often(0.04)]
        if self._real and layer["kind"] == "pixels" and self._often(0.2):
            layer["odd_number"] = draw.choice(("nan", "inf", "-inf"))
        return layer

    def _size(self) -> list[int]:
        draw = self._random
        if self._often(0.15):
            return [draw.randint(1, 40), draw.randint(1, 40)]
        return [draw.randint(SMALLEST_TARGET, 215), draw.randint(SMALLEST_TARGET, 215)]

    def _target(self, layers: list[Spec]) -> str:
        """Choose the layer to upscale, and make it large and visible enough to be taken."""
        chosen = self._random.choice(list(every_layer(layers)))
        leaf = chosen
        while leaf["kind"] == "group":
            leaf["visible"] = leaf["visible"] or leaf is chosen
            leaf = leaf["children"][0]
            leaf.update(visible=True, opacity=100.0)
            leaf.pop("mask", None)
        leaf["size"] = [max(side, SMALLEST_TARGET) for side in leaf["size"]]
        return str(chosen["name"])

    def _box(self) -> list[int]:
        draw = self._random
        return [draw.randint(-10, 60), draw.randint(-10, 60), draw.randint(40, 190), draw.randint(40, 190)]

    def _path(self) -> list[float]:
        return [float(self._random.randint(-20, 200)) for _ in range(18)]
