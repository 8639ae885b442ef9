"""Placements worked out by hand, for the numbers that a rule would let pass though they are wrong."""

from __future__ import annotations

from fractions import Fraction

import pytest
from precision_upscaler.frontend import placement as p
from precision_upscaler.frontend.options import FIT_LAYER, GROW_CANVAS, NEW_IMAGE, NEW_LAYER, SCALE_IMAGE

CANVAS = p.Size(200, 100)
BEYOND = p.Box(-10, -20, 300, 200)
CORNER = p.Box(150, 90, 100, 50)


@pytest.mark.parametrize(
    ("value", "whole"),
    [(Fraction(1, 2), 1), (Fraction(-1, 2), -1), (Fraction(5, 4), 1), (Fraction(-7, 4), -2), (0, 0)],
)
def test_halves_go_away_from_zero(value: Fraction, whole: int) -> None:
    assert p.rounded(value) == whole


def test_a_side_is_never_less_than_a_pixel() -> None:
    assert p.scaled_size(p.Size(1, 1), Fraction(1, 4)) == (1, 1)
    assert p.scaled_box(p.Box(0, 0, 1, 1), Fraction(1, 4)) == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("placement", "layer", "placed"),
    [
        (SCALE_IMAGE, BEYOND, p.Placed((400, 200), (0, 0), (-20, -40, 600, 400), True)),
        (GROW_CANVAS, BEYOND, p.Placed((600, 400), (10, 20), (0, 0, 600, 400), False)),
        (NEW_LAYER, CORNER, p.Placed((350, 190), (0, 0), (150, 90, 200, 100), False)),
        (FIT_LAYER, CORNER, p.Placed((200, 100), (0, 0), (150, 90, 100, 50), False)),
        (NEW_IMAGE, CORNER, p.Placed((200, 100), (0, 0), (0, 0, 200, 100), False)),
    ],
)
def test_where_everything_goes_at_twice_the_size(placement: str, layer: p.Box, placed: p.Placed) -> None:
    assert p.place(placement, CANVAS, layer, 2) == placed


def test_the_canvas_for_two_layers_has_no_pixel_too_many() -> None:
    each = [p.place(GROW_CANVAS, CANVAS, layer, 2) for layer in (BEYOND, CORNER)]
    # BEYOND reaches from (-10, -20) to (590, 380), CORNER to (350, 190)
    assert p.united(each) == p.Placed((600, 400), (10, 20), None, False)


LAYER = p.Box(10, 20, 1000, 800)


@pytest.mark.parametrize(
    ("selection", "area"),
    [
        ((400, 300, 300, 200), (400, 300, 300, 200)),  # large enough as it is
        ((400, 300, 600, 30), (400, 215, 600, 200)),  # 3:1, a third of 600; 85 above and below
        ((300, 400, 30, 600), (235, 400, 160, 420)),  # the layer ends at 820, and a third of 420 is below 160
        ((400, 300, 10, 10), (325, 225, 160, 160)),
        ((0, 0, 20, 30), (10, 20, 160, 160)),  # pushed back into the layer
        ((1000, 810, 50, 50), (850, 660, 160, 160)),
        ((400, 300, 601, 10), (400, 205, 601, 201)),  # a third of 601 is rounded up, 95 rows above
        ((1010, 300, 50, 50), None),  # edges that touch share no pixel
        ((400, 820, 50, 50), None),
        ((-40, 300, 50, 50), None),
        ((400, -30, 50, 50), None),
    ],
)
def test_what_is_sent_of_a_selection(
    selection: tuple[int, ...], area: tuple[int, int, int, int] | None
) -> None:
    assert p.area_within(LAYER, p.Box(*selection), 160, 3) == area


@pytest.mark.parametrize(
    ("asked", "source", "result", "scale", "agrees", "distorted"),
    [
        (2, (100, 200), (201, 401), 2, True, False),
        (2, (100, 200), (202, 400), 2, False, True),  # two pixels are another size
        (8, (100, 200), (807, 1593), 8, True, False),  # up to a source pixel are encoder blocks
        (8, (100, 200), (808, 1600), 8, False, True),
        (4, (200, 100), (400, 200), 2, False, False),
        (4, (200, 200), (201, 200), 1, False, False),  # a whole factor, and a pixel of rounding
        (4, (200, 100), (300, 150), Fraction(3, 2), False, False),
        (4, (300, 200), (450, 301), Fraction(3, 2), False, False),  # the longer side tells the factor
        (4, (200, 300), (301, 450), Fraction(3, 2), False, False),
        (4, (200, 200), (300, 301), Fraction(3, 2), False, False),
        (2, (200, 100), (100, 50), Fraction(1, 2), False, False),
        (2, (200, 100), (400, 300), 2, False, True),
    ],
)
def test_what_a_size_that_came_back_means(
    asked: int,
    source: tuple[int, int],
    result: tuple[int, int],
    scale: Fraction,
    agrees: bool,
    distorted: bool,
) -> None:
    assert p.received(asked, p.Size(*source), p.Size(*result)) == (scale, agrees, distorted)


def test_one_layer_decides_the_scale_alone() -> None:
    assert p.common_scale(4, [Fraction(3)]) == 3
    assert p.common_scale(4, [Fraction(3), Fraction(3), Fraction(2)]) == 4
