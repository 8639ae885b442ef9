"""The estimate gives the published examples exactly, never falls with size, and says that it is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.contract.estimates import TABLE, estimate, load_table, text

sides = st.integers(160, 5030)


@pytest.mark.parametrize("example", TABLE["examples"], ids=str)
def test_published_examples_come_out_exactly(example: dict[str, float]) -> None:
    found = estimate(int(example["width"]), int(example["height"]), int(example["scale_factor"]))
    assert found.amount == example["price"]


@given(sides, sides, st.integers(2, 15))
def test_a_larger_result_never_costs_less(width: int, height: int, factor: int) -> None:
    assert estimate(width, height, factor + 1).amount >= estimate(width, height, factor).amount
    assert estimate(width + 1, height, factor).amount >= estimate(width, height, factor).amount


def test_it_says_that_it_is_an_estimate_and_how_old() -> None:
    assert text(estimate(1280, 720, 4)) == f"about 0.40 EUR (prices of {TABLE['dated']})"


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
