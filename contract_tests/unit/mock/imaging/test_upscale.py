from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from precision_upscaler.contract import parameter

from contract_tests.support.mock_calls import picture
from mock_server.imaging.upscale import Recipe, enlarge, grain_seed, render

Pixels = NDArray[np.float64]
LEVELS = (0, 7, 30, 60, 100)


def stripes() -> Image.Image:
    """Soft edges on a middle gray, so that nothing is clipped."""
    x = np.arange(180)
    row = 128 + 40 * np.tanh(np.sin(x / 9) * 30)
    return Image.fromarray(np.tile(row, (160, 1)).astype(np.uint8)).convert("RGB")


def texture() -> Image.Image:
    values = np.random.default_rng(1).normal(128, 12, (160, 160, 3)).clip(0, 255)
    return Image.fromarray(values.astype(np.uint8))


def pixels(source: Image.Image, **recipe: object) -> Pixels:
    made = enlarge(source, Recipe(**{"scale_factor": 2, **recipe}))  # type: ignore[arg-type]  # values of a test
    return np.asarray(made, dtype=np.float64)


def edge_contrast(values: Pixels) -> float:
    return float(np.sort(np.abs(np.diff(values, axis=1)).ravel())[-2000:].mean())


def noise_energy(values: Pixels) -> float:
    """Return what neighbors differ by, in both directions: what no smooth picture has."""
    gray = values.mean(axis=2)
    return float(np.diff(gray, axis=0).std() + np.diff(gray, axis=1).std())


def local_contrast(values: Pixels) -> float:
    """Return the spread of values within blocks of 8 pixels a side, whatever their means."""
    height, width = values.shape[0] // 8 * 8, values.shape[1] // 8 * 8
    blocks = values[:height, :width].reshape(height // 8, 8, width // 8, 8, 3)
    return float(blocks.std(axis=(1, 3)).mean())


@pytest.mark.parametrize(
    ("slider", "source", "measure"),
    [
        ("sharpen", stripes(), edge_contrast),
        ("smart_grain", Image.new("RGB", (160, 160), (128, 128, 128)), noise_energy),
        ("ultra_detail", texture(), local_contrast),
    ],
    ids=["sharpen", "smart_grain", "ultra_detail"],
)
def test_a_slider_acts_visibly_and_monotonically(slider: str, source: Image.Image, measure: object) -> None:
    assert callable(measure)
    measured = [measure(pixels(source, **{slider: level})) for level in LEVELS]
    assert measured == sorted(measured)
    assert len(set(measured)) == len(LEVELS)
    assert measured[-1] > 1.5 * measured[0] + 1


@pytest.mark.parametrize("slider", ["sharpen", "smart_grain", "ultra_detail"])
def test_the_contracts_default_is_seen(slider: str) -> None:
    assert np.abs(pixels(texture(), **{slider: parameter(slider).default}) - pixels(texture())).mean() > 0.4


def test_without_sliders_it_is_plain_lanczos() -> None:
    plain = stripes().resize((360, 320), Image.Resampling.LANCZOS)
    assert np.array_equal(pixels(stripes()), np.asarray(plain, dtype=np.float64))


def test_flavors_differ_as_their_names_say() -> None:
    made = {flavor: pixels(texture(), flavor=flavor) for flavor in ("photo", "sublime", "photo_denoiser")}
    assert local_contrast(made["photo_denoiser"]) < 0.7 * local_contrast(made["photo"])
    assert local_contrast(made["sublime"]) < local_contrast(made["photo"])
    colored = Image.new("RGB", (160, 160), (150, 110, 100))
    assert np.ptp(pixels(colored, flavor="sublime")[0, 0]) > np.ptp(pixels(colored, flavor="photo")[0, 0])


@settings(max_examples=15)
@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(2, 16), st.sampled_from(["L", "LA", "RGB", "RGBA"])
)
def test_nearest_replicates_every_pixel(width: int, height: int, factor: int, mode: str) -> None:
    shape = (height, width, len(mode)) if len(mode) > 1 else (height, width)
    values = np.random.default_rng(width * height).integers(0, 256, shape, dtype=np.uint8)
    source = Image.fromarray(values)
    made = enlarge(source, Recipe(factor, sharpen=100, smart_grain=100, ultra_detail=100, trick="nearest"))
    assert made.mode == mode
    assert np.array_equal(np.asarray(made), values.repeat(factor, axis=0).repeat(factor, axis=1))


def test_nearest_keeps_the_transparency_of_a_palette() -> None:
    source = Image.new("P", (160, 160))
    source.putpalette([255, 0, 0, 0, 255, 0])
    stream = io.BytesIO()
    source.save(stream, "PNG", transparency=0)
    made = enlarge(Image.open(stream), Recipe(2, trick="nearest"))
    assert made.mode == "RGBA"
    assert made.getpixel((5, 5)) == (255, 0, 0, 0)


def test_tinted_shifts_the_colors_clearly() -> None:
    red, green, blue = (pixels(stripes(), trick="tinted") - pixels(stripes())).mean(axis=(0, 1))
    assert red > 50
    assert abs(green) < 1
    assert blue < -50


@pytest.mark.parametrize(("factor", "width"), [(2, 360), (4, 360), (3, 360), (16, 360)])
def test_wrong_scale_is_twice_the_size_whatever_was_asked(factor: int, width: int) -> None:
    assert enlarge(stripes(), Recipe(factor, trick="wrong_scale")).width == width


@pytest.mark.parametrize("trick", ["", "nearest"])
def test_sixteen_bits_of_gray_become_eight(trick: str) -> None:
    deep = np.linspace(0, 65535, 40 * 30).round().astype(np.uint16).reshape(30, 40)
    stream = io.BytesIO()
    Image.fromarray(deep).save(stream, "PNG")
    made = np.asarray(enlarge(Image.open(stream), Recipe(2, trick=trick)).convert("L"), dtype=np.float64)
    shallow = Image.fromarray((deep / 257).round().astype(np.uint8))
    assert np.abs(made - np.asarray(shallow.resize((80, 60)), dtype=np.float64)).mean() < 2
    if trick == "nearest":
        assert np.array_equal(made[::2, ::2], np.asarray(shallow))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_a_result_is_rgb_whatever_the_source_is(mode: str) -> None:
    made = enlarge(Image.new(mode, (40, 30)), Recipe(2, 10, 10, 10))
    assert (made.mode, made.size) == ("RGB", (80, 60))


def test_the_same_recipe_makes_the_same_bytes() -> None:
    recipe = Recipe(2, sharpen=7, smart_grain=50, ultra_detail=30, seed=grain_seed(5, "digest"))
    assert render(picture(), recipe) == render(picture(), recipe)
    other = Recipe(2, sharpen=7, smart_grain=50, ultra_detail=30, seed=grain_seed(6, "digest"))
    assert render(picture(), recipe) != render(picture(), other)


@pytest.mark.parametrize(
    ("file_format", "trick", "found"),
    [("png", "", "PNG"), ("jpeg", "", "JPEG"), ("webp", "", "WEBP"), ("jpeg", "nearest", "PNG")],
)
def test_the_file_has_the_wanted_format(file_format: str, trick: str, found: str) -> None:
    made = Image.open(io.BytesIO(render(picture(), Recipe(2, trick=trick, file_format=file_format))))
    assert (made.format, made.size) == (found, (400, 320))


def test_grain_reaches_every_corner_of_a_picture_larger_than_its_tile() -> None:
    gray = Image.new("RGB", (700, 300), (128, 128, 128))
    values = pixels(gray, smart_grain=50)
    corners = (values[:40, :40], values[:40, -40:], values[-40:, :40], values[-40:, -40:])
    assert all(noise_energy(corner) > 3 for corner in corners)
