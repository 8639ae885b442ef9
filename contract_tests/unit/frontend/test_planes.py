"""Planes of pixels: what the large-number tricks do is what a loop over pixels would do."""

from __future__ import annotations

import sys

import pytest
from dev.bootstrap import CLONE
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(CLONE / "plugin/gimp3"))

from upscaler_gimp3.image import planes


def pixels(channels: int) -> st.SearchStrategy[bytes]:
    return st.integers(1, 60).flatmap(lambda n: st.binary(min_size=n * channels, max_size=n * channels))


@given(pixels(4))
def test_alpha_is_taken_out(rgba: bytes) -> None:
    expected = b"".join(rgba[start : start + 3] for start in range(0, len(rgba), 4))
    assert planes.rgb_of(rgba) == expected


@given(pixels(3), st.integers(1, 5))
def test_every_pixel_is_repeated(row: bytes, times: int) -> None:
    expected = b"".join(row[start : start + 3] * times for start in range(0, len(row), 3))
    assert planes.repeated(row, times) == expected


@given(st.binary(max_size=90))
def test_a_mask_gets_three_channels(mask: bytes) -> None:
    assert planes.expanded(mask) == b"".join(bytes([value]) * 3 for value in mask)


@given(st.data(), st.integers(1, 90))
def test_a_mask_chooses_byte_by_byte(data: st.DataObject, size: int) -> None:
    above, below = (data.draw(st.binary(min_size=size, max_size=size)) for _ in range(2))
    mask = bytes(data.draw(st.lists(st.sampled_from([0, 255]), min_size=size, max_size=size)))
    expected = bytes(a if m else b for a, b, m in zip(above, below, mask, strict=True))
    assert planes.blended(above, below, mask) == expected


@pytest.mark.parametrize(("wide", "high"), [(4, 4), (7, 5), (8, 8), (2, 2), (3, 9)])
def test_a_small_picture_is_enlarged_to_any_size(wide: int, high: int) -> None:
    small = bytes(range(12))  # 2 × 2
    large = planes.enlarged(small, 2, 2, wide, high)
    assert len(large) == wide * high * 3
    for y in range(high):
        for x in range(wide):
            source = (y // -(-high // 2)) * 2 + x // -(-wide // 2)
            assert large[(y * wide + x) * 3 :][:3] == small[source * 3 :][:3]
