"""Parameters, checks and estimates are the same under Python 2.7, where GIMP 2.10's plug-in runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.contract import PARAMETERS, estimates, limits

PLUGIN = Path(__file__).parents[3] / "plugin"
SCRIPT = """
import json, sys
import precision_upscaler.contract as contract
from precision_upscaler.contract import estimates, limits
values = json.loads(sys.stdin.read())
print(json.dumps({
    "version": sys.version_info[0],
    "parameters": [list(each) for each in contract.PARAMETERS],
    "checked": [[limits.check(known, value) for value in values] for known in contract.PARAMETERS],
    "price": estimates.estimate(1000, 800, 4),
    "sizes": [limits.refusal(width, 500, 16) for width in (100, 500, 900, 2000, 6000)],
}))
"""


def python2() -> str | None:
    """Return a Python 2.7 that runs: one on the path, of pyenv, or of the environment's choice."""
    candidates = [os.environ.get("PYTHON2"), shutil.which("python2.7")]
    candidates += map(str, sorted(Path.home().glob(".pyenv/versions/2.7*/bin/python2.7")))
    for candidate in candidates:
        # a shim may stand on the path without the interpreter behind it
        if (
            candidate
            and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return candidate
    return None


def test_python_2_reads_the_contract_alike() -> None:
    interpreter = python2()
    if interpreter is None:
        pytest.skip("no Python 2.7 here; the GIMP 2.10 tests run the reader in GIMP's own")
    values: list[Any] = [1, 2, 16, 17, 2.0, 2**70, True, None, "2", "photo", "Foto", [], {}]
    done = subprocess.run(
        [interpreter, "-B", "-c", SCRIPT],
        input=json.dumps(values),
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": str(PLUGIN), "PATH": os.environ["PATH"]},
    )
    told = json.loads(done.stdout)
    assert told["version"] == 2
    assert told["parameters"] == json.loads(json.dumps(PARAMETERS))
    ours = {
        "checked": [[limits.check(known, value) for value in values] for known in PARAMETERS],
        "price": estimates.estimate(1000, 800, 4),
        "sizes": [limits.refusal(width, 500, 16) for width in (100, 500, 900, 2000, 6000)],
    }
    assert {name: told[name] for name in ours} == json.loads(json.dumps(ours))
