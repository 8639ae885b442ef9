"""The judge's own yardstick: CIEDE2000 against its published pairs, and the blur against what it means."""

from __future__ import annotations

import numpy as np
import pytest

from .difference import blurred, delta_e, encoded, lab, linear, mean_difference

# from the test data of Sharma, Wu and Dalal
PAIRS = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
    ((50, -0.0010, 2.4900), (50, 0.0009, -2.4900), 4.8045),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "difference"), PAIRS)
def test_published_pairs(one: tuple[float, ...], other: tuple[float, ...], difference: float) -> None:
    found = delta_e(np.array([one], float), np.array([other], float))
    assert found[0] == pytest.approx(difference, abs=1e-4)


def test_white_grey_and_black_are_where_they_belong() -> None:
    found = lab(np.array([[1.0, 1, 1], [0.5, 0.5, 0.5], [0, 0, 0]]))
    assert found[:, 0] == pytest.approx([100, 53.389, 0], abs=1e-2)
    assert np.abs(found[:, 1:]).max() < 0.02


def test_the_curve_and_its_inverse_meet() -> None:
    values = np.linspace(0, 1, 101)
    assert encoded(linear(values)) == pytest.approx(values, abs=1e-6)


def test_a_tint_is_seen_and_a_part_can_be_chosen() -> None:
    grey = np.full((4, 4, 3), 0.5)
    tinted = grey + np.array([0.1, 0, -0.1])
    assert mean_difference(grey, grey) == 0
    assert mean_difference(grey, tinted) > 5
    nowhere = np.zeros((4, 4), bool)
    nowhere[0, 0] = True
    tinted[0, 0] = 0.5
    assert mean_difference(grey, tinted, nowhere) == 0


def test_a_blur_keeps_what_is_even_and_heeds_its_weights() -> None:
    values = np.full((30, 30, 1), 0.25)
    weights = np.ones((30, 30, 1))
    assert blurred(values, weights, 2.0) == pytest.approx(values)
    values[:, 15:] = 9.0
    weights[:, 15:] = 0.0
    assert blurred(values, weights, 2.0)[:, :15] == pytest.approx(np.full((30, 15, 1), 0.25))
