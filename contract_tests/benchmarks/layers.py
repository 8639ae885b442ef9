"""Eight layers at once against one, through the procedure in GIMP and a mock whose tasks take a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import gimps, peers, photograph
from .measure import Samples, ratio, turning
from .processes import free_port, running
from .result import Claim, Result, Setting, Table
from .workers import KEY

if TYPE_CHECKING:
    from pathlib import Path

AT_ONCE = 8
MEGAPIXELS = 1.5
_TASK_SECONDS = 60.0
_ROUNDS = 2


def timed(bench: gimps.Bench, sources: list[Path], task_seconds: float, number: int) -> float:
    """Upscale an image with a layer for each of ``sources``, all of them selected; return the seconds.

    A mock and a data folder of its own: no result of an earlier run is used again, and no request of one
    counts against the limit of a minute.
    """
    port = free_port()
    server = peers.ours("--seconds", f"{task_seconds:g}", "--scenario", "nearest")
    env = {
        "PRECISION_UPSCALER_BASE_URL": f"http://127.0.0.1:{port}",
        "PRECISION_UPSCALER_DATA": str(bench.folder / f"data-{len(sources)}-{number}"),
        "FREEPIK_API_KEY": KEY,
    }
    with running(server.argv(port), port, server.first):
        return float(bench.run("layers", env=env, pictures=[str(source) for source in sources]))


def compare(
    bench: gimps.Bench, megapixels: float, rounds: int, task_seconds: float, at_once: int = AT_ONCE
) -> dict[int, Samples]:
    """Measure one layer and ``at_once`` layers in turn; {layers: seconds}."""
    width, height = photograph.sides(megapixels)
    sources = [bench.folder / f"layer-{number}.png" for number in range(at_once)]
    for source in sources:
        source.write_bytes(photograph.encoded(photograph.photograph(width, height)))
    found: dict[str, list[float]] = {"1": [], str(at_once): []}
    for number, names in enumerate(turning(list(found), rounds)):
        for count in names:
            found[count].append(timed(bench, sources[: int(count)], task_seconds, number))
    return {int(count): Samples(tuple(values)) for count, values in found.items()}


def run(setting: Setting) -> Result:
    """Measure layers enlarged twice."""
    task_seconds = 5.0 if setting.quick else _TASK_SECONDS
    with gimps.bench() as bench:
        found = compare(bench, MEGAPIXELS, 1 if setting.quick else _ROUNDS, task_seconds)
        version = gimps.versions(bench.gimp)
    figure = ratio(found[AT_ONCE], found[1])
    rows = [
        [f"{count} layer{'s' if count > 1 else ''}", samples.shown(".1f")] for count, samples in found.items()
    ]
    title = f"{version}; layers of {MEGAPIXELS:g} MP × 2, each task {task_seconds:g} s"
    return Result(
        [Table(title, ["layers", "seconds: median (spread)"], rows)],
        [Claim(f"{AT_ONCE} layers at once, against one", figure.median, 1.3)],
        [
            (
                "From the call of the procedure to the changed image, on the real clock. All layers are "
                "exported before the first is sent, so that a layer which cannot be sent stops the run while "
                f"it is free; then {AT_ONCE} workers share 50 requests a minute, so each task is asked for "
                "every ten seconds or so; the results come into the image one after the other."
            )
        ],
    )
