"""The mock's own upscale against a bare Pillow Lanczos resize and PNG save of the same picture."""

from __future__ import annotations

import io

from PIL import Image
from precision_upscaler import contract

from mock_server.imaging.upscale import Recipe, enlarge, render

from .measure import Samples, in_turn, ratio, seconds_of
from .photograph import encoded, photograph, sides
from .result import Claim, Result, Setting, Table

_OURS, _BARE, _FAST = "ours, default sliders", "bare Pillow", "bare Pillow, PNG at our level"


def bare(data: bytes, factor: int, level: int | None = None) -> bytes:
    """Return the file a bare Pillow would make: opened, enlarged with Lanczos, saved as PNG."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    large = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    large.save(stream, "PNG", **({} if level is None else {"compress_level": level}))
    return stream.getvalue()


def compare(megapixels: float, rounds: int) -> dict[str, Samples]:
    """Measure ours and both bare ones on a picture of so many megapixels, enlarged twice; in seconds."""
    data = encoded(photograph(*sides(megapixels)))
    defaults = {item.name: item.default for item in contract.PARAMETERS}
    recipe = Recipe.of({**defaults, "scale_factor": 2, "flavor": "photo"}, seed=1)
    plain = Recipe(2)
    return in_turn(
        {
            _OURS: seconds_of(lambda: render(data, recipe)),
            "ours, all sliders 0": seconds_of(lambda: render(data, plain)),
            _BARE: seconds_of(lambda: bare(data, 2)),
            _FAST: seconds_of(lambda: bare(data, 2, 1)),
            "ours, without saving": seconds_of(lambda: enlarge(Image.open(io.BytesIO(data)), recipe)),
        },
        rounds,
    )


def run(setting: Setting) -> Result:
    """Measure 6 megapixels × 2."""
    found = compare(1 if setting.quick else 6, setting.rounds)
    rows = [
        [name, samples.shown(), ratio(samples, found[_BARE]).shown(), ratio(samples, found[_FAST]).shown()]
        for name, samples in found.items()
    ]
    columns = ["what", "seconds: median (spread)", f"× {_BARE}", f"× {_FAST}"]
    return Result(
        [Table("6 MP enlarged twice, PNG to PNG", columns, rows)],
        [
            Claim(f"{_OURS}, against {_BARE}", ratio(found[_OURS], found[_BARE]).median, 1.6),
            Claim(f"{_OURS}, against {_FAST}", ratio(found[_OURS], found[_FAST]).median, 1.6),
        ],
        [
            (
                "Pillow saves PNG at level 6 when nothing is said, which is most of its time; the "
                "mock saves at level 1, "
                "because grain hardly compresses. The second claim takes that advantage away."
            )
        ],
    )
