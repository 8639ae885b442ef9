"""What comes after the poll that sees COMPLETED: download, check and loading into the layer, measured."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import gimps, peers
from .measure import Samples
from .processes import free_port, python, running
from .result import Setting, Table, Unavailable
from .worker_memory import prepared
from .workers import upscale

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (1, 6, 24)
_PARTS = {
    "download": "downloading, over loopback",
    "check": "checking that it is whole",
    "load": "into the layer",
}
THEIRS = "Gimp.file_load_layer alone"


@dataclass(frozen=True)
class Arrival:
    """The seconds of each part for results of so many megapixels: {part: {megapixels: samples}}."""

    parts: dict[str, dict[float, Samples]]

    def seconds(self, megapixels: float) -> float:
        """Return what all of it takes at so many megapixels, on the line through what was measured."""
        return sum(_on_line(self.parts[part], megapixels) for part in _PARTS)

    def loading(self, megapixels: float) -> float:
        """Return what GIMP's own loading of the file takes."""
        return _on_line(self.parts[THEIRS], megapixels)

    @property
    def table(self) -> Table:
        """What was measured."""
        words = {**_PARTS, THEIRS: THEIRS}
        columns = [
            "part, seconds: median (spread)",
            *(f"{size:g} MP" for size in next(iter(self.parts.values()))),
        ]
        rows = [[words[part], *(one.shown() for one in found.values())] for part, found in self.parts.items()]
        return Table("From known to in the image, on this machine", columns, rows)


def _on_line(found: dict[float, Samples], megapixels: float) -> float:
    line = statistics.linear_regression(list(found), [one.median for one in found.values()])
    return max(0.0, line.intercept + line.slope * megapixels)


def measured(setting: Setting) -> Arrival | None:
    """Measure results of 1 to 24 megapixels in a worker and in GIMP; None, with the reason, without one."""
    sizes = SIZES[:2] if setting.quick else SIZES
    try:
        with gimps.bench() as bench:
            pictures = {size: prepared(bench.folder, size) for size in sizes}
            loaded = bench.run(
                "load",
                pictures={str(size): (*map(str, files), None) for size, files in pictures.items()},
                rounds=setting.rounds,
            )
            fetched = {
                size: _fetched(bench.folder, size, *files, setting) for size, files in pictures.items()
            }
    except Unavailable as reason:
        print(f"    the way into the image is left out: {reason}", flush=True)
        return None
    parts = {"download": "downloading", "check": "checking"}
    found: dict[str, dict[float, Samples]] = {
        part: {size: fetched[size][stage] for size in sizes} for part, stage in parts.items()
    }
    for part, who in (("load", "ours"), (THEIRS, "Gimp.file_load_layer")):
        found[part] = {size: Samples(tuple(loaded[str(size)][who])) for size in sizes}
    return Arrival(found)


def _fetched(folder: Path, size: float, source: Path, result: Path, setting: Setting) -> dict[str, Samples]:
    """Return the seconds of each of a worker's stages, against a service that is done at once."""
    port = free_port()
    argv = python("-m", "contract_tests.benchmarks.instant_service", str(port), str(result))
    with running(argv, port, peers.LIST):
        ran = [
            upscale(source, f"http://127.0.0.1:{port}", folder / f"data-{size:g}-{number}")
            for number in range(setting.rounds)
        ]
    return {stage: Samples(tuple(one.stages[stage] for one in ran)) for stage in ran[0].stages}
