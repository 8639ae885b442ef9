"""What a dialog says before anything is paid, and how far along a progress bar is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.contract import estimates
from precision_upscaler.contract.estimates import expected_seconds
from precision_upscaler.frontend.forecast import Experience, forecast, passes
from precision_upscaler.frontend.options import (
    FIT_LAYER,
    GROW_CANVAS,
    NEW_IMAGE,
    NEW_LAYER,
    PLACEMENTS,
    SCALE_IMAGE,
)
from precision_upscaler.frontend.placement import Box, Size
from precision_upscaler.frontend.progress import SHARES, Fraction, waiting_fraction

sides = st.integers(160, 3000)
boxes = st.builds(Box, st.integers(-500, 500), st.integers(-500, 500), sides, sides)


@given(st.lists(boxes, min_size=1, max_size=4), sides, sides, st.integers(2, 16), st.sampled_from(PLACEMENTS))
def test_a_forecast_adds_up(found: list[Box], width: int, height: int, factor: int, placement: str) -> None:
    expected = forecast(found, found, Size(width, height), factor, placement)
    assert expected.sizes == [(box.width * factor, box.height * factor) for box in found]
    assert expected.megapixels == pytest.approx(sum(one.width * one.height for one in expected.sizes) / 1e6)
    prices = [estimates.estimate(box.width, box.height, factor).amount for box in found]
    assert expected.price.amount == pytest.approx(sum(prices), abs=0.005)
    # they run side by side
    assert expected.seconds == max(expected_seconds(one.width, one.height) for one in expected.sizes)
    if placement == FIT_LAYER:
        assert expected.canvas == (width, height)
    if placement == SCALE_IMAGE:
        assert expected.canvas == (width * factor, height * factor)


def test_the_users_own_pace_and_prices_are_heeded() -> None:
    table = {**estimates.TABLE, "currency": "USD", "steps": [{"up_to_megapixels": 99.0, "price": 1.5}]}
    box = Box(0, 0, 640, 480)
    own = forecast([box], [box], Size(640, 480), 2, NEW_IMAGE, Experience(2.0, table))
    assert own.seconds == 2 * expected_seconds(1280, 960)
    assert (own.price.amount, own.price.currency) == (1.5, "USD")


@pytest.mark.parametrize("placement", [GROW_CANVAS, NEW_LAYER, NEW_IMAGE])
def test_the_canvas_grows_with_the_whole_layer_when_a_selection_of_it_is_sent(placement: str) -> None:
    layer, selected = Box(0, 0, 4000, 3000), Box(100, 100, 500, 500)
    expected = forecast([selected], [layer], Size(4000, 3000), 2, placement)
    assert expected.sizes == [(1000, 1000)]
    assert expected.canvas == (8000, 6000)


def test_nothing_to_forecast_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        forecast([], [], Size(640, 480), 2, NEW_IMAGE)


events = st.one_of(
    st.builds(
        lambda stage: {"event": "stage", "stage": stage}, st.sampled_from([name for name, _ in SHARES])
    ),
    st.builds(
        lambda stage, done, total: {"event": "progress", "stage": stage, "done": done, "total": total},
        st.sampled_from(["sending", "waiting", "downloading"]),
        st.floats(0, 1e9),
        st.none() | st.floats(0, 1e9),
    ),
)


@given(st.lists(events, max_size=30))
def test_a_bar_never_runs_backwards_and_is_full_only_at_the_end(seen: list[dict[str, object]]) -> None:
    fraction, before = Fraction(), 0.0
    for event in seen:
        value = fraction.note(event)
        assert before <= value < 1
        before = value
    assert fraction.note({"event": "result"}) == 1


def test_waiting_is_mostly_over_at_the_expected_time_and_never_quite() -> None:
    assert waiting_fraction(0, 80) == 0
    assert waiting_fraction(80, 80) == pytest.approx(0.85)
    assert waiting_fraction(80 * 1000, 80) < 1


def test_a_stage_of_a_later_release_moves_no_bar() -> None:
    whole = Fraction()
    whole.note({"event": "stage", "stage": "waiting", "expected_seconds": 60.0})
    before = whole.note({"event": "progress", "stage": "waiting", "done": 30.0, "total": 60.0})
    assert before
    assert whole.note({"event": "progress", "stage": "polishing", "done": 1, "total": 2}) == before


@pytest.mark.parametrize(
    ("unit", "left", "passed"),
    [
        ("money", 0.10, False),
        ("money", 0.1 * 3 - 0.2, False),  # a binary fraction below 0.10
        ("money", 0.09, True),
        ("credits", 40, False),
        ("credits", 39, True),
        ("money", 0.0, True),
    ],
)
def test_a_run_passes_the_budget_when_its_price_is_more_than_is_left(
    unit: str, left: float, passed: bool
) -> None:
    price = estimates.Estimate(0.10, "EUR", "2026-11-22", 1.2, 40)
    assert passes({"unit": unit, "left": left}, price) is passed
    assert not passes(None, price)
