"""The table of constructed images: attributes, placements, precisions, profiles, kinds, areas, colours.

Plain data, read by pytest outside and by GIMP inside. A row's ``layers`` are its targets, ``image``
what they lie on, ``options`` the procedure's arguments, ``key`` the mock's scenario. ``says`` are words
the message must hold; an empty list asks for silence. ``saved`` takes the image through an XCF file
first; ``of`` says how many of the selected layers are handed over.
"""

from __future__ import annotations

import os
from typing import Any

CANVAS = (200, 180)
SIZE = (164, 161)
AT = (20, 11)
"""What a row's image, target and target's place are unless the row says otherwise."""

MODES = (
    "DISSOLVE",
    "MULTIPLY",
    "HSV_HUE",
    "HARDLIGHT",
    "GRAIN_MERGE",
    "VIVID_LIGHT",
    "LUMA_DARKEN_ONLY",
    "LCH_COLOR",
    "COLOR_ERASE",
    "SPLIT",
    "SCREEN_LEGACY",
    "HSL_COLOR_LEGACY",
)
"""One or two of every family of layer modes."""
PLACEMENTS = ("scale-image", "grow-canvas", "fit-layer", "new-layer", "new-image")
PRECISIONS = (
    "U8_LINEAR",
    "U16_LINEAR",
    "U16_NON_LINEAR",
    "U16_PERCEPTUAL",
    "U32_LINEAR",
    "U32_NON_LINEAR",
    "HALF_LINEAR",
    "HALF_NON_LINEAR",
    "FLOAT_PERCEPTUAL",
    "FLOAT_LINEAR",
    "FLOAT_NON_LINEAR",
    "DOUBLE_LINEAR",
)

SHADOW = ("gegl:dropshadow", {"x": 12.0, "y": 9.0, "radius": 6.0})
INVERT: tuple[str, dict[str, float]] = ("gegl:invert-gamma", {})


def row(
    name: str,
    *layers: dict[str, Any],
    image: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    **more: object,
) -> dict[str, Any]:
    """Return one row; without ``layers`` its target is a plain opaque layer."""
    return {
        "id": name,
        "layers": list(layers) or [{}],
        "image": image or {},
        "options": options or {},
        **more,
    }


def _where() -> list[dict[str, Any]]:
    return [
        row("at-the-root", image={"furnished": True}),
        row("at-the-bottom", {"place": "bottom"}),
        row("on-top", {"place": "top"}),
        row("in-a-group", {"place": "group"}),
        row("in-nested-groups", {"place": "nested", "alpha": "soft", "mask": []}),
        row("negative-offset", {"at": (-33, -21)}, image={"furnished": True}),
        row("off-the-canvas", {"at": (300, 260)}),
        row("wholly-left-of-the-canvas", {"at": (-400, 5)}),
        row("larger-than-the-canvas", {"size": (300, 260), "at": (-30, -30)}),
        row("smallest-allowed", {"size": (160, 160)}),
        row("longest-allowed", {"size": (480, 160)}),
        row("three-times", options={"scale-factor": 3}),
        row("four-times", {"size": (161, 163), "at": (7, 11)}, options={"scale-factor": 4}),
    ]


def _attributes() -> list[dict[str, Any]]:
    spaces = {
        "blend_space": "RGB_PERCEPTUAL",
        "composite_space": "RGB_LINEAR",
        "composite_mode": "CLIP_TO_BACKDROP",
    }
    return [
        row("opacity-mode-tag", {"opacity": 37.5, "mode": "OVERLAY", "color_tag": "VIOLET"}),
        row("spaces", {"mode": "LINEAR_LIGHT", **spaces}),
        row("hidden-with-tattoo", {"hidden": True, "tattoo": 987654}),
        row("parasites", {"parasites": {"my-notes": "keep me", "raw": "\x01\x02"}}),
        row("alpha-locked", {"alpha": "soft", "locks": ["alpha"]}),
        row("visibility-locked", {"locks": ["visibility"]}),
        row("visibility-locked-new-layer", {"locks": ["visibility"]}, options={"placement": "new-layer"}),
        row("visibility-locked-group", {"kind": "group", "locks": ["visibility"]}),
        row("visibility-locked-hidden-new-image", {"hidden": True, "locks": ["visibility"]},
            options={"placement": "new-image"}),
        row("content-locked-new-layer", {"locks": ["content", "position"]},
            options={"placement": "new-layer"}),
        row("everything-at-once", {
            "place": "nested", "alpha": "soft", "mask": ["edit"], "opacity": 61.0, "mode": "SOFTLIGHT",
            "color_tag": "GREEN", "parasites": {"a": "b"}, "tattoo": 4242, "at": (-9, 14),
            "locks": ["alpha", "visibility"], **spaces,
        }, saved=True),
        row("utf8-name", {"name": "Šaty „bílé“ 层 🙂"}),
        row("mask", {"mask": []}),
        row("mask-not-applied", {"mask": ["no-apply"]}),
        row("mask-shown", {"mask": ["show"]}),
        row("mask-edited", {"mask": ["edit"]}),
        row("mask-and-alpha", {"mask": [], "alpha": "soft"}),
        row("opaque-alpha-channel", {"alpha": "opaque"}),
        row("soft-alpha", {"alpha": "soft"}),
        row("holes", {"alpha": "holes"}),
    ]  # fmt: skip


def _modes() -> list[dict[str, Any]]:
    rows = []
    for half in (0, 1):
        # in place GIMP itself keeps the mode; a new layer must be given it
        layers = [
            {"mode": mode, "name": f"Mode {mode}", "at": (step, 2 * step)} for step, mode in enumerate(MODES)
        ]
        rows.append(row(f"modes-{half}", *layers[half::2], options={"placement": "new-layer"}))
    rows.append(row("modes-in-place", *[{"mode": mode, "name": f"Mode {mode}"} for mode in MODES[::5]]))
    return rows


def _placements() -> list[dict[str, Any]]:
    rows = []
    for placement in PLACEMENTS[1:]:
        options = {"placement": placement}
        rows += [
            row(f"{placement}-alpha-mask", {"alpha": "soft", "mask": [], "opacity": 70.0}, options=options),
            row(
                f"{placement}-negative",
                {"at": (-40, -25), "place": "group"},
                image={"furnished": True},
                options=options,
            ),
            row(
                f"{placement}-deep",
                {"alpha": "soft", "mask": ["edit"]},
                image={"precision": "U16_NON_LINEAR", "profile": "adobe"},
                options=options,
            ),
        ]
    rows.append(row(
        "fit-layer-position-locked", {"locks": ["position"]}, options={"placement": "fit-layer"}
    ))  # fmt: skip
    rows.append(row(
        "fit-layer-position-locked-text", {"kind": "text", "locks": ["position"]},
        options={"placement": "fit-layer"},
    ))  # fmt: skip
    rows.append(row("new-image-locked", {"locks": ["content"]}, options={"placement": "new-image"}))
    return rows


def _colour() -> list[dict[str, Any]]:
    rows = [
        row(f"precision-{name.lower().replace('_', '-')}", image={"precision": name}) for name in PRECISIONS
    ]
    for found in rows:
        found["says"] = [] if found["image"]["precision"] == "U8_LINEAR" else ["8 bits a channel"]
    rows.append(row("precision-u8-perceptual", image={"precision": "U8_PERCEPTUAL"}, says=[]))
    wide = ["holds more colors"]
    rows.extend(
        row(f"profile-{profile}", {"alpha": "soft"}, image={"profile": profile}, says=says)
        for profile, says in (("srgb", []), ("adobe", wide), ("prophoto", wide), ("linear", []))
    )
    rows += [
        row("prophoto-16", image={"profile": "prophoto", "precision": "U16_NON_LINEAR"}, saved=True,
            says=[*wide, "8 bits a channel"]),
        row("adobe-original", image={"profile": "adobe"}, options={"colors": "original"}, says=[]),
        row("adobe-float-linear", {"alpha": "soft"}, image={"profile": "adobe", "precision": "FLOAT_LINEAR"}),
        row("profile-of-tables", {"alpha": "soft"}, image={"profile": "tables"}),
        row("profile-of-tables-16", image={"profile": "tables", "precision": "U16_NON_LINEAR"}),
        row("grey", image={"base": "GRAY"}, says=["shades of gray"]),
        row("grey-alpha-mask", {"alpha": "soft", "mask": []}, image={"base": "GRAY"}),
        row("grey-gamma-16", image={"base": "GRAY", "profile": "grey-gamma", "precision": "U16_NON_LINEAR"}),
        row("grey-l-float", image={"base": "GRAY", "profile": "grey-l", "precision": "FLOAT_LINEAR"}),
        row("indexed", image={"base": "INDEXED"}),
        row("indexed-alpha", {"alpha": "holes"}, image={"base": "INDEXED"}),
        row("indexed-new-image", image={"base": "INDEXED"}, options={"placement": "new-image"}),
    ]  # fmt: skip
    return rows


def _kinds() -> list[dict[str, Any]]:
    return [
        row("text", {"kind": "text"}, says=["was turned into pixels"]),
        row(
            "text-with-mask",
            {"kind": "text", "mask": ["edit"], "opacity": 50.0, "mode": "MULTIPLY", "tattoo": 77},
            saved=True,
        ),
        row("text-new-image", {"kind": "text"}, options={"placement": "new-image"}, says=["was kept"]),
        row("text-with-effect", {"kind": "text", "effects": [INVERT]}, says=["turned into", "now part of"]),
        row("text-fit-layer", {"kind": "text"}, options={"placement": "fit-layer"}),
        row("text-new-layer", {"kind": "text"}, options={"placement": "new-layer"}, says=["was kept"]),
        row("group", {"kind": "group"}, says=["was kept, hidden"]),
        row("group-that-passes-through", {"kind": "group", "mode": "PASS_THROUGH"}, says=["passes through"]),
        row(
            "group-with-mask",
            {"kind": "group", "mask": [], "opacity": 80.0, "mode": "MULTIPLY"},
            saved=True,
        ),
        row("group-grow-canvas", {"kind": "group"}, options={"placement": "grow-canvas"}),
        row("group-new-image", {"kind": "group"}, options={"placement": "new-image"}, says=["was kept"]),
        row("group-with-effect", {"kind": "group", "effects": [INVERT]}),
        row("group-with-effect-that-grows", {"kind": "group", "effects": [SHADOW]}),
        row("effect", {"effects": [INVERT]}),
        row(
            "effect-in-a-group",
            {"effects": [INVERT], "place": "group", "mask": [], "tattoo": 99},
            saved=True,
        ),
        row("effect-that-grows", {"effects": [SHADOW], "alpha": "soft"}),
        row(
            "effect-that-grows-new-image",
            {"effects": [SHADOW], "alpha": "soft"},
            options={"placement": "new-image"},
        ),
        row("effects-hidden", {"effects": [INVERT], "effects_hidden": True}, says=[]),
        row(
            "effects-half-hidden",
            {"effects": [INVERT, SHADOW], "effects_hidden": [SHADOW[0]]},
            says=["now part of its pixels", "switched off were removed"],
        ),
        row("effect-fit-layer", {"effects": [INVERT]}, options={"placement": "fit-layer"}),
        row("vector", {"kind": "vector"}, only="3.2", says=["turned into pixels"]),
        row("link", {"kind": "link"}, only="3.2", says=["linked no more"]),
        row("vector-with-effect", {"kind": "vector", "effects": [INVERT]}, only="3.2"),
        row("link-with-effect", {"kind": "link", "effects": [INVERT]}, only="3.2"),
    ]


def _areas() -> list[dict[str, Any]]:
    chosen = {"area": "selection"}
    rows = [
        row(
            f"selection-{selection}",
            {"alpha": "soft"} if selection == "soft" else {},
            image={"selection": selection},
            options=chosen,
        )
        for selection in ("hard", "soft", "crossing", "small")
    ]
    rows += [
        row("selection-fit-layer", image={"selection": "soft"}, options={**chosen, "placement": "fit-layer"}),
        row("selection-new-layer", image={"selection": "soft"}, options={**chosen, "placement": "new-layer"}),
        row("selection-new-image", image={"selection": "soft"}, options={**chosen, "placement": "new-image"}),
        row("selection-kept", image={"selection": "soft"}),
        row("selection-deep", image={"selection": "soft", "precision": "FLOAT_LINEAR", "profile": "prophoto"},
            options={"area": "selection"}),
    ]  # fmt: skip
    return rows


def _fidelity() -> list[dict[str, Any]]:
    original = {"colors": "original"}
    # without detail of the service's making, what differs is its tint
    still = {"sharpen": 0, "smart-grain": 0, "ultra-detail": 0}
    tinted: dict[str, Any] = {"key": "mock-tinted", "tinted": True}
    return [
        row("original", options=original),
        row("original-alpha", {"alpha": "soft"}, options=original),
        row("original-selection", image={"selection": "soft"}, options={**original, "area": "selection"}),
        row("original-fit-layer", options={"colors": "original", "placement": "fit-layer"}),
        row("original-tinted", options={**original, **still}, **tinted),
        row("service-tinted", options=still, **tinted),
        row("original-tinted-prophoto", options={**original, **still}, **tinted,
            image={"profile": "prophoto", "precision": "U16_NON_LINEAR"}),
        row("original-tinted-alpha", {"alpha": "soft"}, options={**original, **still}, **tinted),
        row("original-gradient-16", {"content": "ramp"}, options=original,
            image={"precision": "U16_NON_LINEAR", "levels": True}),
        row("original-grey-16", options=original, image={"base": "GRAY", "precision": "U16_NON_LINEAR"}),
    ]  # fmt: skip


def _several() -> list[dict[str, Any]]:
    still = {"sharpen": 0, "smart-grain": 0, "ultra-detail": 0}
    halved: dict[str, Any] = {"key": "mock-wrong_scale", "came": 2, "loose": True}
    two: list[dict[str, Any]] = [
        {"name": "First"},
        {"name": "Second", "at": (40, 3), "alpha": "soft", "mask": []},
    ]
    return [
        row("two-layers", *two, image={"furnished": True}),
        row("one-of-two-selected", *two, of=1),
        row("one-of-two-selected-text", {"name": "Words", "kind": "text"}, {"name": "Second"}, of=1),
        row("two-layers-grow-canvas", {"name": "First", "at": (-30, 0)}, {"name": "Second", "at": (50, -44)},
            options={"placement": "grow-canvas"}),
        row("two-layers-fit-layer", *two, options={"placement": "fit-layer"}),
        row("three-kinds", {"name": "Plain"}, {"name": "Words", "kind": "text"},
            {"name": "Inverted", "effects": [INVERT]}),
        row("half-as-large-as-asked", options={"scale-factor": 4, **still}, **halved),
        row("half-as-large-grow-canvas", {"alpha": "soft", "mask": []}, **halved,
            options={"scale-factor": 4, "placement": "grow-canvas", **still}),
    ]  # fmt: skip


ROWS = [
    *_where(),
    *_attributes(),
    *_modes(),
    *_placements(),
    *_colour(),
    *_kinds(),
    *_areas(),
    *_fidelity(),
    *_several(),
]


FULL = "3.2"
"""The GIMP that carries out every row; the others have those of :data:`VERSION_DEPENDENT`."""
VERSION_DEPENDENT = frozenset(
    {
        *(one["id"] for one in (*_kinds(), *_modes())),
        *(f"{placement}-deep" for placement in PLACEMENTS[1:]),
        *("at-the-root", "in-nested-groups", "spaces", "everything-at-once", "mask-and-alpha"),
        *("precision-double-linear", "prophoto-16", "profile-of-tables", "grey-l-float", "indexed-alpha"),
        *("selection-soft", "selection-new-image", "original-tinted-prophoto", "two-layers"),
    }
)
"""The rows that use what differs between GIMP 3.0 and 3.2: kinds of layers, effects, modes, blend spaces,
masks, precisions, profiles, XCF files and groups; of every other part one row."""


def rows_for(version: str) -> list[dict[str, Any]]:
    """Return the rows that GIMP ``version`` carries out.

    While working on some, name the beginnings of their ids: ``PRECISION_UPSCALER_ROWS=text,group``. Then
    every GIMP carries out all of them.
    """
    every = version == FULL or beginnings() != ("",)
    return [
        one
        for one in ROWS
        if one.get("only", version) == version
        and one["id"].startswith(beginnings())
        and (every or one["id"] in VERSION_DEPENDENT)
    ]


def beginnings() -> tuple[str, ...]:
    """Return with what the ids begin that are wanted now."""
    return tuple(os.environ.get("PRECISION_UPSCALER_ROWS", "").split(","))
