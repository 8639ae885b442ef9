"""Random images and options as plain data, each from a seed: what GIMP 3.0 or 3.2 builds and upscales.

An image spec is a JSON object. ``layers`` is a tree, top layer first; every layer has a ``name`` of its
own, by which ``targets`` names the layers to upscale. Sizes and offsets are in pixels.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]

SMALLEST_TARGET = 160
"""The service's smallest side in pixels."""

MODES = (
    "ADDITION", "ADDITION_LEGACY", "BURN", "COLOR_ERASE", "DARKEN_ONLY", "DIFFERENCE", "DISSOLVE", "DIVIDE",
    "DODGE_LEGACY", "ERASE", "EXCLUSION", "GRAIN_EXTRACT", "GRAIN_MERGE_LEGACY", "HARDLIGHT", "HARD_MIX",
    "HSL_COLOR", "HSV_HUE_LEGACY", "HSV_SATURATION", "LCH_CHROMA", "LCH_LIGHTNESS", "LIGHTEN_ONLY",
    "LINEAR_BURN", "LINEAR_LIGHT", "LUMA_DARKEN_ONLY", "LUMINANCE", "MERGE", "MULTIPLY", "MULTIPLY_LEGACY",
    "NORMAL_LEGACY", "OVERLAY", "OVERLAY_LEGACY", "PIN_LIGHT", "SCREEN", "SOFTLIGHT_LEGACY", "SPLIT",
    "SUBTRACT", "VIVID_LIGHT",
)  # fmt: skip
PRECISIONS = tuple(
    f"{depth}_{curve}"
    for depth in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
    for curve in ("LINEAR", "NON_LINEAR", "PERCEPTUAL")
)
EFFECTS: tuple[tuple[str, dict[str, float]], ...] = (
    ("gegl:invert-gamma", {}),
    ("gegl:dropshadow", {"x": 12.0, "y": 9.0, "radius": 6.0}),
    ("gegl:dropshadow", {"x": -25.0, "y": -14.0, "radius": 3.0}),
    ("gegl:gaussian-blur", {"std-dev-x": 2.5, "std-dev-y": 4.0}),
    ("gegl:motion-blur-linear", {"length": 15.0, "angle": 30.0}),
    ("gegl:long-shadow", {"length": 20.0}),
    ("gegl:ripple", {"amplitude": 5.0}),
    ("gegl:saturation", {"scale": 0.4}),
)
_PROFILES = {"RGB": (None, None, "srgb", "adobe", "prophoto", "linear", "tables"), "GRAY": (None, "grey-l")}
_PLACEMENTS = {"scale-image": 45, "grow-canvas": 20, "fit-layer": 15, "new-layer": 13, "new-image": 7}
_TAGS = ("BLUE", "GREEN", "YELLOW", "ORANGE", "BROWN", "RED", "VIOLET", "GRAY")
_KINDS = {"pixels": 66, "group": 24, "text": 10}
_DEEPEST = 3
_ODD_NAMES = (" ", "„bílé“", "层 🙂", "<b>&amp;", "#1")


class Maker:
    """Draws one image from a seed, for one version of GIMP."""

    def __init__(self, seed: int, version: str) -> None:
        self._random = random.Random(f"{version} {seed}")
        self._version = version
        self._made = 0
        self.seed = seed

    def often(self, share: float) -> bool:
        """Return True for this share of the calls."""
        return self._random.random() < share

    def weighted(self, choices: dict[str, int]) -> str:
        """Return one of the keys, as often as its weight says."""
        return self._random.choices(list(choices), list(choices.values()))[0]

    def spec(self) -> Spec:
        """Return the image spec."""
        draw = self._random
        base = draw.choices(("RGB", "GRAY", "INDEXED"), (78, 13, 9))[0]
        precision = "U8_NON_LINEAR" if base == "INDEXED" or self.often(0.5) else draw.choice(PRECISIONS)
        width, height = draw.randint(170, 240), draw.randint(170, 240)
        self._canvas, self._base = (width, height), base
        self._real = precision.startswith(("HALF", "FLOAT", "DOUBLE"))
        layers = [self._layer(0) for _ in range(draw.randint(1, 4))]
        targets = self._targets(layers)
        spec: Spec = {
            "seed": self.seed,
            "canvas": [width, height],
            "base": base,
            "precision": precision,
            "profile": draw.choice(_PROFILES.get(base, (None,))),
            "layers": layers,
            "targets": targets,
            **self._beside(width, height),
        }
        spec["options"] = self._options(spec)
        if self.often(0.04):
            spec["targets"] = [*targets, targets[0]]
        spec["selected"] = [
            one["name"] for one in every_layer(layers) if one["name"] in targets or self.often(0.1)
        ]
        if self.often(0.15):  # as a script can call the procedure
            others = [one["name"] for one in every_layer(layers) if one["name"] not in targets]
            spec["selected"] = others[-1:] or spec["selected"]
        return spec

    def _beside(self, width: int, height: int) -> Spec:
        """Return what an image has besides layers."""
        draw = self._random
        spec: Spec = {
            "resolution": [draw.choice((72.0, 144.0, 300.0)), draw.choice((72.0, 120.0))],
            "guides": [
                [draw.choice("vh"), draw.randint(0, min(width, height))] for _ in range(draw.randint(0, 2))
            ],
            # the first one shows how the canvas was shifted
            "sample_points": [
                [0, 0],
                *([draw.randrange(width), draw.randrange(height)] for _ in range(draw.randint(0, 2))),
            ],
            "paths": [self._path(number) for number in range(draw.randint(0, 2))],
            "channels": [self._channel(number) for number in range(draw.randint(0, 2))],
            "selection": self._selection() if self.often(0.4) else None,
        }
        if self.often(0.3):
            spec["parasites"] = {"gimp-comment": "a comment", "fuzz": "kept"}
        if self.often(0.15):
            spec["simulation"] = "adobe"
        if self.often(0.03):
            spec["floating"] = True
        return spec

    def _options(self, spec: Spec) -> Spec:
        draw = self._random
        options: Spec = {
            "placement": self.weighted(_PLACEMENTS),
            "colors": "original" if self.often(0.35) else "service",
            "scale-factor": 3 if self.often(0.12) else 2,
        }
        if spec["selection"] is not None and self.often(0.5):
            options["area"] = "selection"
        if self.often(0.1):
            options["sharpen"] = draw.randint(0, 100)
        return options

    def _targets(self, layers: list[Spec]) -> list[str]:
        """Return the names of one or two layers, made large enough for the service."""
        draw = self._random
        choices = [one for one in every_layer(layers) if one["kind"] != "group" or self.often(0.5)]
        if not choices:
            layers.append(self._layer(_DEEPEST))
            choices = layers[-1:]
        draw.shuffle(choices)
        chosen: list[Spec] = []
        for one in choices[: 2 if self.often(0.2) else 1]:
            inside = {child["name"] for child in every_layer([one])}
            if any(other["name"] in inside for other in chosen):
                continue
            if any(one["name"] in {child["name"] for child in every_layer([other])} for other in chosen):
                continue
            chosen.append(one)
            if one["kind"] == "group":
                if not one["children"]:
                    one["children"].append(self._layer(_DEEPEST))
                one = one["children"][0]  # noqa: PLW2901 - the group is as large as its child
            if self.often(0.96):
                self._enlarge(one)
        return [one["name"] for one in chosen]

    def _enlarge(self, layer: Spec) -> None:
        draw = self._random
        if layer["kind"] == "text":
            layer["font_size"] = draw.randint(62, 80)
            layer["text"] = "Upscale\nme now\nplease"
        elif layer["kind"] in ("pixels", "vector"):
            sides = [draw.randint(SMALLEST_TARGET, SMALLEST_TARGET + 40) for _ in range(2)]
            layer["box"][2:] = sides if self.often(0.9) else [sides[0], sides[0]]

    def _layer(self, depth: int) -> Spec:
        draw = self._random
        kinds = dict(_KINDS)
        if depth >= _DEEPEST:
            kinds.pop("group")
        if self._version != "3.0":
            kinds |= {"vector": 7, "link": 7}
        layer = self._ordinary(self.weighted(kinds))
        if layer["kind"] == "group":
            layer["children"] = [self._layer(depth + 1) for _ in range(draw.choice((0, 1, 1, 1, 2, 3)))]
            if self.often(0.25):
                layer["mode"] = "PASS_THROUGH"
            if not layer["children"]:
                layer.pop("mask", None)
                layer.pop("effects", None)
        return layer

    def _ordinary(self, kind: str) -> Spec:
        """Return a layer of a kind, without children."""
        draw = self._random
        width, height = self._canvas
        self._made += 1
        longest = 1 if self.often(0.08) else 120
        layer: Spec = {
            "name": f"{kind} {self._made}{draw.choice(_ODD_NAMES) if self.often(0.1) else ''}",
            "kind": kind,
            "box": [
                draw.randint(-70, width),
                draw.randint(-70, height),
                draw.randint(1, longest),
                draw.randint(1, longest),
            ],
        }
        if kind == "pixels" and self.often(0.5):
            layer["alpha"] = draw.choice(("opaque", "soft", "soft", "holes"))
        if kind == "text":
            layer.update(text=draw.choice(("Hi", "two\nlines")), font_size=draw.randint(8, 40))
        if self.often(0.4 if kind == "group" else 0.3):
            layer["mask"] = [flag for flag in ("no-apply", "show", "edit") if self.often(0.2)]
        if self.often(0.2):
            layer["effects"] = [self._effect() for _ in range(draw.choice((1, 1, 2)))]
        if kind == "pixels" and self._real and self.often(0.25):
            layer["not_finite"] = [
                [draw.random(), draw.random(), draw.choice(("nan", "inf", "-inf"))] for _ in range(2)
            ]
        layer.update(self._attributes(kind))
        return layer

    def _attributes(self, kind: str) -> Spec:
        draw = self._random
        found: Spec = {}
        if self.often(0.4):
            found["opacity"] = round(draw.uniform(0, 100), 1)
        if self.often(0.4):
            found["mode"] = draw.choice(MODES)
        if self.often(0.15):
            found["blend_space"] = draw.choice(("RGB_LINEAR", "RGB_PERCEPTUAL", "AUTO"))
            found["composite_space"] = draw.choice(("RGB_LINEAR", "RGB_PERCEPTUAL", "AUTO"))
            found["composite_mode"] = draw.choice(("UNION", "CLIP_TO_BACKDROP", "INTERSECTION"))
        if self.often(0.2):
            found["color_tag"] = draw.choice(_TAGS)
        if self.often(0.15):
            found["hidden"] = True
        if self.often(0.15):
            found["parasites"] = {"fuzz": "kept", "raw": "\x01\x02"}
        if self.often(0.1):
            found["tattoo"] = draw.randint(10_000, 10_000_000) + self._made
        locks = {"alpha": 0.1, "visibility": 0.1, "content": 0.03, "position": 0.03}
        found["locks"] = [name for name, share in locks.items() if self.often(share)]
        if kind == "group" and self.often(0.5):
            found["expanded"] = True
        return found

    def _effect(self) -> Spec:
        operation, properties = self._random.choice(EFFECTS)
        effect: Spec = {"operation": operation, "properties": dict(properties)}
        if self.often(0.2):
            effect["hidden"] = True
        if self.often(0.2):
            effect["selection"] = self._selection()
        return effect

    def _selection(self) -> Spec:
        draw = self._random
        width, height = self._canvas
        left, top = draw.randint(-20, width - 20), draw.randint(-20, height - 20)
        return {
            "shape": draw.choice(("rectangle", "ellipse")),
            "box": [left, top, draw.randint(10, width), draw.randint(10, height)],
            "feather": draw.choice((0, 0, 5, 14)),
        }

    def _path(self, number: int) -> Spec:
        draw = self._random
        points = [draw.randint(-20, 220) * 1.0 for _ in range(6 * draw.randint(2, 4))]
        closed, locks = self.often(0.5), self.often(0.2)
        return {"name": f"path {number}", "points": points, "closed": closed, "locks": locks}

    def _channel(self, number: int) -> Spec:
        draw = self._random
        return {
            "name": f"channel {number}",
            "opacity": round(draw.uniform(5, 95), 1),
            "locks": [lock for lock in ("content", "position", "visibility") if self.often(0.15)],
            "color_tag": draw.choice(_TAGS) if self.often(0.3) else None,
            "visible": self.often(0.3),
        }


def every_layer(layers: list[Spec]) -> Iterator[Spec]:
    """Yield every layer of a tree, groups before their children."""
    for layer in layers:
        yield layer
        yield from every_layer(layer.get("children", []))


def image_spec(seed: int, version: str) -> Spec:
    """Return the image spec of ``seed`` for GIMP ``version``."""
    return Maker(seed, version).spec()
