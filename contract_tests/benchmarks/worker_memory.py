"""The worker's peak memory while it sends and receives, for pictures of 1 to 96 megapixels."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from . import peers, photograph
from .measure import Samples
from .processes import free_port, python, running
from .result import Claim, Growth, Result, Setting, Table
from .workers import upscale

_ENLARGE = 2
_MEMORY, _SECONDS = "worker's peak memory", "worker, start to result"


def prepared(folder: Path, megapixels: float) -> tuple[Path, Path]:
    """Write a source and its result of ``megapixels``; square, so that 96 MP keeps the service's limit."""
    side = photograph.sides(megapixels, 1.0)[0] // 2
    small = photograph.photograph(side, side)
    source, result = folder / f"source-{megapixels:g}.png", folder / f"result-{megapixels:g}.png"
    source.write_bytes(photograph.encoded(small))
    large = small.resize((side * _ENLARGE, side * _ENLARGE), Image.Resampling.BICUBIC)
    large.save(result, "PNG", compress_level=1)
    return source, result


def peaks(folder: Path, megapixels: float, rounds: int) -> tuple[Samples, Samples]:
    """Return (peak MB, seconds) of a worker for a result of so many megapixels."""
    source, result = prepared(folder, megapixels)
    port = free_port()
    argv = python("-m", "contract_tests.benchmarks.instant_service", str(port), str(result))
    ran = []
    with running(argv, port, peers.LIST):
        for number in range(rounds):
            data = folder / f"data-{megapixels:g}-{number}"
            ran.append(upscale(source, f"http://127.0.0.1:{port}", data))
    source.unlink()
    result.unlink()
    return Samples(tuple(one.peak_megabytes for one in ran)), Samples(tuple(one.seconds for one in ran))


def run(setting: Setting) -> Result:
    """Measure results of 1, 6, 24 and 96 megapixels, sources of a quarter of them."""
    sizes = photograph.SIZES[:2] if setting.quick else photograph.SIZES
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as folder:
        found = {size: peaks(Path(folder), size, setting.rounds) for size in sizes}
    idle = _idle_peak()
    rows = [
        [f"{size} MP", f"{size / 4:g} MP", peak.shown(".1f"), seconds.shown()]
        for size, (peak, seconds) in found.items()
    ]
    highest = max(max(peak.values) for peak, _ in found.values())
    memory = Growth("Worker's peak memory", "MB", {_MEMORY: [(s, p.median) for s, (p, _) in found.items()]})
    time_taken = Growth(
        "Worker, start to result", "s", {_SECONDS: [(s, t.median) for s, (_, t) in found.items()]}
    )
    return Result(
        [Table("The worker", ["result", "source", "peak memory, MB (spread)", "start to result, s"], rows)],
        [
            Claim(f"{_MEMORY}, whatever the size up to {sizes[-1]:g} MP", highest, 80, "MB"),
            memory.flatness(_MEMORY),
            time_taken.claim(_SECONDS),
        ],
        [
            (
                "The floor: Python that has imported the worker and waits for a command holds "
                f"{idle:.1f} MB. "
                "The service is instant here and hands out a prepared file."
            )
        ],
        [memory, time_taken],
    )


def _idle_peak() -> float:
    code = (
        "import precision_upscaler.worker, httpx2; from contract_tests.benchmarks.workers import "
        "peak_megabytes; import os; print(peak_megabytes(os.getpid()))"
    )
    done = subprocess.run(python("-c", code), capture_output=True, text=True, check=True)
    return float(done.stdout)
