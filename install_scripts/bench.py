"""Measure how fast everything is, side by side with what a user would have otherwise.

    python3 install_scripts/bench.py                 everything; writes docs/benchmarks.md
    python3 install_scripts/bench.py --only NAME     one benchmark; the others keep their figures
    python3 install_scripts/bench.py --quick         try them all; prints only
    python3 install_scripts/bench.py --report        write the page again from the figures there are

Sets up what it needs by itself: the clone's virtual environment, the mock servers ours is held against and
what puts load on them (with pip and npm, into the cache folder), and, as root on Linux, a private GIMP 3.2.
What cannot be had is left out, with the reason.
"""

from dev import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split
import os
import subprocess
import sys

from dev.bootstrap import CLONE, Environment
from dev.console import exit_on_failure, say


def main() -> int:
    """Prepare the environment and hand over to the benchmarks."""
    arguments = sys.argv[1:]
    if {"-h", "--help"} & set(arguments):
        say((__doc__ or "").strip())
    environment = Environment()
    environment.ensure()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(CLONE / "install_scripts"), str(CLONE)))}
    argv = [str(environment.python), "-m", "contract_tests.benchmarks", *arguments]
    return subprocess.run(argv, cwd=CLONE, env=env, check=False).returncode


if __name__ == "__main__":
    with exit_on_failure():
        sys.exit(main())
