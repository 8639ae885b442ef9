"""How long the offline test-suite takes, as ``install_scripts/test.py --quick`` runs it."""

from __future__ import annotations

import os
import subprocess
import time

from .processes import REPOSITORY, plain_environment, python
from .result import Claim, Result, Setting, Table


def run(setting: Setting, only: str = "contract_tests") -> Result:
    """Run every test that needs no GIMP, on all cores, once."""
    argv = python(
        "-m", "pytest", "-q", "--numprocesses=auto", "--dist=loadfile", "-p", "no:cacheprovider", only
    )
    if setting.quick:
        argv += ["-k", "contract and not benchmark"]
    begin = time.perf_counter()
    done = subprocess.run(
        argv,
        cwd=REPOSITORY,
        env={**plain_environment(), "PRECISION_UPSCALER_WITHOUT_GIMP": "all"},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - begin
    lines = [line for line in done.stdout.splitlines() if " passed" in line or " failed" in line]
    summary = lines[-1].strip("= ") if lines else done.stdout[-300:]
    result = Result(
        [Table("Every test that needs no GIMP", ["what", "seconds"], [[summary, f"{seconds:.0f}"]])],
        [Claim(f"offline test-suite on {os.cpu_count()} cores", round(seconds, 1), 90, "s")],
    )
    if done.returncode:
        result.notes.append(
            "Some tests failed in this run, so the figure is that of a suite that is not green."
        )
    return result
