"""A result brought into its layer, against GIMP's loading of the same file and nothing else."""

from __future__ import annotations

from . import gimps, photograph
from .measure import Samples, ratio
from .result import Claim, Growth, Result, Setting, Table
from .worker_memory import prepared

_OURS, _THEIRS, _DECODING = "ours", "Gimp.file_load_layer", "ours, decoding alone"


def run(setting: Setting) -> Result:
    """Measure results of 1 to 96 megapixels; square, for the service makes none of 12000 × 8000."""
    sizes = photograph.SIZES[:2] if setting.quick else photograph.SIZES
    with gimps.bench() as bench:
        pictures = {}
        for size in sizes:
            source, result = prepared(bench.folder, size)
            pictures[f"{size:g} MP"] = (str(source), str(result))
        told = bench.run("load", pictures=pictures, rounds=setting.rounds)
        version = gimps.versions(bench.gimp)
    found = {name: {who: Samples(tuple(values)) for who, values in one.items()} for name, one in told.items()}
    rows = [
        [name, who, samples.shown(), ratio(samples, one[_THEIRS]).shown()]
        for name, one in found.items()
        for who, samples in one.items()
    ]
    largest = f"{sizes[-1]:g} MP"
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
            )
        ],
        [growth],
    )
