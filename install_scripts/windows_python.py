"""Run a command with the Windows Python that the tests use, built when missing; ``--help`` says how."""

from dev import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split
from gimp_sandbox.windows import main

if __name__ == "__main__":
    main()
