"""The reader judges the same under Python 2.7, where GIMP 2.10's plug-in runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from precision_upscaler.contract import PARAMETERS, request_violations

from contract_tests.support.cases import CASES

PLUGIN = Path(__file__).parents[3] / "plugin"
SCRIPT = """
import json, sys
import precision_upscaler.contract as contract
bodies = json.loads(sys.stdin.read())
print(json.dumps({
    "version": sys.version_info[0],
    "parameters": [list(each) for each in contract.PARAMETERS],
    "judged": [[list(each) for each in contract.request_violations(body)] for body in bodies],
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
    bodies = [case.body for case in CASES if case.raw is None]
    done = subprocess.run(
        [interpreter, "-B", "-c", SCRIPT],
        input=json.dumps(bodies),
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": str(PLUGIN), "PATH": os.environ["PATH"]},
    )
    told = json.loads(done.stdout)
    assert told["version"] == 2
    assert told["parameters"] == json.loads(json.dumps(PARAMETERS))
    ours = [json.loads(json.dumps(request_violations(body))) for body in bodies]
    # dictionaries have no order there, so neither have the violations of one body
    assert [sorted(each) for each in told["judged"]] == [sorted(each) for each in ours]
