"""What a row's dumps must show: the pixels of a target against what they were made from.

Every function returns what is wrong, as lines; nothing means the row holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from precision_upscaler.frontend.options import SOURCE_RADIUS

from .difference import Pixels, blurred, encoded, linear, mean_difference, read

_ONE_LEVEL = 1 / 255 + 1e-4
COLOUR = 0.5
"""Largest mean CIEDE2000 between what was sent and what came back, in colours that sRGB holds."""
LOOSE = 2.0
"""The same for a result the mock really enlarged, with all sliders at 0."""
RIM, HALO = 0.05, 8.0
"""From which opacity on a rim counts, and how far its colours may be from GIMP's own.

The texture itself changes by some 6 over the four pixels that are averaged; black is 40 away.
"""
TINT, TINTED = 1.0, 3.0
"""The same between a result in original colours and the layer scaled by GIMP alone, and without them."""


def _for_scripts(line: str) -> bool:
    return line.startswith("New images: ")


class Target:
    """One target of a row with its dumps as arrays."""

    def __init__(self, row: dict[str, Any], found: dict[str, Any], folder: Path) -> None:
        self.row, self.found, self.folder = row, found, folder
        self.options = row["options"]
        self.placement = self.options.get("placement", "scale-image")
        self.factor = row.get("came", self.options.get("scale-factor", 2))
        if self.placement == "fit-layer":
            self.factor = 1
        self.width, self.height = found["box"][2:]

    def dump(self, name: str, size: tuple[int, int], channels: int = 4) -> Pixels:
        """Return one dump."""
        return read(self.folder / self.found["files"][name], *size, channels)

    def problems(self) -> list[str]:
        """Return everything wrong with the target."""
        found = [f"attributes: {line}" for line in self.found["problems"]]
        found += self.shape()
        if not found:
            found += self.colours() + self.alpha() + self.mask()
        return found

    def shape(self) -> list[str]:
        """Check size, place, alpha channel and that no effect is left to be applied twice."""
        found = []
        width, height = self.found["source_size"]
        if (self.width, self.height) != (width * self.factor, height * self.factor):
            found.append(f"size {self.width}x{self.height} is not {self.factor} times {width}x{height}")
        left, top = self.found["source_at"]
        expected = [left * self.factor, top * self.factor]
        if self.placement in ("grow-canvas", "new-layer"):
            expected = [left + self.found["shift"][0], top + self.found["shift"][1]]
        if self.placement == "new-image":
            expected = [0, 0]
        if self.found["box"][:2] != expected:
            found.append(f"it lies at {self.found['box'][:2]}, not at {expected}")
        hidden = [layer.get("effects_hidden") is True for layer in self.row["layers"]]
        if self.found["effects"] and not any(hidden):
            found.append(f"effects are still there: {self.found['effects']}")
        ordinary = self.found["type"] == "Layer"
        if not ordinary:
            found.append(f"it is a {self.found['type']}")
        layers = self.row["layers"]
        plain = all("kind" not in layer and "effects" not in layer for layer in layers)
        if plain and self.found["alpha"] != self.found["was_alpha"]:
            found.append("an alpha channel came or went")
        return found

    def halo(self, local: Pixels, nearest: Pixels, result: Pixels) -> list[str]:
        """Check the pixels that scaling made half visible: nothing of what was hidden may show in them."""
        rim = (nearest[..., 3] == 0) & (result[..., 3] > RIM)
        if not rim.any() or self.options.get("colors") == "original":
            return []
        difference = mean_difference(result, local, rim)
        # in an indexed image every colour is the nearest of a few
        most = HALO * 1.5 if self.row["image"].get("base") == "INDEXED" else HALO
        if any(layer.get("kind") == "group" and "effects" in layer for layer in self.row["layers"]):
            # a dark shadow lies beside the light layers of the group, and both bleed into the rim
            most = HALO * 2
        return [] if difference <= most else [f"the rim is off by {difference:.2f} on average: a halo"]

    def colours(self) -> list[str]:
        """Compare the colours of what can be seen."""
        source = self.dump("source", tuple(self.found["source_size"]))
        local = self.dump("local", tuple(self.found["local_size"]))
        result = self.dump("result", (self.width, self.height))
        nearest = source.repeat(self.factor, 0).repeat(self.factor, 1)
        seen = (nearest[..., 3] > 0) & (result[..., 3] > 0)
        if self.row.get("tinted"):
            difference = mean_difference(result, local, seen)
            if self.options.get("colors") == "original":
                return [] if difference <= TINT else [f"tinted by {difference:.2f}"]
            return [] if difference >= TINTED else [f"the scenario tints by only {difference:.2f}"]
        if self.row.get("loose"):
            difference = mean_difference(result, local, seen)
            return [] if difference <= LOOSE else [f"differs from GIMP's own scaling by {difference:.2f}"]
        expected = nearest[..., :3]
        if self.options.get("colors") == "original":
            # the service's detail on the layer's own low frequencies
            expected = expected + blurred(
                local[..., :3] - expected, local[..., 3:], SOURCE_RADIUS * self.factor
            )
        if self.options.get("area") == "selection":
            strength = self.dump("selection", (self.width, self.height), 1)
            expected = encoded(linear(local[..., :3]) * (1 - strength) + linear(expected) * strength)
        difference = mean_difference(result, expected, seen)
        found = self.levels() + self.halo(local, nearest, result)
        return found if difference <= COLOUR else [*found, f"colours differ by {difference:.2f} on average"]

    def levels(self) -> list[str]:
        """Check that a deep gradient is not left in 256 steps."""
        if "raw" not in self.found["files"]:
            return []
        distinct = len(np.unique(np.fromfile(self.folder / self.found["files"]["raw"], "<u2")))
        return [] if distinct > 256 else [f"only {distinct} levels"]

    def alpha(self) -> list[str]:
        """Compare the opacity with GIMP's own scaling of it."""
        local = self.dump("local", tuple(self.found["local_size"]))[..., 3]
        result = self.dump("result", (self.width, self.height))[..., 3]
        worst = float(np.abs(local - result).max())
        return [] if worst <= _ONE_LEVEL else [f"opacity differs by up to {worst * 255:.1f} of 255"]

    def mask(self) -> list[str]:
        """Compare the mask with GIMP's own scaling of it."""
        if "mask" not in self.found["files"]:
            return []
        size = (self.width, self.height)
        worst = float(np.abs(self.dump("mask", size, 1) - self.dump("mask-local", size, 1)).max())
        return [] if worst <= _ONE_LEVEL else [f"the mask differs by up to {worst * 255:.1f} of 255"]


def message(row: dict[str, Any], said: str) -> list[str]:
    """Return what the message does not say although the row asks for it; silence where that is asked for."""
    if "says" not in row:
        return []
    if not row["says"]:
        return [f"there was nothing to say but {said!r}"] if said else []
    return [f"{words!r} is not said: {said!r}" for words in row["says"] if words not in said]


def selection(result: dict[str, Any]) -> list[str]:
    """Return what is wrong with the selected layers: the same, each new one standing for its original."""
    stands_for = {target["was_id"]: target["id"] for target in result["targets"]}
    expected = sorted(stands_for.get(one, one) for one in result["selected_before"])
    return [] if result["selected"] == expected else [f"selected are {result['selected']}, not {expected}"]


def problems(row: dict[str, Any], result: dict[str, Any], folder: Path) -> list[str]:
    """Return everything wrong with a row's result."""
    if "crash" in result:
        return [result["crash"]]
    if result["status"] != "success":
        return [f"{result['status']}: {result['message']}"]
    found = message(row, "\n".join(one for one in result["message"].split("\n") if not _for_scripts(one)))
    found += [f"besides the target: {line}" for line in result["others"]]
    for target in result["targets"]:
        found += [f"{target['name']}: {line}" for line in Target(row, target, folder).problems()]
    if row["options"].get("placement") == "new-image":
        if result["dirty"]:
            found.append("the image counts as changed")
        if not result["unsaved"]:
            found.append("the new image counts as saved: it would be closed without a question")
        return found
    found += selection(result)
    found += [f"after one undo: {line}" for line in result["undone"]]
    if result["undo_left"]:
        found.append("one undo was not enough")
    return found
