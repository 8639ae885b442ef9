"""Build private GIMPs for the tests, or run a command beside one; ``--help`` says how."""

from dev import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split
from gimp_sandbox.gimp import main

if __name__ == "__main__":
    main()
