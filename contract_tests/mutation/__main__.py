"""Plant every lie of the catalogue, run the tests on each, and print how many were caught.

``python -m contract_tests.mutation`` ends with 0 when all were caught. ``--list`` shows the catalogue,
``--only TEXT`` takes the lies whose words or file hold TEXT, ``--workers N`` runs N at a time.
``python -m contract_tests.mutation.mutate`` goes on where a catalogue cannot: see there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .catalogue import CATALOGUE
from .greenhouse import ROOT, Greenhouse, Outcome
from .outcome import keep
from .plant import StalePlantError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .plant import Plant


class Nursery:
    """Several greenhouses, one for each thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine = threading.local()
        self._all: list[Greenhouse] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for house in self._all:
            house.close()

    def greenhouse(self) -> Greenhouse:
        """Return this thread's greenhouse."""
        if not hasattr(self._mine, "greenhouse"):
            folder = self._folder / threading.current_thread().name
            folder.mkdir()
            self._mine.greenhouse = Greenhouse(folder)
            self._all.append(self._mine.greenhouse)
        house: Greenhouse = self._mine.greenhouse
        return house

    def try_out(self, plant: Plant) -> Outcome:
        """Run the plant's tests on the lie."""
        house = self.greenhouse()
        text = (house.folder / plant.path).read_text(encoding="utf-8")
        with house.changed(plant.path, plant.changed(text)):
            return house.run(plant.tests)


def healthy(house: Greenhouse, plants: list[Plant]) -> Outcome:
    """Run all the tests the plants name on the unchanged copy: they have to pass there."""
    tests = sorted({test for plant in plants for test in plant.tests})
    return house.run(tests, timeout=900.0)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m contract_tests.mutation", description=__doc__)
    parser.add_argument("--list", action="store_true", help="show the catalogue and end")
    parser.add_argument("--only", default="", metavar="TEXT", help="only lies whose words or file hold TEXT")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument(
        "--verbose", action="store_true", help="show the tests' output for what was not caught"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    plants = [plant for plant in CATALOGUE if options.only in plant.lie or options.only in plant.path]
    if not plants:
        print(f"No lie holds {options.only!r} in its words or its file; --list shows all.", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(f"{plant.path:<50} {plant.lie}" for plant in plants))
        return 0
    try:
        for plant in plants:
            plant.check(ROOT)
    except StalePlantError as stale:
        print(f"The catalogue is out of date. {stale}", file=sys.stderr)
        return 2
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="planted-") as name,
        Nursery(Path(name)) as nursery,
        ThreadPoolExecutor(options.workers) as pool,
    ):
        sound = pool.submit(lambda: healthy(nursery.greenhouse(), plants)).result()
        if sound.code != 0:
            print(sound.output[-3000:], file=sys.stderr)
            print(f"The tests fail without any lie: {sound.failed}", file=sys.stderr)
            return 2
        print(f"without a lie: all pass ({sound.seconds:.0f} s)", flush=True)
        missed = report(plants, pool.map(nursery.try_out, plants), verbose=options.verbose)
    caught = len(plants) - len(missed)
    if plants == list(CATALOGUE):
        keep(caught)
    print(f"caught {caught} of {len(plants)} in {time.monotonic() - started:.0f} s")
    for plant in missed:
        print(f"NOT CAUGHT: {plant.lie} ({plant.path})")
    return 1 if missed else 0


def report(plants: list[Plant], outcomes: Iterator[Outcome], *, verbose: bool) -> list[Plant]:
    """Print a line for each plant as its outcome arrives; return those that nobody noticed."""
    missed = []
    for plant, outcome in zip(plants, outcomes, strict=True):
        word = "caught" if outcome.caught else "MISSED"
        print(
            f"{word}  {plant.lie:<70} {outcome.failed.rpartition('/')[2][:90]} ({outcome.seconds:.1f} s)",
            flush=True,
        )
        if not outcome.caught:
            missed.append(plant)
            if verbose or outcome.code not in (0, 1):
                print(outcome.output[-2000:])
    return missed


if __name__ == "__main__":
    sys.exit(main())
