"""The estimate gives the published examples exactly, never falls with size, and says that it is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.contract.estimates import TABLE, estimate, load_table, own_table, text, total

sides = st.integers(160, 5030)


@pytest.mark.parametrize("example", TABLE["examples"], ids=str)
def test_published_examples_come_out_exactly(example: dict[str, float]) -> None:
    found = estimate(int(example["width"]), int(example["height"]), int(example["scale_factor"]))
    assert found.amount == example["price"]


@given(sides, sides, st.integers(2, 15))
def test_a_larger_result_never_costs_less(width: int, height: int, factor: int) -> None:
    assert estimate(width, height, factor + 1).amount >= estimate(width, height, factor).amount
    assert estimate(width + 1, height, factor).amount >= estimate(width, height, factor).amount
    assert estimate(width + 1, height, factor).credits >= estimate(width, height, factor).credits


def test_it_says_that_it_is_an_estimate_and_how_old() -> None:
    assert text(estimate(1280, 720, 4)) == f"about 271 credits (0.40 EUR, prices of {TABLE['dated']})"


@pytest.mark.parametrize("measured", TABLE["credits"]["measured"], ids=str)
def test_measured_credits_come_out_exactly(measured: dict[str, float]) -> None:
    pixels = round(measured["megapixels"] * 1e6 / 4)
    assert estimate(pixels, 1, 2).credits == measured["credits"]


@pytest.mark.parametrize(
    "credits_told", [{"measured": []}, {"measured": [{"megapixels": 0, "credits": 1}]}, {}]
)
def test_a_table_of_ones_own_with_useless_credits_is_not_used(
    tmp_path: Path, credits_told: dict[str, object]
) -> None:
    (tmp_path / "prices.json").write_text(json.dumps({**TABLE, "credits": credits_told}))
    assert own_table(str(tmp_path)) is None


def test_a_table_of_ones_own_without_credits_takes_ours(tmp_path: Path) -> None:
    own = {name: value for name, value in TABLE.items() if name != "credits"}
    (tmp_path / "prices.json").write_text(json.dumps(own))
    table = own_table(str(tmp_path))
    assert table is not None
    assert estimate(1280, 720, 4, table) == estimate(1280, 720, 4)


def test_a_sum_of_estimates_adds_money_pixels_and_credits() -> None:
    one, other = estimate(640, 480, 2), estimate(1280, 720, 4)
    both = total([one, other])
    assert (both.amount, both.credits) == (0.5, one.credits + other.credits)
    assert both.megapixels == one.megapixels + other.megapixels


def test_another_table_can_be_used(tmp_path: Path) -> None:
    table = {**TABLE, "currency": "USD", "steps": [{"up_to_megapixels": 1.0, "price": 2.0}]}
    (tmp_path / "prices.json").write_text(json.dumps(table))
    found = estimate(2000, 1000, 2, load_table(str(tmp_path / "prices.json")))
    assert (found.currency, found.amount) == ("USD", round(2.0 + 7 * TABLE["beyond_per_megapixel"], 2))


def test_a_table_that_falls_is_refused(tmp_path: Path) -> None:
    steps = [{"up_to_megapixels": 2.0, "price": 1.0}, {"up_to_megapixels": 1.0, "price": 2.0}]
    (tmp_path / "prices.json").write_text(json.dumps({**TABLE, "steps": steps}))
    with pytest.raises(ValueError, match="must rise"):
        load_table(str(tmp_path / "prices.json"))
