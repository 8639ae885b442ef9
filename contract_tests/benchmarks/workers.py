"""Run the worker the way a front end does, and look at it while it works."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .processes import REPOSITORY, plain_environment, python

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = "mock-key"
_STARTING = "starting"
STAGES = (_STARTING, "preparing", "sending", "waiting", "downloading", "checking")


@dataclass(frozen=True)
class Ran:
    """What one worker did: seconds from start to result, its peak memory in MB, the result event.

    ``stages`` are the seconds it spent in each stage it told of, and "starting" those before the first.
    """

    seconds: float
    peak_megabytes: float
    result: dict[str, Any]
    stages: dict[str, float]


class Worker:
    """One worker process that upscales ``source`` twice; ``data`` is its data folder."""

    def __init__(self, source: Path, address: str, data: Path) -> None:
        self._begin = time.perf_counter()
        # discarded: an error's text is in its event
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            python("-m", "precision_upscaler.worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=REPOSITORY,
            env={
                **plain_environment(),
                "PRECISION_UPSCALER_BASE_URL": address,
                "PRECISION_UPSCALER_DATA": str(data),
                "FREEPIK_API_KEY": KEY,
            },
        )
        self._say(
            {
                "command": "upscale",
                "source": str(source),
                "take_source": False,
                "parameters": {"scale_factor": 2},
                "origin": {"application": "benchmark"},
                "reuse": False,
            }
        )

    def _say(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def finish(self) -> Ran:
        """Wait for the result, look at the process's memory, and let it end."""
        assert self._process.stdout is not None
        moments = [(_STARTING, self._begin)]
        try:
            for line in self._process.stdout:
                event = json.loads(line)
                if event["event"] == "stage":
                    moments.append((event["stage"], time.perf_counter()))
                if event["event"] == "result":
                    end = time.perf_counter()
                    peak = peak_megabytes(self._process.pid)
                    self._say({"command": "delivered"})
                    return Ran(end - self._begin, peak, event, spent([*moments, ("", end)]))
                if event["event"] in ("error", "cancelled"):
                    raise RuntimeError(f"the worker failed: {event}")
            self._errors.seek(0)
            raise RuntimeError(f"the worker died: {self._errors.read()[-2000:]!r}")
        finally:
            self.end()

    def end(self) -> None:
        """Close the worker's input and wait for its end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()


def spent(moments: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Return the seconds of each stage of ``moments``, (stage, its beginning); the last one ends them all."""
    found: dict[str, float] = {}
    for (name, begin), (_, end) in pairwise(moments):
        found[name] = found.get(name, 0.0) + end - begin
    return found


def upscale(source: Path, address: str, data: Path) -> Ran:
    """Upscale a source with a worker of its own."""
    return Worker(source, address, data).finish()


def peak_megabytes(pid: int) -> float:
    """Return the most memory a process has held, in MB of 10^6 bytes; NaN where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6
