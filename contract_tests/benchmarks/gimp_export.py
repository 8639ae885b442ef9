"""The export of a layer, ready to send, against GIMP's own PNG export of the same layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

from . import gimps, photograph
from .measure import Samples, ratio
from .result import Claim, Growth, Result, Setting, Table

if TYPE_CHECKING:
    from pathlib import Path

_OURS, _FAST, _DEFAULT = "ours", "GIMP, compression 1", "GIMP, default"


def with_holes(picture: Image.Image) -> Image.Image:
    """Return a picture as a subject with a soft edge in front of nothing, RGBA."""
    small = Image.new("L", (300, 200), 0)
    small.paste(255, (60, 30, 240, 170))
    found = picture.convert("RGBA")
    found.putalpha(small.filter(ImageFilter.GaussianBlur(12)).resize(picture.size, Image.Resampling.BICUBIC))
    return found


def layer_picture(megapixels: float, *, holes: bool) -> Image.Image:
    """Return an RGBA picture: opaque all over, or a subject with a soft edge in front of nothing."""
    picture = photograph.photograph(*photograph.sides(megapixels))
    return with_holes(picture) if holes else picture.convert("RGBA")


def write_pictures(folder: Path, sizes: tuple[float, ...]) -> dict[str, str]:
    """Write an opaque RGBA picture for each size, and one of the largest but one with holes; {name: path}."""
    found = {}
    for size in sizes:
        path = folder / f"layer-{size:g}.png"
        layer_picture(size, holes=False).save(path, "PNG", compress_level=1)
        found[f"{size:g} MP"] = str(path)
    return found


def run(setting: Setting) -> Result:
    """Measure RGBA layers of 1 to 96 megapixels; the references at 24 (6000 × 4000)."""
    sizes = photograph.SIZES[:2] if setting.quick else photograph.SIZES
    judged = f"{6 if setting.quick else 24} MP"
    with gimps.bench() as bench:
        pictures = write_pictures(bench.folder, sizes)
        holed = bench.folder / "layer-holes.png"
        layer_picture(float(judged.removesuffix(" MP")), holes=True).save(holed, "PNG", compress_level=1)
        with_holes = f"{judged}, half transparent"
        pictures[with_holes] = str(holed)
        told = bench.run(
            "export",
            pictures=pictures,
            references=list(pictures),
            default=[judged],
            rounds=setting.rounds,
        )
        version = gimps.versions(bench.gimp)
    found = {
        name: {who: Samples(tuple(values)) for who, values in one["seconds"].items()}
        for name, one in told.items()
    }
    rows = [[name, who, samples.shown()] for name, one in found.items() for who, samples in one.items()]
    floor = told[judged]["floor"]
    parts = ", ".join(f"{what} {seconds:.2f} s" for what, seconds in floor.items())

    def claim(name: str, other: str, target: float) -> Claim:
        figure = ratio(found[name][_OURS], found[name][other]).median
        return Claim(f"RGBA layer of {name}, against {other}", figure, target)

    growth = Growth(
        "Export of a layer",
        "s",
        {who: [(size, found[f"{size:g} MP"][who].median) for size in sizes] for who in (_OURS, _FAST)},
    )
    return Result(
        [Table(version, ["RGBA layer", "by", "seconds: median (spread)"], rows)],
        [
            claim(judged, _DEFAULT, 0.15),
            claim(judged, _FAST, 0.6),
            claim(with_holes, _FAST, 0.6),
            growth.claim(_OURS),
        ],
        [
            (
                f"The floor at {judged}: {parts}. The rest is zlib on all cores, the fingerprint, and, with "
                "transparency, bleeding the colours under the edge. GIMP's file keeps the alpha "
                "channel, ours does not."
            )
        ],
        [growth],
    )
