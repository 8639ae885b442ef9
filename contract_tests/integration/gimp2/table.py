"""The layer-swap table of GIMP 3, as far as GIMP 2.10 has what its rows are about, and a few rows of its own.

2.10 has one active layer, no layer effects, no vector or link layers, no lock of visibility and no perceptual
precisions besides its gamma ones.
"""

from __future__ import annotations

import copy
from typing import Any

from contract_tests.integration.gimp3.table import ROWS as GIMP3_ROWS
from contract_tests.integration.gimp3.table import row

Row = dict[str, Any]

_PRECISIONS = {"NON_LINEAR": "GAMMA", "LINEAR": "LINEAR"}


def _fits(one: Row) -> bool:
    if one.get("only") or len(one["layers"]) != 1:
        return False
    layer, image = one["layers"][0], one["image"]
    if layer.get("effects") or layer.get("kind") in ("vector", "link"):
        return False
    if "visibility" in layer.get("locks", ()) and len(layer["locks"]) == 1:
        return False
    if image.get("profile") == "tables":  # still to be tried in 2.10: the stubs know matrix profiles alone
        return False
    return "PERCEPTUAL" not in image.get("precision", "")


def _translated(one: Row) -> Row:
    one = copy.deepcopy(one)
    precision = one["image"].get("precision")
    if precision:
        bits, _, light = precision.partition("_")
        one["image"]["precision"] = f"{bits}_{_PRECISIONS[light]}"
    layer = one["layers"][0]
    if "locks" in layer:
        layer["locks"] = [lock for lock in layer["locks"] if lock != "visibility"]
    return one


def _modes() -> list[Row]:
    names = ("DISSOLVE", "LCH_HUE", "ERASE", "MULTIPLY_LEGACY", "SOFTLIGHT", "SPLIT", "PIN_LIGHT")
    placements = ("scale-image", "new-layer")
    return [
        row(f"mode-{name.lower()}", {"mode": name}, options={"placement": placements[number % 2]})
        for number, name in enumerate(names)
    ]


ROWS: list[Row] = [_translated(one) for one in GIMP3_ROWS if _fits(one)] + _modes() + [
    row("linked", {"linked": True}),
    row("linear-modes-and-mask", {"mask": ["edit"], "mode": "MULTIPLY"}, image={"precision": "FLOAT_LINEAR"}),
]  # fmt: skip
