"""What is tested in process also holds through a real socket: a small run with ``--target=http``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = (
    "contract_tests/live/test_cheap_subset.py",
    "contract_tests/property/test_mock_states.py::test_a_transition_is_seen_when_its_time_has_come",
)


def test_the_cheap_subset_and_every_transition_through_a_socket(pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--target") != "inprocess":
        pytest.skip("this run has chosen its target itself")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "pytest_timeout",
        "--target=http",
        *SMALL,
    ]
    # the plug-ins of other packages take longer to load than all this takes
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    last = done.stdout.strip().splitlines()[-1]
    assert "passed" in last
    assert "skipped" not in last
