"""Exact sizes come out to the pixel, at the lowest price; tiles cover the source within the limits."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from precision_upscaler.contract import LIMITS
from precision_upscaler.contract.estimates import estimate
from precision_upscaler.contract.targets import (
    FILL,
    FIT,
    STRETCH,
    USUAL,
    Target,
    UnknownSize,
    bought_factor,
    exact,
    long_side,
    overlap_of,
    parsed,
    route,
    turned,
)

sides = st.integers(160, 6000)


@pytest.mark.parametrize(
    ("text", "width", "height", "resolution"),
    [
        ("4961x3508", 4961, 3508, None),
        ("4961 x 3508 px", 4961, 3508, None),
        ("A3@300", 4961, 3508, 300),
        ("a4@72", 842, 595, 72),
        ("42x29.7cm@300", 4961, 3508, 300),
        ("420x297mm@300", 4961, 3508, 300),
        ("10x8in@240", 2400, 1920, 240),
        ("4K", 3840, 2160, None),
        ("4K@96", 3840, 2160, 96),
        ("10x15@254", 1500, 1000, 254),
    ],
)
def test_a_size_is_understood(text: str, width: int, height: int, resolution: int | None) -> None:
    assert parsed(text) == Target(width, height, resolution)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "syntax"),
        ("big", "syntax"),
        ("A3", "syntax"),
        ("42x29.7cm", "syntax"),
        ("42x29.7cm@", "syntax"),
        ("42x29.7cm@0", "syntax"),
        ("42x29.7cm@-300", "syntax"),
        ("42x29.7yd@300", "syntax"),
        ("1000.5x800", "syntax"),
        ("-10x800", "syntax"),
        ("1e9x1", "syntax"),
        ("0x800", "zero"),
        ("0.01x1mm@72", "zero"),
        ("999999x1", "too-large"),
        ("9999x9999in@1200", "too-large"),
        ("\u0664x\u0664", "syntax"),
    ],
)
def test_a_size_that_is_none_is_refused_by_a_code(text: str, code: str) -> None:
    with pytest.raises(UnknownSize) as caught:
        parsed(text)
    assert caught.value.args == (code,)


@given(sides, sides, sides, sides)
def test_fill_and_stretch_give_the_target_to_the_pixel(width: int, height: int, wide: int, high: int) -> None:
    for shape in (FILL, STRETCH):
        found = exact(width, height, Target(wide, high, None), shape)
        assert (found.width, found.height) == (wide, high)
    filled = exact(width, height, Target(wide, high, None), FILL)
    assert filled.scale_x == filled.scale_y == max(Fraction(wide, width), Fraction(high, height))
    assert min(filled.crop) >= 0
    assert 0 in filled.crop


@given(sides, sides, sides, sides)
def test_fit_stays_inside_and_touches_one_side(width: int, height: int, wide: int, high: int) -> None:
    found = exact(width, height, Target(wide, high, None), FIT)
    assert found.width <= wide
    assert found.height <= high
    assert found.width == wide or found.height == high


@given(sides, sides, st.integers(1, 20000))
def test_a_long_side_is_exact(width: int, height: int, side: int) -> None:
    found = exact(width, height, long_side(width, height, side))
    assert max(found.width, found.height) == side


@given(sides, sides)
def test_paper_lies_as_the_picture_lies(width: int, height: int) -> None:
    assume(width != height)
    found = turned(parsed("A4@100"), width, height)
    assert (found.width > found.height) is (width > height)


@given(st.fractions(Fraction(1, 10), 20), st.fractions(Fraction(1, 10), 20))
def test_the_factor_bought_is_the_smallest_with_enough_pixels(across: Fraction, down: Fraction) -> None:
    enough = [factor for factor in range(2, 17) if factor >= max(across, down)]
    if max(across, down) <= 1 or not enough:
        with pytest.raises(UnknownSize):
            bought_factor(across, down)
    else:
        assert bought_factor(across, down) == enough[0]


def grids(width: int, height: int, factor: int) -> list[float]:
    """Return the prices of all grids of up to 12 tiles a side that the service takes, by trying each."""
    overlap = overlap_of(factor)
    prices = []
    for columns in range(1, 13):
        for rows in range(1, 13):
            across = -(-(width + (columns - 1) * overlap) // columns)
            down = -(-(height + (rows - 1) * overlap) // rows)
            fits = max(across, down) * factor <= LIMITS["maximum_output_side"]
            shape = max(across, down) <= LIMITS["maximum_aspect"] * min(across, down)
            large = min(across, down) >= LIMITS["minimum_input_side"]
            if fits and shape and large:
                prices.append(round(estimate(across, down, factor).amount * columns * rows, 2))
    return prices


@given(st.integers(160, 5000), st.integers(160, 5000), st.integers(2, 16))
def test_no_grid_costs_less_than_the_route(width: int, height: int, factor: int) -> None:
    prices = grids(width, height, factor)
    if max(width, height) * factor < 9 * LIMITS["maximum_output_side"]:
        if prices:
            assert route(width, height, factor).amount == min(prices)
        else:
            with pytest.raises(UnknownSize):
                route(width, height, factor)


@given(st.integers(160, 9000), st.integers(160, 9000), st.integers(2, 16))
def test_tiles_cover_the_source_overlap_and_fit_the_service(width: int, height: int, factor: int) -> None:
    try:
        tiles = route(width, height, factor).tiles
    except UnknownSize:
        assume(False)
    columns = sorted({(tile.x, tile.width) for tile in tiles})
    rows = sorted({(tile.y, tile.height) for tile in tiles})
    assert len(tiles) == len(columns) * len(rows)
    for spans, length in ((columns, width), (rows, height)):
        assert spans[0][0] == 0
        assert sum(spans[-1]) == length
        for (start, size), (following, _) in pairwise(spans):
            assert start + size - following >= overlap_of(factor)
    for tile in tiles:
        assert max(tile.width, tile.height) * factor <= LIMITS["maximum_output_side"]
        assert min(tile.width, tile.height) >= LIMITS["minimum_input_side"]
        assert max(tile.width, tile.height) <= LIMITS["maximum_aspect"] * min(tile.width, tile.height)


def test_a_picture_within_the_limits_is_one_piece() -> None:
    found = route(1200, 900, 4)
    assert (found.tiles, found.amount) == (((0, 0, 1200, 900),), estimate(1200, 900, 4).amount)


def test_a_panorama_is_cut_along_its_length() -> None:
    tiles = route(4000, 500, 2).tiles
    assert len(tiles) > 1
    assert {tile.height for tile in tiles} == {500}


def test_the_usual_sizes_have_names_of_their_own() -> None:
    names = [size["name"].lower() for kind in ("paper", "photo", "screen") for size in USUAL[kind]]
    assert len(names) == len(set(names))
    assert all(
        size["width"] >= size["height"] for kind in ("paper", "photo", "screen") for size in USUAL[kind]
    )
