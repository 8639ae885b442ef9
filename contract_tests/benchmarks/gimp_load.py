"""A result brought into its layer, against GIMP's loading of the same file and nothing else."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from precision_upscaler import contract

from . import gimps, photograph
from .gimp_export import with_holes
from .measure import Samples, ratio
from .result import Claim, Growth, Result, Setting, Table
from .worker_memory import prepared

_OURS, _THEIRS, _DECODING = "ours", "Gimp.file_load_layer", "ours, decoding alone"


def _harder(folder: Path, source: str, result: str, name: str) -> dict[str, tuple[str, str, str | None]]:
    """Return what costs more than an opaque layer of 8 bits: a transparent one, and one of 16 bits."""
    holed = folder / "source-holes.png"
    with Image.open(source) as opaque:
        with_holes(opaque).save(holed, "PNG", compress_level=1)
    return {
        f"{name}, half transparent": (str(holed), result, None),
        f"{name}, 16 bits": (source, result, "U16_NON_LINEAR"),
    }


def run(setting: Setting) -> Result:
    """Measure results of 1 to 96 megapixels; square, for the service makes none of 12000 × 8000."""
    sizes = photograph.SIZES[:2] if setting.quick else photograph.SIZES
    with gimps.bench() as bench:
        pictures: dict[str, tuple[str, str, str | None]] = {}
        for size in sizes:
            source, result = prepared(bench.folder, size)
            pictures[f"{size:g} MP"] = (str(source), str(result), None)
        pictures |= _harder(bench.folder, *pictures[f"{sizes[-2]:g} MP"][:2], f"{sizes[-2]:g} MP")
        told = bench.run("load", pictures=pictures, rounds=setting.rounds)
        version = gimps.versions(bench.gimp)
    found = {name: {who: Samples(tuple(values)) for who, values in one.items()} for name, one in told.items()}
    rows = [
        [name, who, samples.shown(), ratio(samples, one[_THEIRS]).shown()]
        for name, one in found.items()
        for who, samples in one.items()
    ]
    largest = f"{sizes[-1]:g} MP"
    width = photograph.sides(sizes[-1], 1.0)[0]
    figure = ratio(found[largest][_OURS], found[largest][_THEIRS]).median
    growth = Growth(
        "A result into the layer",
        "s",
        {who: [(size, found[f"{size:g} MP"][who].median) for size in sizes] for who in (_OURS, _THEIRS)},
    )
    return Result(
        [Table(version, ["result", "by", "seconds: median (spread)", f"× {_THEIRS}"], rows)],
        [Claim(f"result of {largest}, against {_THEIRS}", figure, 1.25), growth.claim(_OURS)],
        [
            (
                "Ours looks whether the layer is still what was sent, decodes, composes, scales the "
                "image and swaps the "
                "layer in one undo step. GIMP's figure is the loading of the file alone: its layer is "
                "in no image yet."
            ),
            (
                f"{largest} are {width} × {width} pixels: the service makes at most "
                f"{contract.LIMITS['maximum_output_side']} on a side, so a result of 12000 × 8000 cannot "
                "come. With transparency ours also scales the layer's own alpha, which no service gives "
                "back; with 16 bits a channel it converts, which GIMP's loading alone does not."
            ),
        ],
        [growth],
    )
