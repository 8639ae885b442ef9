"""Run the mock of the service for as long as a block of code needs it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from dev.bootstrap import CLONE
from dev.console import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "mock-key"
_ANNOUNCED = "Listening on "


@contextlib.contextmanager
def running_mock(*options: str, python: str | Path = sys.executable) -> Iterator[str]:
    """Start ``python -m mock_server`` on a free port of this machine and give its address.

    ``options`` are further options of its command line, ``python`` is an interpreter that has the mock's
    dependencies. It is stopped at the end of the block.
    """
    argv = [str(python), "-m", "mock_server", "--port", "0", *options]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            argv, cwd=CLONE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith(_ANNOUNCED):
                errors.seek(0)
                raise Failure(f"the mock does not start: {line}{errors.read()}")
            yield line.removeprefix(_ANNOUNCED).strip()
        finally:
            process.terminate()
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
