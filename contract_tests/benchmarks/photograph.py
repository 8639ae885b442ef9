"""Pictures that compress like photographs: shapes, soft gradients and the grain of a sensor."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageChops, ImageFilter

SIZES = (1, 6, 24, 96)
"""The megapixels at which growth is measured."""


def sides(megapixels: float, aspect: float = 1.5) -> tuple[int, int]:
    """Return width and height in pixels of a picture of so many megapixels; 24 gives 6000 × 4000."""
    height = math.sqrt(megapixels * 1e6 / aspect)
    return 2 * round(height * aspect / 2), 2 * round(height / 2)


def photograph(width: int, height: int) -> Image.Image:
    """Return an RGB picture: a third of it sky, the rest detail at every scale, over all of it grain."""
    small = (max(2, width // 8), max(2, height // 8))
    scene = Image.merge(
        "RGB",
        [
            ImageChops.blend(
                Image.linear_gradient("L").resize(small),
                Image.effect_noise(small, 90).filter(ImageFilter.GaussianBlur(2)),
                share,
            )
            for share in (0.35, 0.45, 0.3)
        ],
    )
    picture = scene.resize((width, height), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((width, height), 5)
    return ImageChops.add(picture, Image.merge("RGB", (grain, grain, grain)), scale=1, offset=-128)


def encoded(picture: Image.Image, level: int = 1) -> bytes:
    """Return a picture as PNG."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=level)
    return stream.getvalue()
