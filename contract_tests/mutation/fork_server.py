"""A Python that has everything imported but ours, and forks a run of pytest whenever it is told to.

Most runs of the catalogue fail within a second; importing pytest, hypothesis and the libraries takes
longer than that. Reads one JSON list of pytest arguments a line, answers with one JSON object a line.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import time

# libraries alone: our own modules have to be read again for each fault
_LIBRARIES = (
    "pytest",
    "hypothesis.stateful",
    "hypothesis.strategies",
    "hypothesis.internal.conjecture.engine",
    "respx",
    "httpx",
    "httpx2",
    "flask",
    "jsonschema_rs",
    "click.testing",
    "rich.progress",
    "PIL.Image",
    "PIL.ImageFilter",
    "PIL.PngImagePlugin",
    "platformdirs",
    "keyring",
    "imagesize",
    "sqlite3",
)


def run(arguments: list[str], seconds: float) -> dict[str, object]:
    """Run pytest in a child and return its exit code (None: it had to be ended) and its output."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            _be_pytest(arguments, output.fileno())
        code = _await(child, seconds)
        output.seek(0)
        return {"code": code, "output": output.read().decode("utf-8", "replace")}


def _be_pytest(arguments: list[str], output: int) -> None:
    # a group of its own, so that what it starts can be ended with it
    os.setpgid(0, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    code = 3
    try:
        import pytest  # noqa: PLC0415 - imported long ago, by the parent

        code = int(pytest.main(arguments))
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(code)


def _await(child: int, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def main() -> None:
    """Serve until standard input ends."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(run(order["arguments"], order["seconds"])), flush=True)


if __name__ == "__main__":
    main()
