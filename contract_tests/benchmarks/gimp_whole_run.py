"""A whole run of the procedure against an instant service, beside the sum of its unavoidable parts."""

from __future__ import annotations

import contextlib
from pathlib import Path

from . import gimps, peers, photograph
from .measure import Samples, ratio
from .processes import free_port, python, running
from .result import Claim, Growth, Result, Setting, Table
from .worker_memory import prepared
from .workers import KEY, STAGES, upscale

_WHOLE, _PARTS = "whole run", ("export", "load", "raw copies")
_SUM = "sum of the parts"
_ALONE = "worker alone"
_STAGES = {stage: f"{_ALONE}: {stage}" for stage in STAGES}


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
            found[name] = {who: Samples(tuple(one[who] for one in rounds)) for who in rounds[0]}
        version = gimps.versions(bench.gimp)
    for one in found.values():
        sums = zip(*(one[part].values for part in _PARTS), strict=True)
        one[_SUM] = Samples(tuple(sum(values) for values in sums))
    shown = (_WHOLE, _SUM, *_PARTS, *_STAGES.values())
    rows = [[name, who, one[who].shown()] for name, one in found.items() for who in shown]
    largest = f"{sizes[-1]:g} MP"
    figure = ratio(found[largest][_WHOLE], found[largest][_SUM]).median
    growth = Growth(
        "A whole run, instant service",
        "s",
        {who: [(size, found[f"{size:g} MP"][who].median) for size in sizes] for who in (_WHOLE, _SUM)},
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
                "over loopback each way."
            ),
            _rest(largest, found[largest]),
        ],
        [growth],
    )


def _rest(name: str, found: dict[str, Samples]) -> str:
    """Say where the time goes that is in a whole run and not in its parts."""
    stages = ", ".join(f"{stage} {found[row].median:.2f} s" for stage, row in _STAGES.items() if row in found)
    rest = found[_WHOLE].median - found[_SUM].median
    return (
        f"At {name} a whole run takes {rest:.2f} s more than its parts. The worker by itself, outside GIMP, "
        f"takes: {stages}. It unpacks the source, to see that it is whole and whether its pixels have been "
        "paid for already, and the result, while it comes, to see that it is whole; only sending and "
        "downloading are in the raw copies too. GIMP's start of the plug-in is in the whole run alone."
    )


def _round(bench: gimps.Bench, name: str, picture: tuple[str, str, int], number: int) -> dict[str, float]:
    """Measure one round; in a data folder of its own, or the result of the last one would be used again."""
    source, _, port = picture
    address, data = f"http://127.0.0.1:{port}", bench.folder / f"data-{port}-{number}"
    env = {
        "PRECISION_UPSCALER_BASE_URL": address,
        "PRECISION_UPSCALER_DATA": str(data),
        "FREEPIK_API_KEY": KEY,
    }
    told = bench.run("whole-run", env=env, pictures={name: picture}, number=number)
    alone = upscale(Path(source), address, data.with_name(f"{data.name}-alone"))
    found = {who: float(seconds) for who, seconds in told[name].items()}
    return found | {_STAGES[stage]: seconds for stage, seconds in alone.stages.items()}
