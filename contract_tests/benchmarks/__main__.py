"""Run benchmarks, print what they find, and write the report: what ``install_scripts/bench.py`` starts."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from . import machine, peers, report
from .catalogue import BENCHMARKS, Benchmark, named
from .report import Entry
from .result import Setting, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    found = argparse.ArgumentParser(
        prog="bench.py",
        description="Measure each part beside what a user would have otherwise; write docs/benchmarks.md.",
    )
    names = ", ".join(benchmark.name for benchmark in BENCHMARKS)
    found.add_argument(
        "--only", action="append", default=[], metavar="NAME", help=f"run this one; may be repeated: {names}"
    )
    found.add_argument(
        "--quick",
        action="store_true",
        help="small and few, for trying: prints, and leaves the report as it is",
    )
    found.add_argument(
        "--report",
        action="store_true",
        help="measure nothing, write the report again from docs/benchmarks.json",
    )
    return found


def measured(
    benchmark: Benchmark, setting: Setting, command: str, patience: machine.Patience
) -> Entry | None:
    """Run one benchmark on a quiet machine; None, with the reason printed, where it cannot be run."""
    print(f"==> {benchmark.name}: {benchmark.title}", flush=True)
    before = machine.busy_share() if setting.quick or not benchmark.timed else patience.wait()
    begin = time.monotonic()
    try:
        result = benchmark.run(setting)
    except Unavailable as reason:
        print(f"    left out: {reason}", flush=True)
        return None
    print(report.printed(result), flush=True)
    print(f"    took {time.monotonic() - begin:.0f} s", flush=True)
    after = machine.busy_share()
    return Entry(
        benchmark.name,
        benchmark.title,
        machine.today(),
        command,
        machine.described(),
        (before, after),
        result,
    )


def write(entries: dict[str, Entry]) -> None:
    """Write record, plots and report, in the catalogue's order."""
    known = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    ordered = {name: entries[name] for name in known if name in entries}
    report.save(ordered)
    try:
        images = draw(ordered)
    except Unavailable as reason:
        print(f"    the plots are left out: {reason}", flush=True)
        images = []
    report.REPORT.write_text(report.markdown(list(ordered.values()), images), "utf-8")
    print(f"==> written: {report.REPORT}", flush=True)


def draw(entries: dict[str, Entry]) -> list[str]:
    """Draw every growth curve and return the names of the pictures."""
    jobs = [
        {
            "path": str(report.IMAGES / report.image_name(name, number)),
            "title": growth.title,
            "unit": growth.unit,
            "lines": growth.lines,
        }
        for name, entry in entries.items()
        for number, growth in enumerate(entry.result.growth)
    ]
    if not jobs:
        return []
    report.IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder, "job.json")
        job.write_text(json.dumps(jobs), "utf-8")
        plots = Path(__file__).with_name("plots.py")
        subprocess.run([str(peers.peer_python()), str(plots), str(job)], check=True)
    return [Path(str(job["path"])).name for job in jobs]


def main(arguments: list[str]) -> int:
    """Do what the command line says; 2 when it is wrong, 1 when a benchmark broke, else 0.

    A benchmark that breaks keeps the figures it had before, and the others are run all the same.
    """
    options = parser().parse_args(arguments)
    try:
        chosen = named(options.only)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    entries = report.load()
    broken = []
    if not options.report:
        command = " ".join(["python3 install_scripts/bench.py", *arguments])
        broken = run_all(chosen, Setting(options.quick), command, entries)
    if not options.quick:
        write(entries)
    if broken:
        print(f"==> FAILED: {', '.join(broken)}", flush=True)
    return 1 if broken else 0


def run_all(
    chosen: Sequence[Benchmark], setting: Setting, command: str, entries: dict[str, Entry]
) -> list[str]:
    """Run benchmarks in turn and put what they find into ``entries``; return the names of the broken ones."""
    patience = machine.Patience()
    broken = []
    for benchmark in chosen:
        try:
            entry = measured(benchmark, setting, command, patience)
        except Exception:  # noqa: BLE001 - whatever one benchmark dies of, the others are still to be run
            traceback.print_exc()
            print(f"    FAILED: {benchmark.name}", flush=True)
            broken.append(benchmark.name)
            continue
        if entry is not None and not setting.quick:
            entries[benchmark.name] = entry
            report.save(entries)
    return broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
