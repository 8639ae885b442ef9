"""Make the result: a Lanczos enlargement on which every slider and flavor acts visibly.

No neural network, and nothing random: the same source, parameters and seed give the same bytes. Each
slider does one thing that a person sees and a test can measure: ``sharpen`` raises edge contrast,
``smart_grain`` noise energy, ``ultra_detail`` local contrast, each the more the higher it is set, and
0 does nothing. With all three at 0 and flavor ``photo`` the result is plain Lanczos.
"""

from __future__ import annotations

import hashlib
import io
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .input_image import open_picture

if TYPE_CHECKING:
    from PIL import Image

_TILE = 512  # pixels a side of the grain pattern
_PNG_LEVEL = 1  # grain hardly compresses: higher levels cost seconds and save nothing


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make of a source: the contract's parameters and the scenario's trick (see ``TRICKS``)."""

    scale_factor: int
    sharpen: int = 0
    smart_grain: int = 0
    ultra_detail: int = 0
    flavor: str = "photo"
    seed: int = 0
    trick: str = ""
    file_format: str = "png"

    @classmethod
    def of(cls, parameters: dict[str, Any], **more: Any) -> Recipe:
        """Return the recipe for a task's parameters (all of them present, as the store keeps them)."""
        names = ("sharpen", "smart_grain", "ultra_detail", "flavor")
        return cls(
            scale_factor=int(parameters["scale_factor"]), **{name: parameters[name] for name in names}, **more
        )


TRICKS = ("nearest", "tinted", "wrong_scale")
"""``nearest`` replicates pixels exactly, ``tinted`` shifts the colors, ``wrong_scale`` doubles it always."""


def grain_tile(seed: int) -> Image.Image:
    """Return a ``_TILE``-square grayscale of noise around 128, the same for the same seed."""
    from PIL import Image, ImageChops  # noqa: PLC0415 - the mock must start quickly

    source = random.Random(seed)  # noqa: S311 - a picture, not a secret
    size = (_TILE, _TILE)
    # the mean of two uniform fields has a triangular spread: closer to film than white noise
    tiles = [Image.frombytes("L", size, source.randbytes(_TILE * _TILE)) for _ in range(2)]
    return ImageChops.blend(tiles[0], tiles[1], 0.5)


def _with_grain(picture: Image.Image, amount: int, seed: int) -> Image.Image:
    from PIL import Image, ImageChops  # noqa: PLC0415 - as above

    strength = amount / 100 * 0.5
    tile = grain_tile(seed).point([round(128 + (value - 128) * strength) for value in range(256)])
    row = Image.new("L", (picture.width, min(_TILE, picture.height)))
    for x in range(0, picture.width, _TILE):
        row.paste(tile, (x, 0))
    noise = Image.new("L", picture.size)
    for y in range(0, picture.height, _TILE):
        noise.paste(row, (0, y))
    return ImageChops.add(picture, Image.merge("RGB", (noise, noise, noise)), scale=1, offset=-128)


def _flavored(picture: Image.Image, flavor: str) -> Image.Image:
    from PIL import ImageEnhance, ImageFilter  # noqa: PLC0415 - as above

    if flavor == "sublime":  # smooth gradients, vivid colors
        return ImageEnhance.Color(picture.filter(ImageFilter.SMOOTH)).enhance(1.25)
    if flavor == "photo_denoiser":
        return picture.filter(ImageFilter.MedianFilter(3))
    return picture


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """Return a picture of 16-bit grays with 8-bit ones, any other as it is: Pillow's own way cuts at 255."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")


def enlarge(picture: Image.Image, recipe: Recipe) -> Image.Image:
    """Return the result for a decoded source. RGB, except that ``nearest`` keeps the source's mode."""
    from PIL import Image, ImageFilter  # noqa: PLC0415 - as above

    picture = _in_eight_bits(picture)
    factor = recipe.scale_factor
    if recipe.trick == "wrong_scale":
        factor = 2
    size = (picture.width * factor, picture.height * factor)
    if recipe.trick == "nearest":
        if picture.mode not in ("L", "LA", "RGB", "RGBA"):
            picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        return picture.resize(size, Image.Resampling.NEAREST)
    picture = _flavored(picture.convert("RGB"), recipe.flavor)
    if recipe.ultra_detail:
        # on the source, where the same neighborhood has fewer pixels; fine structure only (a wide radius
        # makes faces look bruised), and not the noise of flat areas
        picture = picture.filter(ImageFilter.UnsharpMask(1.2, percent=recipe.ultra_detail * 2, threshold=2))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    if recipe.sharpen:
        picture = picture.filter(ImageFilter.UnsharpMask(factor, percent=recipe.sharpen * 3, threshold=0))
    if recipe.smart_grain:
        picture = _with_grain(picture, recipe.smart_grain, recipe.seed)
    if recipe.trick == "tinted":
        shift = [min(255, value + 60) for value in range(256)]
        same = list(range(256))
        cut = [max(0, value - 60) for value in range(256)]
        picture = picture.point(shift + same + cut)
    return picture


def grain_seed(seed: int | None, digest: str) -> int:
    """Return the seed of a task's grain: from its picture, and from the mock's own seed if it has one."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{digest}".encode()).digest()[:8])


def render(data: bytes, recipe: Recipe) -> bytes:
    """Return the file of the result for the file of a source."""
    picture = enlarge(open_picture(data), recipe)
    stream = io.BytesIO()
    if recipe.file_format == "png" or recipe.trick == "nearest":
        picture.save(stream, "PNG", compress_level=_PNG_LEVEL)
    else:
        picture.convert("RGB").save(stream, recipe.file_format.upper(), quality=92)
    return stream.getvalue()
