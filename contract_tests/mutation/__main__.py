"""Plant every wrong subject of the catalogue, run its tests, and print how many were caught.

``python -m contract_tests.mutation`` ends with 0 when all were caught. ``--list`` shows the catalogue,
``--only TEXT`` takes those whose description or file contains TEXT, ``--workers N`` runs N at a time.
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
from .outcome import keep
from .sandbox import ROOT, Outcome, Sandbox
from .wrong_subject import StaleSubjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .wrong_subject import WrongSubject


class SandboxPool:
    """Several sandboxes, one for each thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine = threading.local()
        self._all: list[Sandbox] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for sandbox in self._all:
            sandbox.close()

    def sandbox(self) -> Sandbox:
        """Return this thread's sandbox."""
        if not hasattr(self._mine, "sandbox"):
            folder = self._folder / threading.current_thread().name
            folder.mkdir()
            self._mine.sandbox = Sandbox(folder)
            self._all.append(self._mine.sandbox)
        sandbox: Sandbox = self._mine.sandbox
        return sandbox

    def try_out(self, subject: WrongSubject) -> Outcome:
        """Run the tests of a wrong subject on it."""
        sandbox = self.sandbox()
        text = (sandbox.folder / subject.path).read_text(encoding="utf-8")
        with sandbox.changed(subject.path, subject.changed(text)):
            return sandbox.run(subject.tests)


def healthy(sandbox: Sandbox, subjects: list[WrongSubject]) -> Outcome:
    """Run all the tests the subjects name on the unchanged copy: they have to pass there."""
    tests = sorted({test for subject in subjects for test in subject.tests})
    return sandbox.run(tests, timeout=900.0)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m contract_tests.mutation", description=__doc__)
    parser.add_argument("--list", action="store_true", help="show the catalogue and end")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only those whose description or file contains TEXT"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument(
        "--verbose", action="store_true", help="show the tests' output for what was not caught"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    subjects = [
        subject for subject in CATALOGUE if options.only in subject.fault or options.only in subject.path
    ]
    if not subjects:
        print(f"No description and no file contains {options.only!r}; --list shows all.", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(f"{subject.path:<50} {subject.fault}" for subject in subjects))
        return 0
    try:
        for subject in subjects:
            subject.check(ROOT)
    except StaleSubjectError as stale:
        print(f"The catalogue is out of date. {stale}", file=sys.stderr)
        return 2
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="wrong-subjects-") as name,
        SandboxPool(Path(name)) as sandboxes,
        ThreadPoolExecutor(options.workers) as pool,
    ):
        sound = pool.submit(lambda: healthy(sandboxes.sandbox(), subjects)).result()
        if sound.code != 0:
            print(sound.output[-3000:], file=sys.stderr)
            print(f"The tests fail without any fault: {sound.failed}", file=sys.stderr)
            return 2
        print(f"without a fault: all pass ({sound.seconds:.0f} s)", flush=True)
        missed = report(subjects, pool.map(sandboxes.try_out, subjects), verbose=options.verbose)
    caught = len(subjects) - len(missed)
    if subjects == list(CATALOGUE):
        keep(caught)
    print(f"caught {caught} of {len(subjects)} in {time.monotonic() - started:.0f} s")
    for subject in missed:
        print(f"NOT CAUGHT: {subject.fault} ({subject.path})")
    return 1 if missed else 0


def report(subjects: list[WrongSubject], outcomes: Iterator[Outcome], *, verbose: bool) -> list[WrongSubject]:
    """Print a line for each subject as its outcome arrives; return those that nobody noticed."""
    missed = []
    for subject, outcome in zip(subjects, outcomes, strict=True):
        word = "caught" if outcome.caught else "MISSED"
        print(
            f"{word}  {subject.fault:<70} {outcome.failed.rpartition('/')[2][:90]} ({outcome.seconds:.1f} s)",
            flush=True,
        )
        if not outcome.caught:
            missed.append(subject)
            if verbose or outcome.code not in (0, 1):
                print(outcome.output[-2000:])
    return missed


if __name__ == "__main__":
    sys.exit(main())
