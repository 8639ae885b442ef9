"""The unit and property tests that need no Unix, on a Windows Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dev.bootstrap import CLONE
from gimp_sandbox.windows import clone_modules

if TYPE_CHECKING:
    from gimp_sandbox.windows import WindowsPython

FEWEST = 1500
RUN = (
    "unit/contract",
    "unit/frontend",
    "unit/core/imaging",
    "unit/core/storage",
    "unit/core/cli/test_wildcards.py",
    "unit/core/test_errors.py",
    "unit/core/test_urls.py",
    "property",
)
"""The folders and files, below ``contract_tests``, whose tests run.

Not among them: ``unit/scripts`` builds private GIMPs and reads POSIX modes and signals; ``unit/mock`` and
``unit/core/jobs`` fork workers, send signals and count descriptors, and would take more than their time;
``unit/core/api`` and ``unit/core/cli`` end their servers as only POSIX can. ``test_worker.py`` and
``test_programs.py`` run those programs as a whole.
"""
LEFT_OUT: dict[str, str] = {
    "test_the_real_worker_is_asked": "test_worker.py starts the worker out of the zip",
    "test_a_path_below_the_users_home_is_short": "only POSIX writes the home folder as ~",
}
"""Tests of those folders that are left out, by their names, each with the reason."""


def test_unit_and_property_tests_pass_on_windows(windows: WindowsPython) -> None:
    chosen = " and ".join(f"not {name}" for name in LEFT_OUT)
    options = ["-q", "-p", "no:cacheprovider", "--tb=short", "--hypothesis-profile=few", "-k", chosen]
    done = windows.run(
        ["-m", "pytest", *options, *(f"contract_tests/{path}" for path in RUN)],
        env={"PRECISION_UPSCALER_WITHOUT_GIMP": "all"},
        modules=clone_modules(windows),
        cwd=CLONE,
        timeout=800,
    )
    output = done.stdout.decode(errors="replace")
    passed = re.search(r"(\d+) passed", output)
    assert done.returncode == 0, output[-20000:]
    assert passed is not None
    assert int(passed[1]) >= FEWEST
