"""A whole run of the procedure against an instant service, beside the sum of its unavoidable parts."""

from __future__ import annotations

import contextlib

from . import gimps, peers, photograph
from .measure import Samples, ratio
from .processes import free_port, python, running
from .result import Claim, Growth, Result, Setting, Table
from .worker_memory import prepared

_WHOLE, _PARTS = "whole run", ("export", "load", "raw copies")


def run(setting: Setting) -> Result:
    """Measure layers whose results have 1 to 96 megapixels (the last is a layer of 24)."""
    sizes = photograph.SIZES[:2] if setting.quick else photograph.SIZES
    with gimps.bench() as bench, contextlib.ExitStack() as services:
        pictures = {}
        for size in sizes:
            source, result = prepared(bench.folder, size)
            port = free_port()
            argv = python("-m", "contract_tests.benchmarks.instant_service", str(port), str(result))
            services.enter_context(running(argv, port, peers.LIST))
            pictures[f"{size:g} MP"] = (str(source), str(result), port)
        found = {}
        for name, picture in pictures.items():
            rounds = [_round(bench, name, picture, number) for number in range(setting.rounds)]
            found[name] = {who: Samples(tuple(one[who] for one in rounds)) for who in (_WHOLE, *_PARTS)}
        version = gimps.versions(bench.gimp)
    for one in found.values():
        sums = zip(*(one[part].values for part in _PARTS), strict=True)
        one["sum of the parts"] = Samples(tuple(sum(values) for values in sums))
    rows = [[name, who, samples.shown()] for name, one in found.items() for who, samples in one.items()]
    largest = f"{sizes[-1]:g} MP"
    figure = ratio(found[largest][_WHOLE], found[largest]["sum of the parts"]).median
    growth = Growth(
        "A whole run, instant service",
        "s",
        {
            who: [(size, found[f"{size:g} MP"][who].median) for size in sizes]
            for who in (_WHOLE, "sum of the parts")
        },
    )
    return Result(
        [Table(version, ["result", "what", "seconds: median (spread)"], rows)],
        [
            Claim(f"whole run to a result of {largest}, against its parts", figure, 1.5),
            growth.claim(_WHOLE),
        ],
        [
            (
                "The service is instant: it hands out a prepared file, so nothing of a mock's own "
                "time is in these "
                "figures. The parts are our own export and loading, measured alone, and one raw copy "
                "of the same bytes "
                "over loopback each way. The rest is the worker's start, the first poll a second "
                "after the create, the "
                "journal's syncs, and checking that the result is a whole picture."
            )
        ],
        [growth],
    )


def _round(bench: gimps.Bench, name: str, picture: tuple[str, str, int], number: int) -> dict[str, float]:
    """Measure one round; in a data folder of its own, or the result of the last one would be used again."""
    env = {
        "PRECISION_UPSCALER_BASE_URL": f"http://127.0.0.1:{picture[2]}",
        "PRECISION_UPSCALER_DATA": str(bench.folder / f"data-{picture[2]}-{number}"),
        "FREEPIK_API_KEY": "mock-key",
    }
    told = bench.run("whole-run", env=env, pictures={name: picture})
    return {who: float(seconds) for who, seconds in told[name].items()}
