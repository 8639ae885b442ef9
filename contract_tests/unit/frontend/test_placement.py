"""Placement arithmetic: a layer is never moved by more than rounding, and a canvas holds what it must."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.frontend import placement as p
from precision_upscaler.frontend.options import FIT_LAYER, GROW_CANVAS, NEW_IMAGE, NEW_LAYER, SCALE_IMAGE

SIDES = st.integers(1, 30_000)
OFFSETS = st.integers(-20_000, 20_000)
SIZES = st.builds(p.Size, SIDES, SIDES)
BOXES = st.builds(p.Box, OFFSETS, OFFSETS, SIDES, SIDES)
FACTORS = st.integers(2, 16)
SCALES = st.one_of(FACTORS, st.fractions(min_value=1, max_value=16, max_denominator=5000))


def inside(box: p.Box, canvas: p.Size) -> bool:
    return bool(
        box.x >= 0
        and box.y >= 0
        and box.x + box.width <= canvas.width
        and box.y + box.height <= canvas.height
    )


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_rounding_is_to_the_nearest_with_halves_away_from_zero(numerator: int, denominator: int) -> None:
    value = Fraction(numerator, denominator)
    whole = p.rounded(value)
    assert abs(whole - value) <= Fraction(1, 2)
    if abs(whole - value) == Fraction(1, 2):
        assert abs(whole) > abs(value)
    assert p.rounded(-value) == -whole


@given(BOXES, SCALES)
def test_scaling_and_reading_back_moves_no_edge_by_more_than_rounding(box: p.Box, scale: Fraction) -> None:
    there = p.scaled_box(box, scale)
    for edge, had in ((there.x, box.x), (there.y, box.y)):
        assert abs(edge - had * scale) <= Fraction(1, 2)
        assert abs(Fraction(edge) / scale - had) <= Fraction(1, 2)
    assert abs(there.x + there.width - (box.x + box.width) * scale) <= Fraction(1, 2)
    back = p.scaled_box(there, 1 / Fraction(scale))
    assert abs(back.x - box.x) <= 1
    assert abs(back.width - box.width) <= 1


@given(BOXES, FACTORS)
def test_a_whole_factor_is_exact(box: p.Box, factor: int) -> None:
    assert p.scaled_box(box, factor) == p.Box(*(value * factor for value in box))


@given(BOXES, BOXES, SCALES)
def test_what_touched_before_touches_after(one: p.Box, other: p.Box, scale: Fraction) -> None:
    neighbour = other._replace(x=one.x + one.width)
    assert p.scaled_box(neighbour, scale).x == p.scaled_box(one, scale).x + p.scaled_box(one, scale).width


@given(SIZES, BOXES, SCALES)
def test_scale_image_scales_canvas_and_layer_alike(canvas: p.Size, layer: p.Box, scale: Fraction) -> None:
    placed = p.place(SCALE_IMAGE, canvas, layer, scale)
    assert placed.scales_others
    assert placed.shift == (0, 0)
    whole = p.scaled_box(p.Box(0, 0, *canvas), scale)
    assert placed.canvas == (whole.width, whole.height)
    assert placed.layer == p.scaled_box(layer, scale)


@pytest.mark.parametrize("placement", [GROW_CANVAS, NEW_LAYER])
@given(canvas=SIZES, layer=BOXES, scale=SCALES)
def test_a_growing_canvas_holds_the_layer_and_all_it_held(
    placement: str, canvas: p.Size, layer: p.Box, scale: Fraction
) -> None:
    placed = p.place(placement, canvas, layer, scale)
    assert inside(placed.layer, placed.canvas)
    assert inside(p.Box(placed.shift[0], placed.shift[1], canvas.width, canvas.height), placed.canvas)
    assert (placed.layer.x - placed.shift[0], placed.layer.y - placed.shift[1]) == (layer.x, layer.y)
    assert placed.layer[2:] == p.scaled_size(p.Size(*layer[2:]), scale)
    assert not placed.scales_others


@given(SIZES, BOXES, SCALES)
def test_a_canvas_grows_by_no_more_than_it_must(canvas: p.Size, layer: p.Box, scale: Fraction) -> None:
    placed = p.place(GROW_CANVAS, canvas, layer, scale)
    assert placed.shift == (max(0, -layer.x), max(0, -layer.y))
    right = max(canvas.width, layer.x + placed.layer.width)
    assert placed.canvas.width == right + placed.shift[0]


@given(SIZES, BOXES, SCALES)
def test_fit_layer_moves_nothing(canvas: p.Size, layer: p.Box, scale: Fraction) -> None:
    assert p.place(FIT_LAYER, canvas, layer, scale) == p.Placed(canvas, (0, 0), layer, False)


@given(SIZES, BOXES, SCALES)
def test_a_new_image_is_the_layer(canvas: p.Size, layer: p.Box, scale: Fraction) -> None:
    placed = p.place(NEW_IMAGE, canvas, layer, scale)
    assert placed.layer == p.Box(0, 0, *placed.canvas)


def test_another_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="middle"):
        p.place("middle", p.Size(1, 1), p.Box(0, 0, 1, 1), 2)


@given(SIZES, st.lists(BOXES, min_size=1, max_size=5), FACTORS)
def test_one_canvas_holds_several_layers(canvas: p.Size, layers: list[p.Box], factor: int) -> None:
    each = [p.place(GROW_CANVAS, canvas, layer, factor) for layer in layers]
    together = p.united(each)
    assert inside(p.Box(together.shift[0], together.shift[1], canvas.width, canvas.height), together.canvas)
    for one in each:
        dx, dy = together.shift[0] - one.shift[0], together.shift[1] - one.shift[1]
        assert inside(one.layer._replace(x=one.layer.x + dx, y=one.layer.y + dy), together.canvas)


@given(BOXES, BOXES)
def test_an_area_lies_in_the_layer_and_covers_what_is_selected_of_it(layer: p.Box, selection: p.Box) -> None:
    area = p.area_within(layer, selection, 160, 3)
    overlaps = (
        selection.x < layer.x + layer.width
        and layer.x < selection.x + selection.width
        and selection.y < layer.y + layer.height
        and layer.y < selection.y + selection.height
    )
    assert (area is not None) == overlaps
    if area is None:
        return
    assert layer.x <= area.x
    assert layer.y <= area.y
    assert area.x + area.width <= layer.x + layer.width
    assert area.y + area.height <= layer.y + layer.height
    assert area.x <= max(layer.x, selection.x)
    assert area.x + area.width >= min(layer.x + layer.width, selection.x + selection.width)
    if min(layer.width, layer.height) >= 160:
        assert min(area.width, area.height) >= 160
        if max(area.width, area.height) <= 3 * min(layer.width, layer.height):
            assert max(area.width, area.height) <= 3 * min(area.width, area.height)


@given(SIZES, FACTORS, st.integers(-1, 1), st.integers(-1, 1))
def test_a_result_of_the_size_asked_for_or_a_pixel_off_is_placed_as_asked(
    source: p.Size, asked: int, dx: int, dy: int
) -> None:
    result = p.Size(source.width * asked + dx, source.height * asked + dy)
    assert p.received(asked, source, result) == p.Received(asked, True, False)


@given(st.builds(p.Size, st.integers(160, 9000), st.integers(160, 9000)), FACTORS, FACTORS)
def test_another_factor_is_recognised(source: p.Size, asked: int, came: int) -> None:
    result = p.Size(source.width * came, source.height * came)
    got = p.received(asked, source, result)
    assert got == p.Received(came, asked == came, False)


@given(st.builds(p.Size, st.integers(160, 9000), st.integers(160, 9000)), FACTORS)
def test_other_proportions_are_brought_back(source: p.Size, asked: int) -> None:
    result = p.Size(source.width * asked, source.height * asked * 3)
    assert p.received(asked, source, result) == p.Received(asked, False, True)


def test_layers_that_came_back_alike_decide_the_scale_and_others_do_not() -> None:
    assert p.common_scale(4, [Fraction(2), Fraction(2)]) == 2
    assert p.common_scale(4, [Fraction(2), Fraction(4)]) == 4
    assert p.common_scale(4, []) == 4
