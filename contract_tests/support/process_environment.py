"""What every process of a test run finds in its environment, so that none does more than it is asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def settle() -> None:
    """Set the variables; before numpy is imported, and for the processes that tests start as well."""
    # several threads of a process would wait for each other, as busy as if they worked
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    # "python3" is this Python, and no script of a version manager that looks for one at every call
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    kept = [folder for folder in folders if Path(folder).name != "shims"]
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), *kept])
