"""A folder, a source image and a mock for real worker processes; and what a front end says to them."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract_tests.support.pictures import png
from mock_server import PrecisionMock

from .forked_workers import ForkedWorker, fork_worker
from .job_environment import TASK_SECONDS, share_results

TIMEOUT = 60
"""Seconds."""
SPEED = 100.0
"""How many times faster than real time the clocks of worker and service run."""


Answer = tuple[list[dict[str, Any]], int, bytes]
"""A worker's events, exit code and standard error."""


@dataclass
class WorkerEnvironment:
    """One user's folder, source image and service."""

    folder: Path
    mock: PrecisionMock
    url: str

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a worker that has no key but one in ``more`` or in the data folder."""
        keys = ("FREEPIK_API_KEY", "MAGNIFIC_API_KEY")
        return {
            **{name: value for name, value in os.environ.items() if name not in keys},
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "PRECISION_UPSCALER_DATA": str(self.folder / "data"),
            "PRECISION_UPSCALER_BASE_URL": self.url,
            **more,
        }

    def start(self, *commands: dict[str, Any]) -> ForkedWorker:
        worker = fork_worker(self.environment(FREEPIK_API_KEY=self.mock.key), speed=SPEED)
        for command in commands:
            self.say(worker, command)
        return worker

    @staticmethod
    def say(worker: ForkedWorker | subprocess.Popen[bytes], command: dict[str, Any]) -> None:
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(command).encode() + b"\n")
        worker.stdin.flush()

    @property
    def upscale(self) -> dict[str, Any]:
        return {"command": "upscale", "source": str(self.folder / "photo.png"), "parameters": {}}

    def run(self, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        """Return every event of a worker whose front end stays and takes the result."""
        return self.finish(self.start(*commands))

    def finish(self, worker: ForkedWorker) -> list[dict[str, Any]]:
        """Read a worker's events to its end, and take the result."""
        events = []
        with worker:
            for line in worker.stdout:
                events.append(json.loads(line))
                if events[-1]["event"] == "result":
                    self.say(worker, {"command": "delivered"})
                if events[-1]["event"] not in ("stage", "progress", "warning"):
                    break
        return events


@contextmanager
def worker_environment(
    folder: Path, *, settings: Mapping[str, Any] | None = None, **options: Any
) -> Iterator[WorkerEnvironment]:
    (folder / "data").mkdir()
    (folder / "data" / "settings.json").write_text(json.dumps(settings or {}))
    # large enough to be sent and fetched in several pieces
    (folder / "photo.png").write_bytes(png(400, 300))
    with PrecisionMock(**{"speed": SPEED, "seconds": TASK_SECONDS, **options}) as mock:
        share_results(mock)
        yield WorkerEnvironment(folder, mock, mock.url)


def events_until(worker: ForkedWorker, wanted: str) -> bool:
    """Read events until ``wanted`` (a stage, ``result``, or a stage's progress as ``stage+``)."""
    for line in worker.stdout:
        event = json.loads(line)
        names = {
            "stage": event.get("stage"),
            "progress": f"{event.get('stage')}+",
        }
        if wanted == names.get(event["event"], event["event"]):
            return True
        if event["event"] not in ("stage", "progress", "warning"):
            return False  # the worker has ended its run, and waits for us as we would for it
    return False


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when ``condition`` is true; fail after ``TIMEOUT`` seconds."""
    pause = threading.Event()
    for _ in range(TIMEOUT * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("the condition never became true")


def send_bytes(here: WorkerEnvironment, content: bytes, **environment: str) -> Answer:
    """Give a worker exactly these bytes."""
    worker = fork_worker(here.environment(**environment), speed=SPEED)
    events, stderr = worker.communicate(content)
    return [json.loads(line) for line in events.splitlines()], worker.wait(TIMEOUT), stderr
