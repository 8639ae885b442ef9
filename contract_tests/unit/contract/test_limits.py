"""Refusals before paying: exactly what the contract's limits say, and the nearest factor that fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.contract import LIMITS, PARAMETERS, Parameter, limits, parameter
from precision_upscaler.frontend import texts

from mock_server.api.validation import request_violations

FACTOR = parameter("scale_factor")
FACTORS = st.integers(FACTOR.minimum, FACTOR.maximum)
SIDES = st.integers(0, 12_000)


def fits(width: int, height: int, factor: int) -> bool:
    return bool(
        min(width, height) >= LIMITS["minimum_input_side"]
        and max(width, height) <= LIMITS["maximum_aspect"] * min(width, height)
        and max(width, height) * factor <= LIMITS["maximum_output_side"]
    )


@given(SIDES, SIDES, FACTORS)
def test_what_the_limits_allow_passes_and_nothing_else(width: int, height: int, factor: int) -> None:
    assert (limits.refusal(width, height, factor) is None) == fits(width, height, factor)


@given(SIDES, SIDES, FACTORS)
def test_a_refusal_has_a_sentence_with_the_numbers(width: int, height: int, factor: int) -> None:
    refusal = limits.refusal(width, height, factor)
    if refusal is not None:
        sentence = texts.limit(refusal)
        assert "{" not in sentence
        if refusal.code != "empty":
            assert f"{width} × {height}" in sentence


@given(SIDES.filter(bool), SIDES.filter(bool), FACTORS)
def test_the_nearest_factor_fits_and_none_that_fits_is_nearer(width: int, height: int, factor: int) -> None:
    nearest = limits.nearest_factor(width, height, factor)
    fitting = limits.factors_that_fit(width, height)
    assert (nearest is None) == (not fitting)
    if nearest is not None:
        assert max(width, height) * nearest <= LIMITS["maximum_output_side"]
        assert all(abs(one - factor) >= abs(nearest - factor) for one in fitting)


@pytest.mark.parametrize(
    ("size", "factor", "code"),
    [
        ((0, 0), 2, "empty"),
        ((1, 1), 2, "too-small"),
        ((159, 400), 2, "too-small"),
        ((160, 160), 16, None),
        ((480, 160), 2, None),
        ((481, 160), 2, "aspect"),
        ((30_000, 200), 2, "aspect"),
        ((5030, 2000), 2, None),
        ((5031, 2000), 2, "too-large-for-any"),
        ((1000, 1000), 11, "too-large"),
    ],
)
def test_each_limit_at_its_edge(size: tuple[int, int], factor: int, code: str | None) -> None:
    refusal = limits.refusal(*size, factor)
    assert (None if refusal is None else refusal.code) == code


@pytest.mark.parametrize(
    ("size", "factor", "values"),
    [
        ((0, 200), 2, {"minimum_side": 160, "largest_input_side": 5030, "smallest_factor": 2}),
        ((300, 0), 2, {"width": 300, "height": 0}),
        ((1000, 200), 2, {"shortest_side": 334, "maximum_aspect": 3}),
        ((900, 500), 12, {"result_width": 10_800, "result_height": 6000, "nearest": 11}),
        ((1257, 500), 9, {"nearest": 8, "factors": [2, 3, 4, 5, 6, 7, 8], "maximum_output_side": 10_060}),
    ],
)
def test_a_refusal_has_the_numbers_of_its_message(
    size: tuple[int, int], factor: int, values: dict[str, object]
) -> None:
    refusal = limits.refusal(*size, factor)
    assert refusal is not None
    assert {name: refusal.values[name] for name in values} == values


def test_an_empty_picture_is_refused_as_empty() -> None:
    for size in ((0, 200), (300, 0), (0, 0)):
        refusal = limits.refusal(*size, 2)
        assert refusal is not None
        assert refusal.code == "empty"


def test_factors_that_fit_end_with_the_contracts_largest() -> None:
    assert limits.factors_that_fit(200, 200) == list(range(2, 17))
    assert limits.factors_that_fit(2515, 2000) == [2, 3, 4]


def test_an_upload_has_no_bound_unless_the_contract_states_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.upload_refusal(1 << 40) is None
    monkeypatch.setitem(LIMITS, "maximum_upload_bytes", 1000)
    assert limits.upload_refusal(1000) is None
    refusal = limits.upload_refusal(1001)
    assert refusal is not None
    assert "1001" in texts.limit(refusal)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("sharpen", 0, None),
        ("sharpen", 100, None),
        ("sharpen", -1, "out-of-range"),
        ("sharpen", 101, "out-of-range"),
        ("sharpen", 10**30, "out-of-range"),
        ("scale_factor", 2, None),
        ("scale_factor", 16, None),
        ("scale_factor", 1, "out-of-range"),
        ("scale_factor", 17, "out-of-range"),
        ("scale_factor", 2.0, "not-whole"),
        ("scale_factor", True, "not-whole"),
        ("scale_factor", "2", "not-whole"),
        ("scale_factor", None, "not-whole"),
        ("flavor", "sublime", None),
        ("flavor", "Sublime", "not-a-choice"),
        ("flavor", "sublime\n", "not-a-choice"),
        ("flavor", ["sublime"], "not-a-choice"),
        ("flavor", None, "not-a-choice"),
        ("filter_nsfw", False, None),
        ("filter_nsfw", True, None),
        ("filter_nsfw", 1, "not-boolean"),
        ("filter_nsfw", "true", "not-boolean"),
    ],
)
def test_each_parameter_takes_its_own_values_alone(name: str, value: object, code: str | None) -> None:
    refusal = limits.check(parameter(name), value)
    assert (None if refusal is None else refusal.code) == code


@pytest.mark.parametrize("known", PARAMETERS, ids=lambda known: known.name)
def test_a_default_is_a_value_of_its_parameter(known: Parameter) -> None:
    assert limits.check(known, known.default) is None


@given(
    st.sampled_from(PARAMETERS),
    st.one_of(st.integers(-5, 120), st.booleans(), st.none(), st.text(max_size=3)),
)
def test_a_checked_value_fits_the_contract(known: Parameter, value: object) -> None:
    found = request_violations({"image": "aGk=", known.name: value})
    string_form = known.name == "scale_factor" and isinstance(value, str)  # a value has one spelling here
    assert (limits.check(known, value) is None) == (not found and not string_form)
