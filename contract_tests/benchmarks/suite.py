"""How long the offline test-suite takes on two cores, spread as ``install_scripts/test.py --quick`` does."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

from dev import parallel

from .processes import REPOSITORY, plain_environment, python
from .result import Claim, Result, Setting, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

CORES = 2
_TAIL = 2000


class RedError(RuntimeError):
    """The suite did not pass, so how long it took says nothing."""


@contextlib.contextmanager
def on_cores(count: int) -> Iterator[None]:
    """Let what is started inside run on ``count`` cores at most, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run(setting: Setting, only: str | None = None) -> Result:
    """Run the tests that need no GIMP, then again with coverage; :class:`RedError` when one fails."""
    tests = only or ("contract_tests/unit/contract" if setting.quick else "contract_tests")
    seconds, summary = _passed(tests)
    measured, _ = _passed(tests, "--cov", "--cov-report=term")
    return Result(
        [
            Table(
                "Every test that needs no GIMP",
                ["what", "seconds"],
                [[summary, f"{seconds:.0f}"], ["the same, with coverage", f"{measured:.0f}"]],
            )
        ],
        [Claim(f"offline test-suite on {CORES} cores", seconds, 90, "s")],
        ["`test.py` measures coverage as well, in every process that the tests start."],
    )


def _passed(tests: str, *more: str) -> tuple[float, str]:
    """Run ``tests``; return the seconds from start to end, and pytest's own summary."""
    begin = time.perf_counter()
    with (
        on_cores(CORES),
        parallel.environment(real_gimps=False) as env,
        tempfile.TemporaryDirectory() as folder,
    ):
        done = subprocess.run(
            python(
                *(
                    "-m",
                    "pytest",
                    "-q",
                    *parallel.spread(real_gimps=False),
                    "-p",
                    "no:cacheprovider",
                    tests,
                    *more,
                )
            ),
            cwd=REPOSITORY,
            env={
                **plain_environment(),
                **{name: env[name] for name in ("TMPDIR",) if name in env},
                "PRECISION_UPSCALER_WITHOUT_GIMP": "all",
                "COVERAGE_FILE": f"{folder}/coverage",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise RedError(
            f"the suite ends with {done.returncode}:\n{done.stdout[-_TAIL:]}\n{done.stderr[-_TAIL:]}"
        )
    return seconds, next(line for line in reversed(done.stdout.splitlines()) if " passed" in line).strip("= ")
