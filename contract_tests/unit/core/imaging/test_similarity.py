"""A picture is recognised by its likeness, and pure Python unpacks a PNG as an imaging library does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter
from precision_upscaler.imaging.png import unfilter
from precision_upscaler.imaging.similarity import GRID, CannotCompare, color_grid, similar


def photo(seed: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """Return a picture with large and small structure, another one for each ``seed``."""
    Image.init()
    channels = []
    for index in range(3):
        noise = Image.effect_noise((6, 5), 90 + 7 * seed)
        base = Image.linear_gradient("L").resize(size).rotate(40 * seed + 50 * index)
        channels.append(Image.blend(noise.resize(size, Image.Resampling.BICUBIC), base, 0.5))
    return Image.merge("RGB", channels)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_the_likeness_is_the_mean_colour_of_each_cell(mode: str, tmp_path: Path) -> None:
    size = (GRID * 3, GRID * 2)
    image = photo(1, size).convert(mode)
    image.save(tmp_path / "picture.png")
    found = color_grid(tmp_path / "picture.png").cells
    expected = image.convert("RGB").resize((GRID, GRID), Image.Resampling.BOX)
    for cell, colour in zip(found, expected.get_flattened_data(), strict=True):
        assert cell == pytest.approx(colour, abs=1.0)


def test_sixteen_bits_are_read_too(tmp_path: Path) -> None:
    Image.new("I;16", (64, 64), 0x80FF).save(tmp_path / "deep.png")
    assert color_grid(tmp_path / "deep.png").cells[0] == (128, 128, 128)


@given(
    st.integers(0, 4),
    st.sampled_from((1, 2, 3, 4, 6, 8)),
    st.binary(min_size=24, max_size=24),
    st.binary(min_size=24, max_size=24),
)
def test_filters_are_undone_as_the_png_standard_says(
    kind: int, distance: int, row: bytes, above: bytes
) -> None:
    out: list[int] = []
    for index, value in enumerate(row):
        left = out[index - distance] if index >= distance else 0
        corner = above[index - distance] if index >= distance else 0
        up = above[index]
        estimate = left + up - corner
        by_distance = sorted((left, up, corner), key=lambda neighbour: abs(estimate - neighbour))
        guess = (0, left, up, (left + up) // 2, by_distance[0])[kind]
        out.append((value + guess) % 256)
    assert unfilter(kind, row, above, distance) == bytes(out)


def variants(image: Image.Image) -> dict[str, Image.Image]:
    double = image.resize((image.width * 2, image.height * 2), Image.Resampling.LANCZOS)
    return {
        "enlarged": double,
        "sharpened": double.filter(ImageFilter.SHARPEN),
        "softened": double.filter(ImageFilter.GaussianBlur(2)),
        "a little brighter": ImageEnhance.Brightness(double).enhance(1.04),
        "with grain": Image.blend(double, Image.effect_noise(double.size, 60).convert("RGB"), 0.05),
        "at the wrong scale": image,
    }


def test_an_enlarged_picture_is_recognised(tmp_path: Path) -> None:
    source = photo(1)
    source.save(tmp_path / "source.png")
    for name, image in variants(source).items():
        image.save(tmp_path / "result.png")
        assert similar(color_grid(tmp_path / "source.png"), color_grid(tmp_path / "result.png")), name


def test_another_picture_is_not(tmp_path: Path) -> None:
    source = photo(1)
    source.save(tmp_path / "source.png")
    others = {
        "another photo": photo(2),
        "mirrored": source.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "upside down": source.rotate(180),
        "inverted": Image.eval(source, lambda value: 255 - value),
        "plain": Image.new("RGB", source.size, (128, 128, 128)),
    }
    for name, image in others.items():
        image.save(tmp_path / "other.png")
        assert not similar(color_grid(tmp_path / "source.png"), color_grid(tmp_path / "other.png")), name


def test_where_a_picture_is_transparent_it_says_nothing(tmp_path: Path) -> None:
    source = photo(1).convert("RGBA")
    source.putalpha(0)
    source.save(tmp_path / "ghost.png")
    photo(1).save(tmp_path / "photo.png")
    assert not similar(color_grid(tmp_path / "ghost.png"), color_grid(tmp_path / "photo.png"))


def test_what_cannot_be_looked_at_is_said(tmp_path: Path) -> None:
    photo(1).save(tmp_path / "photo.jpg")
    with pytest.raises(CannotCompare, match="JPEG"):
        color_grid(tmp_path / "photo.jpg")
