"""Every benchmark: its name on the command line, its title, and the function that runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import (
    gimp_dialog,
    gimp_export,
    gimp_load,
    gimp_query,
    gimp_whole_run,
    layers,
    mock_speed,
    polling,
    suite,
    upscaling,
    worker_memory,
)
from .result import Result, Setting


@dataclass(frozen=True)
class Benchmark:
    """One benchmark; ``run`` raises :class:`result.Unavailable` where it cannot be run.

    ``timed`` says that its figures suffer when the machine is busy otherwise.
    """

    name: str
    title: str
    run: Callable[[Setting], Result]
    timed: bool = True


BENCHMARKS = (
    Benchmark("export", "A layer, ready to send", gimp_export.run),
    Benchmark("load", "A result, into the layer", gimp_load.run),
    Benchmark("whole-run", "A whole run", gimp_whole_run.run),
    Benchmark("worker-memory", "The worker's memory", worker_memory.run),
    Benchmark("polling", "From COMPLETED to the image", polling.run),
    Benchmark("query", "GIMP's query of the plug-in", gimp_query.run),
    Benchmark("dialog", "From the call to the dialog", gimp_dialog.run),
    Benchmark("layers", "Eight layers at once", layers.run),
    Benchmark("mock", "The mock and its peers", mock_speed.run),
    Benchmark("mock-upscale", "The mock's own upscale", upscaling.run),
    Benchmark("test-suite", "The offline test-suite", suite.run),
)


def named(names: list[str]) -> list[Benchmark]:
    """Return the benchmarks of these names, all of them for none; ValueError names one there is not."""
    known = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    for name in names:
        if name not in known:
            raise ValueError(f"there is no benchmark {name!r}; there are: {', '.join(known)}")
    return [benchmark for benchmark in BENCHMARKS if not names or benchmark.name in names]
