"""Image specs of faults that were mended, each with a name; they are carried out like random ones."""

from __future__ import annotations

from typing import Any

from .random_images import Spec

_SHADOW = {"operation": "gegl:dropshadow", "properties": {"x": 12.0, "y": 9.0, "radius": 6.0}}
_LEFT_SHADOW = {"operation": "gegl:dropshadow", "properties": {"x": -30.0, "y": -20.0, "radius": 3.0}}


def layer(name: str, kind: str = "pixels", **more: Any) -> Spec:
    """Return a layer large enough for the service."""
    return {"name": name, "kind": kind, "box": [20, 30, 170, 164], "locks": [], **more}


def group(name: str, *children: Spec, **more: Any) -> Spec:
    """Return a group."""
    return layer(name, "group", children=list(children), **more)


def image(seed: int, targets: list[str], *layers: Spec, **more: Any) -> Spec:
    """Return an image spec of plain layers and nothing else; ``options`` replace single ones."""
    options = {"placement": "scale-image", "colors": "service", "scale-factor": 2, **more.pop("options", {})}
    return {
        "seed": seed,
        "canvas": [230, 210],
        "base": "RGB",
        "precision": "U8_NON_LINEAR",
        "profile": None,
        "layers": list(layers),
        "targets": targets,
        "selected": list(dict.fromkeys(targets)),
        "resolution": [72.0, 72.0],
        "guides": [],
        "sample_points": [[0, 0]],
        "paths": [],
        "channels": [],
        "selection": None,
        "options": options,
        **more,
    }


def _text() -> Spec:
    return layer("words", "text", text="Upscale\nme now\nplease", font_size=70)


_SPOILED = [[0.5, 0.5, "nan"], [0.2, 0.8, "inf"]]
REGRESSIONS: dict[str, Spec] = {
    "mask of a group": image(900001, ["a"], group("g", layer("a"), mask=[])),
    "masks of nested groups": image(
        900002, ["a"], group("g", group("h", layer("a"), mask=[]), mask=["edit"])
    ),
    "mask of a group that passes through": image(
        900003, ["a"], group("g", layer("a", alpha="soft"), mask=[], mode="PASS_THROUGH")
    ),
    "text in a group with a mask": image(900004, ["words"], group("g", _text(), mask=[])),
    "effect in a group with a mask": image(900005, ["a"], group("g", layer("a", effects=[_SHADOW]), mask=[])),
    "mask of a group, enlarged canvas": image(
        900006, ["a"], group("g", layer("a"), mask=[]), options={"placement": "grow-canvas"}
    ),
    "group that holds a shadow": image(900007, ["g"], group("g", layer("a", effects=[_SHADOW]))),
    "group with a shadow of its own": image(900008, ["g"], group("g", layer("a"), effects=[_LEFT_SHADOW])),
    "shadow on a layer without alpha": image(900009, ["a"], layer("a", effects=[_SHADOW])),
    "shadow to the left": image(900010, ["a"], layer("a", alpha="soft", effects=[_LEFT_SHADOW])),
    "numbers that are not finite": image(
        900011,
        ["a"],
        layer("a", not_finite=_SPOILED),
        precision="FLOAT_LINEAR",
        options={"colors": "original"},
    ),
    "numbers that are not finite, transparent": image(
        900012,
        ["a"],
        layer("a", alpha="soft", not_finite=_SPOILED),
        precision="FLOAT_LINEAR",
        options={"colors": "original"},
    ),
    "the same layer twice": image(900013, ["a", "a"], layer("a"), options={"placement": "new-layer"}),
    "selected layers and an edited mask after undo and redo": image(
        900017,
        ["a", "b"],
        layer("a", mask=[]),
        group("g", layer("b", alpha="soft", mask=["show"])),
        layer("c"),
        selected=["a", "c", "b"],
        options={"placement": "new-layer"},
    ),
    "opaque alpha channel, new image": image(
        900022, ["a"], layer("a", alpha="opaque"), options={"placement": "new-image"}
    ),
    "shadow, new image": image(
        900023, ["a"], layer("a", effects=[_LEFT_SHADOW]), options={"placement": "new-image"}
    ),
    "another layer is selected": image(
        900018, ["a"], layer("a", effects=[_SHADOW]), layer("b"), selected=["b"]
    ),
    "shadow beyond the top and left of the canvas": image(
        900019,
        ["a"],
        layer("a", box=[-20, -10, 170, 164], effects=[_LEFT_SHADOW]),
        layer("b"),
        options={"placement": "grow-canvas"},
    ),
    "effect of another layer, limited to a selection": image(
        900014,
        ["a"],
        layer("a"),
        layer(
            "b", effects=[dict(_SHADOW, selection={"shape": "ellipse", "box": [9, 9, 90, 90], "feather": 5})]
        ),
    ),
}
ONLY_32: dict[str, Spec] = {
    "link layers": image(
        900015,
        ["a"],
        group("g", layer("l", "link", box=[11, 7, 1, 1]), mask=[]),
        layer("m", "link"),
        layer("a"),
    ),
    "vector layers": image(
        900016, ["a"], group("g", layer("v", "vector"), mask=[]), layer("w", "vector"), layer("a")
    ),
    "link layer in wrong colors": image(
        900024, ["a"], layer("l", "link"), layer("a"), precision="U16_NON_LINEAR", profile="adobe"
    ),
    "masks of vector layers": image(
        900020,
        ["a"],
        group("g", layer("v", "vector", mask=["show"]), mask=[]),
        layer("w", "vector", mask=[], locks=["content", "position"]),
        layer("a"),
    ),
    "locked groups around link and vector layers": image(
        900021,
        ["a"],
        group(
            "g",
            layer("l", "link", box=[11, 7, 1, 1], locks=["position"]),
            layer("v", "vector", mask=[], locks=["content"]),
            mask=[],
            locks=["content", "position"],
        ),
        layer("a"),
    ),
}


def regressions(version: str) -> dict[str, Spec]:
    """Return what GIMP ``version`` can build."""
    return REGRESSIONS if version == "3.0" else {**REGRESSIONS, **ONLY_32}
