"""A worker that needs no process and no service: it answers a front end at once, as a scenario says.

Takes the place of ``precision_upscaler.frontend.worker_process.Worker`` where a test is about the front
end alone. The results are pixels of the source itself, repeated, so that a judge knows every one of them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from contract_tests.gimpfu_stubs import pngfile

Event = dict[str, Any]
TINT = np.array([1.0, 0.85, 0.75])


@dataclass
class Script:
    """What the next workers do, and what they were told.

    ``scenario`` is ``nearest``, ``tinted``, ``wrong_scale``, ``failed``, ``unreadable`` or ``died``.
    ``before_result`` is called when the picture is ready. ``settings`` is what a prepared worker tells;
    ``uploads`` are the copies that were handed over to be sent. ``open`` counts the workers that were not let
    go of.
    """

    scenario: str = "nearest"
    folder: Path = Path()
    commands: list[Event] = field(default_factory=list)
    sources: list[Any] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    delivered: int = 0
    before_result: Any = None
    jobs: list[Event] = field(default_factory=list)
    damaged: list[Event] = field(default_factory=list)
    problems: list[Event] = field(default_factory=list)
    key: str | None = "file"
    stored: str | None = None
    settings: Event | None = field(default_factory=dict)
    open: int = 0

    def worker(self, command: Event | None = None, **more: Any) -> ScriptedWorker:
        """Stand in for the class ``Worker``."""
        return ScriptedWorker(self, command, more.get("key"))


class ScriptedWorker:
    """One run."""

    def __init__(self, script: Script, command: Event | None, key: str | None) -> None:
        self._script, self.command, self.key = script, command, key
        self._events: deque[Event] = deque()
        self._open = False
        self.charged = "no"

    def prepare(self, _words: list[str]) -> ScriptedWorker:
        """Be there before the command."""
        self._open = True
        self._script.open += 1
        return self

    def settings(self, _seconds: float) -> Event | None:
        """Tell the settings."""
        return self._script.settings

    def start(self, words: list[str] | None = None) -> ScriptedWorker:
        """Work everything out at once."""
        if not self._open:
            assert words is not None, "nobody said which interpreter to start"
            self.prepare(words)
        assert self.command is not None
        self._script.commands.append(self.command)
        self._command = self.command
        answer = getattr(self, "_" + self._command["command"].replace("-", "_"))
        self._events.extend(answer())
        return self

    def next_event(self, _seconds: float) -> Event | None:
        """Return the next event."""
        event = self._events.popleft() if self._events else None
        self.charged = (event or {}).get("charged") or self.charged
        return event

    def delivered(self) -> None:
        """Note that the picture arrived."""
        self._script.delivered += 1
        self.close()

    def close(self) -> None:
        """End."""
        self._script.open -= self._open
        self._open = False

    def _stage(self, name: str, charged: str) -> Event:
        return {"event": "stage", "stage": name, "job_id": "job", "task_id": None, "charged": charged,
                "expected_seconds": 60.0}  # fmt: skip

    def _status(self) -> list[Event]:
        address = "https://api.example.org/v1"
        return [
            {
                "event": "status",
                "key": self._script.key,
                "base_url": address,
                "settings": {},
                "problems": self._script.problems,
            }
        ]

    def _test_key(self) -> list[Event]:
        if self.key == "unreachable":
            return [_error("unreachable")]
        return [{"event": "key", "valid": self.key == "right", "message": "The service said so."}]

    def _store_key(self) -> list[Event]:
        self._script.key, self._script.stored = "file", self.key
        return [{"event": "stored", "where": "file"}]

    def _jobs(self) -> list[Event]:
        return [{"event": "jobs", "jobs": self._script.jobs, "damaged": self._script.damaged}]

    def _resume(self) -> list[Event]:
        (job,) = (one for one in self._script.jobs if one["job_id"] == self._command["job_id"])
        self._command = {**self._command, "source": job["source"], "parameters": job["parameters"]}
        return self._upscale()

    def _upscale(self) -> list[Event]:
        script = self._script
        source = pngfile.read(self._command["source"]).pixels
        script.sources.append(source)
        if "upload" in self._command:
            script.uploads.append(Path(self._command["upload"]).read_bytes())
        if script.scenario in ("failed", "died"):
            return [self._stage("waiting", "yes"), _error(script.scenario)]
        factor = 2 if script.scenario == "wrong_scale" else self._command["parameters"]["scale_factor"]
        pixels = source.repeat(factor, axis=0).repeat(factor, axis=1)
        if script.scenario == "tinted":
            pixels = (pixels * TINT + 0.5).astype(np.uint8)
        path = script.folder / f"result-{len(script.sources)}.png"
        if script.scenario == "unreadable":
            path.write_bytes(b"no picture")
        else:
            pngfile.write(str(path), pngfile.Picture(pixels), 1)
        if script.before_result is not None:
            script.before_result()
        height, width = pixels.shape[:2]
        result = {"event": "result", "job_id": "job", "task_id": "task", "path": str(path), "format": "png",
                  "width": width, "height": height, "charged": "yes", "reused": False}  # fmt: skip
        progress = {"event": "progress", "stage": "waiting", "done": 30.0, "total": 60.0}
        return [self._stage("sending", "no"), self._stage("waiting", "yes"), progress, result]


def _error(scenario: str) -> Event:
    what = (
        "The service could not enlarge this picture." if scenario == "failed" else "The helper program ended."
    )
    return {"event": "error", "code": scenario, "what": what, "charged": "yes", "charge": "It was charged.",
            "advice": "Try another picture.", "log": "/log", "job_id": "job", "details": {}}  # fmt: skip
