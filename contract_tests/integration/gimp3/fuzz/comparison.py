"""Compare an inventory with the expected one, item by item and pixel by pixel.

The rule for pixels assumes no kernel: every pixel of a scaled drawable lies between the smallest and
the largest of the nine source pixels around it, with some tolerance. All contents are smooth, so a
shift by two source pixels, a black frame or a lost part shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract_tests.support.scaled_pixels import (
    OUTLIERS,
    SPAN,
    TOLERANCE,
    VISIBLE,
    Pixels,
    around,
    enlarged,
    eroded,
    exact_problems,
    part,
)

from .expectation import ANY, AnyOf, Box, Cut, Near

_REACH = 4
"""Source pixels around one that is not finite which scaling may spoil."""
_CLOSE = 2e-3
"""How far numbers may differ."""
_SHOWN = 140


class Comparison:
    """Finds the differences of one inventory; ``known`` are the ids of the layers that were there before."""

    def __init__(self, folder: Path, known: set[int], tolerance: float = TOLERANCE) -> None:
        self._folder, self._known, self._tolerance = folder, known, tolerance

    def problems(self, expected: Any, actual: Any, where: str = "") -> list[str]:
        """Return every difference as a line."""
        if isinstance(expected, AnyOf):
            fits = any(not self._part(one, actual["dump"]) for one in expected)
            return [] if fits else [f"{where}: fits nowhere"]
        if isinstance(expected, Cut):
            return [f"{where}: {line}" for line in self._part(expected, actual["dump"])]
        if isinstance(expected, dict) and isinstance(actual, dict):
            return [
                line
                for name in dict.fromkeys([*expected, *actual])
                for line in self.problems(expected.get(name), actual.get(name), f"{where}/{name}")
            ]
        if isinstance(expected, list) and not isinstance(expected, Near) and isinstance(actual, list):
            return self._lists(expected, actual, where)
        if self._same(expected, actual, where):
            return []
        return [f"{where}: {shown(actual)}, not {shown(expected)}"]

    def _same(self, expected: Any, actual: Any, where: str) -> bool:
        if expected == "new" and where.endswith("/id"):
            return bool(actual not in self._known)
        if isinstance(expected, Near):
            off = max(abs(one - other) for one, other in zip(expected, actual, strict=True))
            return bool(off <= expected.tolerance)
        if isinstance(expected, float) and isinstance(actual, float | int):
            return abs(expected - actual) < _CLOSE
        return expected is ANY or bool(expected == actual)

    def _lists(self, expected: list[Any], actual: list[Any], where: str) -> list[str]:
        if where == "/selected" and all(isinstance(one, str) for one in expected):
            actual = sorted("new" if one not in self._known else str(one) for one in actual)
        if len(expected) != len(actual):
            return [f"{where}: {shown(_names(actual))}, not {shown(_names(expected))}"]
        found = []
        for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
            name = other.get("name", number) if isinstance(other, dict) else number
            found += self.problems(one, other, f"{where}/{name}")
        return found

    def _part(self, rule: Cut, dump: Mapping[str, Any]) -> list[str]:
        actual = read(self._folder, dump)
        source = part(read(self._folder, rule.dump), rule.box)
        if rule.shown is not None:
            actual = filled_up(source, actual, rule.factor, rule.shown)
        if rule.exact:
            return exact_problems(source, actual)
        return scaled_problems(source, actual, rule.factor, self._tolerance, rule.rim)


def read(folder: Path, dump: Mapping[str, Any]) -> Pixels:
    """Return a dump as ``height`` × ``width`` × ``channels`` numbers, 0 to 1 where they are 8-bit ones."""
    width, height = dump["size"]
    channels = 4 if "A" in dump["format"] else 1
    if dump["format"].endswith("u8"):
        data = np.fromfile(folder / dump["file"], np.uint8).astype(np.float32) / 255
    else:
        data = np.fromfile(folder / dump["file"], "<f4")
    return data.astype(np.float32).reshape(height, width, channels)


def filled_up(source: Pixels, actual: Pixels, factor: int, box: Box) -> Pixels:
    """Return the scaled source with ``actual`` at a box (x, y, width, height) of it."""
    x, y, width, height = box
    room = 2 * factor  # what is drawn may be a little larger
    whole = np.pad(enlarged(source, factor), ((room, room), (room, room), (0, 0)), "edge")
    if actual.shape[:2] != (height, width) or min(x, y) < -room:
        return actual
    whole[y + room : y + room + height, x + room : x + room + width] = actual
    return whole[room:-room, room:-room]


def scaled_problems(source: Pixels, actual: Pixels, factor: int, tolerance: float, rim: int = 0) -> list[str]:
    """Return what does not lie between the source pixels around it."""
    height, width = source.shape[:2]
    if actual.shape[:2] != (height * factor, width * factor):
        return [f"{actual.shape[1::-1]} pixels, not {(width * factor, height * factor)}"]
    finite: NDArray[np.bool_] = np.asarray(np.isfinite(source).all(axis=2))
    if not finite.all():
        source = np.where(np.isfinite(source), source, 0)
    judged = eroded(finite, _REACH).copy()
    if rim:
        judged[:rim] = judged[-rim:] = judged[:, :rim] = judged[:, -rim:] = False
    lowest, highest = around(source, np.minimum), around(source, np.maximum)
    margin = tolerance + SPAN * (highest - lowest)
    lowest, highest = enlarged(lowest - margin, factor), enlarged(highest + margin, factor)
    wrong = (actual < lowest) | (actual > highest) | ~np.isfinite(actual)
    if source.shape[2] > 1:  # colours with opacity
        seen = around(source[..., 3:], np.minimum) >= VISIBLE
        wrong[..., :3] &= enlarged(seen, factor) & (actual[..., 3:] >= VISIBLE)
    wrong &= enlarged(judged[..., None], factor)
    return [
        line
        for name, channels in (("colours", slice(0, -1)), ("opacity", slice(-1, None)))
        for line in _told(name, wrong[..., channels], actual[..., channels], lowest, highest)
    ]


def _told(name: str, wrong: Any, actual: Pixels, lowest: Pixels, highest: Pixels) -> list[str]:
    pixels = wrong.any(axis=2) if wrong.shape[2] else np.zeros((1, 1), bool)
    count = int(pixels.sum())
    if count <= max(2, OUTLIERS * pixels.size):
        return []
    y, x = (int(one) for one in np.argwhere(pixels)[count // 2])
    channel = slice(0, -1) if name == "colours" else slice(-1, None)
    between = [np.round(one[y, x, channel], 3).tolist() for one in (lowest, highest)]
    wrong_one = f"{np.round(actual[y, x], 3).tolist()} is not between {between}"
    return [f"{name} of {count} of {pixels.size} pixels are wrong, as at {x}, {y}: {wrong_one}"]


def _names(things: list[Any]) -> list[Any]:
    return [one.get("name", "") if isinstance(one, dict) else one for one in things]


def shown(value: Any) -> str:
    """Return a value as text, not too long."""
    text = repr(value)
    return text if len(text) < _SHOWN else text[: _SHOWN - 1] + "…"
