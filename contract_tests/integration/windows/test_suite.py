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
    "contract_tests/unit/contract",
    "contract_tests/unit/frontend",
    "contract_tests/unit/core/storage",
    "contract_tests/unit/core/imaging",
    "contract_tests/unit/core/cli/test_wildcards.py",
    "contract_tests/unit/core/test_errors.py",
    "contract_tests/unit/core/test_urls.py",
    "contract_tests/property",
)
"""Not among them: ``unit/scripts`` builds private GIMPs and reads POSIX modes and signals; ``unit/mock`` and
``unit/core/jobs`` fork workers, send signals and count descriptors, and would take more than their time;
``unit/core/api`` and ``unit/core/cli`` end their servers as only POSIX can. ``test_worker.py`` and
``test_programs.py`` run those programs as a whole."""

LEFT_OUT: dict[str, str] = {}
"""Tests of the folders above that need a Unix, by a part of their name, each with the reason."""


def test_unit_and_property_tests_pass_on_windows(windows: WindowsPython) -> None:
    chosen = " and ".join(f"not {name}" for name in LEFT_OUT)
    argv = [
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        "--hypothesis-profile=first",
        "-k",
        chosen,
    ]
    env = {"PRECISION_UPSCALER_WITHOUT_GIMP": "all"}
    done = windows.run([*argv, *RUN], env=env, modules=clone_modules(windows), cwd=CLONE, timeout=1800)
    output = done.stdout.decode(errors="replace")
    passed = re.search(r"(\d+) passed", output)
    assert done.returncode == 0, output[-20000:]
    assert passed is not None
    assert int(passed[1]) >= FEWEST
