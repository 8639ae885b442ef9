"""The parts of the fuzzer that need no GIMP: specs, the expectation, the comparison, shrinking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract_tests.support.scaled_pixels import part

from .fuzz.comparison import Comparison, scaled_problems
from .fuzz.expectation import Change, Cut
from .fuzz.random_images import every_layer, image_spec
from .fuzz.shrinking import shrunk

_RAMP = np.linspace(0.1, 0.9, 20, dtype=np.float32)


def picture(opacity: float = 1.0) -> Any:
    """Return a smooth picture of 20 × 12 pixels."""
    plane = np.repeat(_RAMP[None, :], 12, axis=0)
    return np.stack([plane, plane, plane, np.full_like(plane, opacity)], axis=2)


def enlarged(pixels: Any, factor: int = 2) -> Any:
    return pixels.repeat(factor, 0).repeat(factor, 1)


@pytest.mark.parametrize("version", ["3.0", "3.2"])
def test_a_seed_is_always_the_same_image_of_distinct_layers(version: str) -> None:
    for seed in range(200):
        spec = image_spec(seed, version)
        names = [one["name"] for one in every_layer(spec["layers"])]
        assert json.dumps(spec) == json.dumps(image_spec(seed, version))
        assert len(set(names)) == len(names)
        assert set(spec["targets"]) <= set(names)
        assert version == "3.2" or not {one["kind"] for one in every_layer(spec["layers"])} & {
            "link",
            "vector",
        }


def test_what_is_scaled_by_any_kernel_is_accepted() -> None:
    assert scaled_problems(picture(), enlarged(picture()), 2, 0.02) == []


def test_a_shift_a_black_frame_and_a_lost_number_are_found() -> None:
    shifted = np.roll(enlarged(picture()), 6, axis=1)
    framed = enlarged(picture())
    framed[:2] = (0, 0, 0, 1)
    spread = enlarged(picture())
    spread[..., 0] = np.nan
    faded = enlarged(picture())
    faded[..., 3] = 0
    for wrong in (shifted, framed, spread, faded):
        assert scaled_problems(picture(), wrong, 2, 0.02)


def test_only_the_surroundings_of_a_lost_number_are_not_judged() -> None:
    source, result = picture(), enlarged(picture())
    source[2, 2, 0] = np.nan
    result[4:6, 4:6, 0] = np.nan
    assert scaled_problems(source, result, 2, 0.02) == []
    result[20:, 30:, 0] = np.nan
    assert scaled_problems(source, result, 2, 0.02)


def test_beyond_a_dump_there_is_nothing() -> None:
    assert part(picture(), (-2, -1, 3, 2)).sum(axis=2).tolist() == [[0, 0, 0], [0, 0, pytest.approx(1.3)]]


def test_differences_are_named_by_their_place(tmp_path: Path) -> None:
    comparison = Comparison(tmp_path, {1, 2})
    expected = {"layers": [{"id": "new", "name": "a", "opacity": 50.0}], "selected": ["1", "new"]}
    actual = {"layers": [{"id": 3, "name": "a", "opacity": 50.0}], "selected": [3, 1]}
    assert comparison.problems(expected, actual) == []
    actual["layers"] = [{"id": 2, "name": "a", "opacity": 40.0}]
    found = comparison.problems(expected, actual)
    assert [line.partition(":")[0] for line in found] == ["/layers/a/id", "/layers/a/opacity"]


def test_a_grown_canvas_shifts_what_is_on_it() -> None:
    change = Change((30, 40), 1, (5, 7))
    assert change.box([1, 2, 3, 4]) == [6, 9, 3, 4]
    dump = {"size": [20, 30]}
    assert change.canvas_pixels({"dump": dump}) == Cut(dump, (-5, -7, 30, 40), 1, exact=True)
    assert Change((40, 60), 2).box([1, -2, 3, 4]) == [2, -4, 6, 8]


def test_a_failing_image_is_shrunk_to_what_fails() -> None:
    spec = next(
        found
        for found in (image_spec(seed, "3.2") for seed in range(1000))
        if sum("mask" in one for one in every_layer(found["layers"])) > 1 and len(found["layers"]) > 2
    )

    def fails(specs: list[dict[str, Any]]) -> dict[str, Any] | None:
        return next(
            (one for one in specs if any("mask" in layer for layer in every_layer(one["layers"]))), None
        )

    small = shrunk(spec, fails)
    assert sum("mask" in one for one in every_layer(small["layers"])) == 1
    assert (small["channels"], small["paths"], small["precision"]) == ([], [], "U8_NON_LINEAR")
