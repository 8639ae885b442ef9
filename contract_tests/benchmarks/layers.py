"""Eight layers at once against one layer, through real workers and a mock whose tasks take a minute."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from . import peers, photograph
from .measure import Samples, ratio, turning
from .processes import free_port, running
from .result import Claim, Result, Setting, Table
from .workers import upscale_all

TASK_SECONDS = 60
AT_ONCE = 8


def timed(count: int, sources: list[Path], speed: float, seconds: float, folder: Path) -> float:
    """Upscale ``count`` layers at once with clocks ``speed`` times as fast; return the real seconds."""
    port = free_port()
    options = ("--seconds", str(seconds), "--speed", str(speed), "--scenario", "nearest")
    server = peers.ours(*options)
    with running(server.argv(port), port, peers.LIST), tempfile.TemporaryDirectory(dir=folder) as data:
        begin = time.perf_counter()
        upscale_all(sources[:count], f"http://127.0.0.1:{port}", Path(data), speed)
        return time.perf_counter() - begin


def compare(
    megapixels: float, speed: float, rounds: int, seconds: float = TASK_SECONDS
) -> dict[int, Samples]:
    """Measure one layer and eight layers, in turn; in seconds of the real clock."""
    found: dict[str, list[float]] = {"1": [], str(AT_ONCE): []}
    with tempfile.TemporaryDirectory(prefix="bench-layers-") as name:
        folder = Path(name)
        sources = []
        for number in range(AT_ONCE):
            sources.append(folder / f"layer-{number}.png")
            width, height = photograph.sides(megapixels)
            sources[-1].write_bytes(photograph.encoded(photograph.photograph(width, height)))
        for names in turning(list(found), rounds):
            for count in names:
                found[count].append(timed(int(count), sources, speed, seconds, folder))
    return {int(count): Samples(tuple(values)) for count, values in found.items()}


def run(setting: Setting) -> Result:
    """Measure layers of one megapixel, enlarged twice."""
    speed = 12.0 if setting.quick else 4.0
    found = compare(1, speed, setting.rounds)
    figure = ratio(found[AT_ONCE], found[1])
    rows = [[f"{count} layer{'s' if count > 1 else ''}", samples.shown()] for count, samples in found.items()]
    return Result(
        [Table(f"Layers of 1 MP × 2 at once, each task {TASK_SECONDS} s", ["layers", "real seconds"], rows)],
        [Claim(f"{AT_ONCE} layers at once, against one", figure.median, 1.3)],
        [
            (
                f"The clocks of the mock and of the workers run {speed:g} times as fast, so a task takes "
                f"{TASK_SECONDS / speed:g} s here, and polling and the limit of 50 requests a minute "
                "keep their "
                "proportions. What the machine itself has to do weighs that much more than it would "
                "in real use."
            )
        ],
    )
