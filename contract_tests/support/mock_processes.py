"""Run the mock as its users do: as a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from precision_upscaler.contract import CREATE_PATH

from .mock_calls import encoded, picture

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = json.dumps({"image": encoded(picture())}).encode()
HEADERS = {"x-freepik-api-key": "mock-key", "Content-Type": "application/json"}


class Process:
    """A running ``python -m mock_server``."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None, port: int = 0) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "mock_server", "--port", str(port), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        assert self.popen.stdout is not None
        self.first_line = self.popen.stdout.readline()
        if not self.first_line:
            raise AssertionError(self.popen.communicate()[1])
        self.port = int(self.first_line.rsplit(":", 1)[1])

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        with closing(self.connection()) as connection:  # also when the mock is killed meanwhile
            connection.request(method, path, body, HEADERS)
            with connection.getresponse() as response:
                return response.status, json.loads(response.read())

    def create(self) -> str:
        status, answer = self.call("POST", CREATE_PATH, BODY)
        assert status == 200, answer
        task_id: str = answer["data"]["task_id"]
        return task_id

    def tree(self) -> list[int]:
        """Return the process's id and its children's."""
        return [self.popen.pid, *children_of(self.popen.pid)]

    def megabytes(self) -> int:
        """Return the most memory that the process and its children ever had, together."""
        found = 0
        for pid in self.tree():
            lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
            found += int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
        return found // 1024

    def kill(self) -> None:
        """Kill the process and its children at once, so that none of them can write anything more."""
        tree = self.tree()
        for pid in tree:
            os.kill(pid, signal.SIGSTOP)  # first, or the rest would notice
        for pid in tree:
            os.kill(pid, signal.SIGKILL)
        self.popen.communicate(timeout=30)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, wait, and return the exit code and standard error."""
        self.popen.send_signal(number)
        _, errors = self.popen.communicate(timeout=30)
        return self.popen.returncode, errors


def children_of(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


@contextmanager
def running(*arguments: str, environment: dict[str, str] | None = None, port: int = 0) -> Iterator[Process]:
    """Run a mock until the end of the block."""
    process = Process(*arguments, environment=environment, port=port)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.end()
        for stream in (process.popen.stdout, process.popen.stderr):
            if stream:
                stream.close()
